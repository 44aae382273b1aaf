/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/air/tables/tables.h"

#include <assert.h>

#include "prover/air/tables/table_kernel.h"

#define GRAIN ((size_t)512) /* rows: two blocks of divisions in the widest build */

unsigned ram_log_rows(size_t ram_entries)
{
    unsigned log = 4;

    assert(ram_entries <= (uint64_t)1 << 32); /* bytes that a 32-bit address can name */
    while ((uint64_t)1 << log < ram_entries)
        log++;
    return log;
}

void table_rows(const struct exec *exec, enum component_id id, m31 *const sum[static 4],
                const struct component_columns *columns, const struct component_weights *weights,
                size_t begin, size_t end)
{
    KERNEL_PICK(exec->kernel, table_rows)(id, sum, columns, weights, begin, end);
}

void table_interact_plan(struct arena_plan *plan, enum component_id id, unsigned log_rows)
{
    struct arena_mark mark = arena_plan_mark(plan);

    (void)id;
    arena_plan_take(plan, (size_t)1 << log_rows, sizeof(m31));
    arena_plan_rewind(plan, mark);
}

/* 1 / (v - z), 256 of each coordinate. */
static void range256_inverses(m31 table[4][256], const struct relation *range256)
{
    qm31 values[256], scratch[256];

    for (uint32_t v = 0; v < 256; v++)
        values[v] = qm31_sub(qm31_of(v, 0, 0, 0), range256->z);
    qm31_inv_batch(values, 256, scratch);
    for (size_t v = 0; v < 256; v++)
        for (size_t i = 0; i < 4; i++)
            table[i][v] = values[v].c[i];
}

struct interact_rows {
    const struct exec *exec;
    struct table_interaction table;
};

static void interact_range(void *context, size_t begin, size_t end)
{
    const struct interact_rows *rows = context;

    KERNEL_PICK(rows->exec->kernel, table_interact)(&rows->table, begin, end);
}

void table_interact(const struct exec *exec, enum component_id id, struct matrix interaction,
                    unsigned log_rows, struct matrix preprocessed, struct matrix trace,
                    const struct relations *relations, qm31 *claimed_sum, struct arena *arena)
{
    struct arena_mark mark = arena_mark(arena);
    m31 *scratch = arena_take(arena, sizeof(m31) << log_rows), *last[4], inverses[4][256];
    struct interact_rows rows = {
        .exec = exec,
        .table = {.id = id,
                  .preprocessed = preprocessed,
                  .trace = trace,
                  .interaction = interaction,
                  .relations = relations,
                  .range256 = {inverses[0], inverses[1], inverses[2], inverses[3]}},
    };

    if (id == COMPONENT_RAM || id == COMPONENT_RANGE256)
        range256_inverses(inverses, &relations->of[RELATION_RANGE256]);
    pool_ranges(exec->pool, (size_t)1 << log_rows, GRAIN, interact_range, &rows);

    for (size_t i = 0; i < 4; i++)
        last[i] = matrix_column(&interaction, 4 * (component_shapes[id].secure - 1) + i);
    logup_finish(exec, last, log_rows, claimed_sum, scratch);
    arena_rewind(arena, mark);
}
