/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "prover/air/chips/interact_plan.h"

#define KEYS     256
#define MAX_KEYS (3 * KEYS + 8 + 16 + 32 + 128 + 256)

/* Tables while they are made: denominators of all keys side by side. */
struct tables {
    qm31 *denominator, *scratch;
    size_t count;
};

static uint32_t bit_op_result(unsigned code, uint32_t b, uint32_t c)
{
    return code == 1 ? b & c : code == 2 ? b | c : b ^ c;
}

static void bit_op_denominators(struct tables *t, unsigned code, const struct relation *r)
{
    for (uint32_t key = 0; key < KEYS; key++) {
        uint32_t b = key >> 4, c = key & 15;
        uint32_t tuple[4] = {code, b, c, bit_op_result(code, b, c)};
        qm31 d = qm31_neg(r->z);

        for (unsigned j = 0; j < 4; j++)
            d = qm31_add(d, qm31_mul_m31(r->power[j], (m31){tuple[j]}));
        t->denominator[t->count++] = d;
    }
}

static void range_denominators(struct tables *t, uint32_t size, const struct relation *r)
{
    for (uint32_t key = 0; key < size; key++)
        t->denominator[t->count++] = qm31_sub(qm31_of_m31((m31){key}), r->z);
}

/* One table of the coordinates of inverse[0 .. size-1] behind a zero. */
static struct inverse_table table_of(struct arena *arena, const qm31 *inverse, uint32_t size)
{
    struct inverse_table table = {.size = size};

    for (unsigned i = 0; i < 4; i++) {
        m31 *column = arena_take(arena, (size + 1) * sizeof *column);

        column[0] = M31_ZERO;
        for (uint32_t key = 0; key < size; key++)
            column[key + 1] = inverse[key].c[i];
        table.of[i] = column;
    }
    return table;
}

static const uint16_t range_sizes[RELATION_COUNT] = {
    [RELATION_RANGE8] = 8,     [RELATION_RANGE16] = 16,   [RELATION_RANGE32] = 32,
    [RELATION_RANGE128] = 128, [RELATION_RANGE256] = 256,
};

static void plan_tables(struct interact_plan *plan, const struct relations *relations,
                        struct arena *arena)
{
    struct tables t = {.denominator = arena_take(arena, MAX_KEYS * sizeof(qm31)),
                       .scratch = arena_take(arena, MAX_KEYS * sizeof(qm31))};
    const qm31 *inverse = t.denominator;

    for (unsigned code = 1; code <= 3; code++)
        bit_op_denominators(&t, code, &relations->of[RELATION_BIT_OP]);
    for (unsigned i = RELATION_RANGE8; i < RELATION_COUNT; i++)
        range_denominators(&t, range_sizes[i], &relations->of[i]);
    assert(t.count == MAX_KEYS);
    qm31_inv_batch(t.denominator, t.count, t.scratch);
    for (unsigned op = 0; op < 3; op++, inverse += KEYS)
        plan->bit_op[op] = table_of(arena, inverse, KEYS);
    for (unsigned i = RELATION_RANGE8; i < RELATION_COUNT; inverse += range_sizes[i], i++)
        plan->range[i] = table_of(arena, inverse, range_sizes[i]);
}

static void plan_denominators(struct interact_plan *plan, const struct relations *relations)
{
    uint16_t terms = 0;

    for (unsigned k = 0; k < INVERTED_COUNT; k++) {
        const struct fraction *f = &fractions[INVERTED_FIRST + k];

        plan->denominator[k].first = terms;
        fraction_form(&plan->denominator[k], &plan->term[terms], f, &relations->of[f->relation],
                      QM31_ONE);
        terms = (uint16_t)(terms + plan->denominator[k].count);
    }
}

struct interact {
    const struct exec *exec;
    struct interact_plan plan;
};

static void interact_rows(void *context, size_t begin, size_t end)
{
    const struct interact *c = context;

    KERNEL_PICK(c->exec->kernel, interact)(&c->plan, begin, end);
}

void main_interact_plan(struct arena_plan *plan, unsigned log_rows)
{
    struct arena_mark mark = arena_plan_mark(plan);

    for (unsigned i = 0; i < 2; i++)
        arena_plan_take(plan, MAX_KEYS, sizeof(qm31));
    for (unsigned i = 0; i < 3 * 4; i++)
        arena_plan_take(plan, KEYS + 1, sizeof(m31));
    for (unsigned i = RELATION_RANGE8; i < RELATION_COUNT; i++)
        for (unsigned k = 0; k < 4; k++)
            arena_plan_take(plan, range_sizes[i] + 1u, sizeof(m31));
    arena_plan_take(plan, (size_t)1 << log_rows, sizeof(m31));
    arena_plan_rewind(plan, mark);
}

void main_interact(const struct exec *exec, struct matrix interaction, unsigned log_rows,
                   struct matrix preprocessed, struct matrix trace,
                   const struct relations *relations, qm31 *claimed_sum, struct arena *arena)
{
    struct arena_mark mark = arena_mark(arena);
    size_t rows = (size_t)1 << log_rows;
    struct interact c = {.exec = exec, .plan = {.interaction = interaction}};
    m31 *last[4];

    assert(log_rows >= MAIN_MIN_LOG && interaction.columns == 4 * MAIN_FRACTIONS);
    for (unsigned i = 0; i < MAIN_PREPROCESSED; i++)
        c.plan.source[SOURCE_PREPROCESSED + i] = matrix_column(&preprocessed, i);
    for (unsigned i = 0; i < MAIN_TRACE; i++)
        c.plan.source[SOURCE_TRACE + i] = matrix_column(&trace, i);
    plan_tables(&c.plan, relations, arena);
    plan_denominators(&c.plan, relations);
    pool_ranges(exec->pool, rows, 256, interact_rows, &c);
    for (unsigned i = 0; i < 4; i++)
        last[i] = matrix_column(&interaction, 4 * (MAIN_FRACTIONS - 1) + i);
    logup_finish(exec, last, log_rows, claimed_sum, arena_take(arena, rows * sizeof(m31)));
    arena_rewind(arena, mark);
}
