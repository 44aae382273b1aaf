/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/machine/columns.h"

#include <string.h>

#include "prover/air/chips/main_component.h"
#include "prover/air/tables/tables.h"
#include "prover/circle/fft.h"

static unsigned kept_columns(enum component_id id)
{
    return component_column_count(id, TREE_PREPROCESSED) + component_column_count(id, TREE_TRACE);
}

/* All but FinalReg have enough interaction columns to keep their trace values there. */
static bool kept_has_own_memory(enum component_id id)
{
    return kept_columns(id) > component_column_count(id, TREE_INTERACTION);
}

void columns_plan(struct arena_plan *plan, const struct shape *shape)
{
    for (int tree = 0; tree < TREE_COUNT; tree++)
        for (int id = 0; id < COMPONENT_COUNT; id++)
            matrix_plan(plan,
                        component_column_count((enum component_id)id, (enum component_tree)tree),
                        shape->log_rows[id] + 1);
    for (int id = 0; id < COMPONENT_COUNT; id++)
        if (kept_has_own_memory((enum component_id)id))
            matrix_plan(plan, kept_columns((enum component_id)id), shape->log_rows[id]);
}

void columns_take(struct columns *c, const struct shape *shape, struct arena *arena)
{
    for (int tree = 0; tree < TREE_COUNT; tree++)
        for (int id = 0; id < COMPONENT_COUNT; id++)
            c->committed[tree][id] = matrix_take(
                arena, component_column_count((enum component_id)id, (enum component_tree)tree),
                shape->log_rows[id] + 1);
    for (int i = 0; i < COMPONENT_COUNT; i++) {
        enum component_id id = (enum component_id)i;
        unsigned preprocessed = component_column_count(id, TREE_PREPROCESSED);
        struct matrix all = c->committed[TREE_INTERACTION][id];

        if (kept_has_own_memory(id)) {
            all = matrix_take(arena, kept_columns(id), shape->log_rows[id]);
        } else {
            all.cells += (size_t)1 << shape->log_rows[id];
            all.log_rows = shape->log_rows[id];
        }
        c->kept[TREE_PREPROCESSED][id] = matrix_slice(all, 0, preprocessed);
        c->kept[TREE_TRACE][id] =
            matrix_slice(all, preprocessed, component_column_count(id, TREE_TRACE));
    }
}

void columns_fill_plan(struct arena_plan *plan, const struct shape *shape, size_t ram_entries)
{
    main_fill_plan(plan, shape->log_rows[COMPONENT_MAIN], ram_entries);
}

enum status columns_fill(const struct exec *exec, struct columns *c, const struct shape *shape,
                         const struct run *run, struct arena *arena, struct why *why)
{
    struct side_note note = {0};
    enum status st;

    main_preprocess(exec, c->committed[TREE_PREPROCESSED][COMPONENT_MAIN],
                    shape->log_rows[COMPONENT_MAIN], &run->view);
    st = main_fill(exec, c->committed[TREE_TRACE][COMPONENT_MAIN], shape->log_rows[COMPONENT_MAIN],
                   run, &note, arena, why);
    for (int i = COMPONENT_MAIN + 1; i < COMPONENT_COUNT && !st; i++) {
        enum component_id id = (enum component_id)i;

        st = table_preprocess(exec, id, c->committed[TREE_PREPROCESSED][id], shape->log_rows[id],
                              &run->view, why);
        if (!st)
            table_fill(exec, id, c->committed[TREE_TRACE][id], shape->log_rows[id], &note);
    }
    return st;
}

struct extend_job {
    const struct exec *exec;
    const struct twiddles *twiddles;
    struct matrix committed;
    const struct matrix *kept; /* NULL: nothing is kept */
};

static void extend_body(void *context, size_t index)
{
    const struct extend_job *job = context;
    m31 *column = matrix_column(&job->committed, index);

    if (job->kept)
        memcpy(matrix_column(job->kept, index), column, matrix_rows(job->kept) * sizeof *column);
    circle_extend_column(job->exec, column, job->committed.log_rows - 1, job->twiddles);
}

void columns_extend(const struct exec *exec, struct columns *c, enum component_tree tree,
                    const struct twiddles *twiddles)
{
    for (int id = 0; id < COMPONENT_COUNT; id++) {
        struct extend_job job = {.exec = exec,
                                 .twiddles = twiddles,
                                 .committed = c->committed[tree][id],
                                 .kept = tree < TREE_INTERACTION ? &c->kept[tree][id] : NULL};

        pool_each(exec->pool, job.committed.columns, extend_body, &job);
    }
}

void columns_interact_plan(struct arena_plan *plan, const struct shape *shape)
{
    main_interact_plan(plan, shape->log_rows[COMPONENT_MAIN]);
    for (int id = COMPONENT_MAIN + 1; id < COMPONENT_COUNT; id++)
        table_interact_plan(plan, (enum component_id)id, shape->log_rows[id]);
}

void columns_interact(const struct exec *exec, struct columns *c, const struct shape *shape,
                      const struct relations *relations, qm31 *claimed_sums, struct arena *arena)
{
    main_interact(exec, c->committed[TREE_INTERACTION][COMPONENT_MAIN],
                  shape->log_rows[COMPONENT_MAIN], c->kept[TREE_PREPROCESSED][COMPONENT_MAIN],
                  c->kept[TREE_TRACE][COMPONENT_MAIN], relations, &claimed_sums[COMPONENT_MAIN],
                  arena);
    for (int i = COMPONENT_MAIN + 1; i < COMPONENT_COUNT; i++) {
        enum component_id id = (enum component_id)i;

        table_interact(exec, id, c->committed[TREE_INTERACTION][id], shape->log_rows[id],
                       c->kept[TREE_PREPROCESSED][id], c->kept[TREE_TRACE][id], relations,
                       &claimed_sums[id], arena);
    }
}
