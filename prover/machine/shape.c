/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/machine/shape.h"

#include <assert.h>

#include "prover/air/tables/tables.h"

#define DEFAULT_MAX_LOG 24

static unsigned larger(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

/* Number of a point in the list; a new one is added. Components of equal size share theirs. */
static uint8_t point_number(struct shape *s, int offset, unsigned log_rows)
{
    const struct shape_point wanted = {.offset = offset, .log_rows = offset ? log_rows : 0};
    unsigned i = 0;

    while (i < s->point_count &&
           (s->points[i].offset != wanted.offset || s->points[i].log_rows != wanted.log_rows))
        i++;
    if (i == s->point_count) {
        assert(i < SHAPE_MAX_POINTS);
        s->points[s->point_count++] = wanted;
    }
    return (uint8_t)i;
}

/* Keeps the list descending and without repetition. */
static void add_size(struct shape *s, unsigned size)
{
    unsigned at = 0;

    while (at < s->size_count && s->sizes[at] > size)
        at++;
    if (at < s->size_count && s->sizes[at] == size)
        return;
    assert(s->size_count < SHAPE_MAX_SIZES);
    for (unsigned i = s->size_count++; i > at; i--)
        s->sizes[i] = s->sizes[i - 1];
    s->sizes[at] = size;
}

struct cursor {
    struct shape *shape;
    unsigned column, sample;
};

static void add_column(struct cursor *c, unsigned component, unsigned log_rows, struct mask mask)
{
    struct shape_column *column = &c->shape->column[c->column++];

    *column = (struct shape_column){.log_rows = (uint8_t)log_rows,
                                    .component = (uint8_t)component,
                                    .samples = (uint8_t)mask.count,
                                    .first_sample = (uint16_t)c->sample};
    for (unsigned i = 0; i < mask.count; i++)
        column->point[i] = point_number(c->shape, mask.offset[i], log_rows);
    c->sample += mask.count;
}

static void add_tree(struct cursor *c, enum component_tree tree)
{
    struct shape *s = c->shape;

    for (int id = 0; id < COMPONENT_COUNT; id++) {
        unsigned columns = component_column_count((enum component_id)id, tree);

        s->component_first[tree][id] = c->column - s->tree_first[tree];
        for (unsigned i = 0; i < columns; i++)
            add_column(c, (unsigned)id, s->log_rows[id],
                       component_mask((enum component_id)id, tree, i));
    }
    s->tree_first[tree + 1] = c->column;
}

void shape_of(struct shape *out, struct machine_logs logs)
{
    struct cursor c = {.shape = out};

    assert(logs.main >= SHAPE_MIN_MAIN && logs.main <= SHAPE_MAX_LOG);
    assert(logs.ram >= SHAPE_MIN_RAM && logs.ram <= SHAPE_MAX_LOG);
    *out = (struct shape){.points[0] = {.offset = 0}, .point_count = 1};
    for (int id = 0; id < COMPONENT_COUNT; id++) {
        unsigned fixed = component_shapes[id].fixed_log;

        out->log_rows[id] = fixed ? fixed : id == COMPONENT_MAIN ? logs.main : logs.ram;
        out->composition_log =
            larger(out->composition_log, out->log_rows[id] + component_shapes[id].degree_log);
        add_size(out, out->log_rows[id] + 1);
    }
    out->lambda = out->composition_log + 1;
    add_size(out, out->lambda);

    for (int tree = 0; tree < TREE_COUNT; tree++)
        add_tree(&c, (enum component_tree)tree);
    for (int i = 0; i < 4; i++)
        add_column(&c, COMPONENT_COUNT, out->composition_log, (struct mask){.count = 1});
    out->tree_first[SHAPE_TREES] = c.column;
    assert(c.column == SHAPE_COLUMNS && c.sample == SHAPE_SAMPLES);
}

/* The samples of one column: its own row, and the other one where there is a second. */
static qm31 sample_at(const struct shape *s, const struct shape_column *column,
                      const qm31 *samples, int offset)
{
    unsigned i = 0;

    while (s->points[column->point[i]].offset != offset) {
        i++;
        assert(i < column->samples);
    }
    return samples[column->first_sample + i];
}

struct component_samples shape_component_samples(const struct shape *s, enum component_id id,
                                                 const qm31 *samples,
                                                 struct shape_samples *storage)
{
    struct component_samples out = {.preprocessed = storage->preprocessed,
                                    .trace = storage->trace,
                                    .interaction = storage->interaction};
    qm31 *const cells[TREE_COUNT] = {storage->preprocessed, storage->trace, storage->interaction};
    const struct shape_column *first[TREE_COUNT];
    unsigned last = component_column_count(id, TREE_INTERACTION) - 4;

    for (int tree = 0; tree < TREE_COUNT; tree++) {
        unsigned columns = component_column_count(id, (enum component_tree)tree);

        first[tree] = shape_tree(s, (unsigned)tree) + s->component_first[tree][id];
        for (unsigned i = 0; i < columns; i++)
            cells[tree][i] = sample_at(s, &first[tree][i], samples, 0);
    }
    for (int i = 0; i < 4; i++)
        out.previous[i] = sample_at(s, &first[TREE_INTERACTION][last + (unsigned)i], samples, -1);
    for (int i = 0; id == COMPONENT_MAIN && i < MAIN_NEXT_COUNT; i++)
        out.next[i] = sample_at(s, &first[TREE_TRACE][main_next_columns[i]], samples, 1);
    return out;
}

static unsigned log2_ceil(size_t n)
{
    unsigned log = 0;

    assert(n <= (uint64_t)1 << 62);
    while ((uint64_t)1 << log < n)
        log++;
    return log;
}

static unsigned row_limit(unsigned max_log_rows)
{
    unsigned limit = max_log_rows ? max_log_rows : DEFAULT_MAX_LOG;

    return limit < SHAPE_MAX_LOG ? limit : SHAPE_MAX_LOG;
}

enum status machine_log_sizes(struct machine_logs *out, const struct run *run,
                              unsigned max_log_rows, struct why *why)
{
    unsigned limit = row_limit(max_log_rows);
    struct machine_logs logs = {
        .main = larger(SHAPE_MIN_MAIN, larger(log2_ceil(run->step_count),
                                              log2_ceil(run->view.word_count))),
        .ram = ram_log_rows(run->ram_entries)};

    if (logs.main > limit)
        return fail(why, ST_LIMIT,
                    "%zu steps of a program of %zu words need 2^%u rows, but --max-log-rows is %u",
                    run->step_count, run->view.word_count, logs.main, limit);
    if (logs.ram > limit)
        return fail(why, ST_LIMIT,
                    "%zu bytes of touched memory need 2^%u rows, but --max-log-rows is %u",
                    run->ram_entries, logs.ram, limit);
    *out = logs;
    return ST_OK;
}

enum status machine_claimed_logs(struct machine_logs *out,
                                 const uint32_t claimed[COMPONENT_COUNT], unsigned max_log_rows,
                                 struct why *why)
{
    unsigned limit = row_limit(max_log_rows);

    for (int id = 0; id < COMPONENT_COUNT; id++) {
        unsigned fixed = component_shapes[id].fixed_log;
        unsigned least = fixed ? fixed : id == COMPONENT_MAIN ? SHAPE_MIN_MAIN : SHAPE_MIN_RAM;
        unsigned most = fixed ? fixed : limit;

        if (claimed[id] < least || claimed[id] > most)
            return fail(why, ST_INVALID, "InvalidStructure: %s has log size %u, not %u .. %u",
                        component_shapes[id].name, claimed[id], least, most);
    }
    *out = (struct machine_logs){.main = claimed[COMPONENT_MAIN], .ram = claimed[COMPONENT_RAM]};
    return ST_OK;
}
