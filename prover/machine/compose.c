/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/machine/compose.h"

#include <string.h>

#include "prover/air/chips/main_component.h"
#include "prover/air/tables/tables.h"
#include "prover/stark/composition.h"
#include "prover/stark/neighbour.h"

struct part {
    struct composition_part base; /* first, so that a cast back is valid */
    const struct exec *exec;
    enum component_id id;
    struct component_columns columns;
    struct component_weights weights;
    const m31 *degree4[MAIN_DEGREE4_COLUMNS];
};

static void main_part_rows(const struct composition_part *base, m31 *const sum[static 4],
                           m31 *const *degree4, size_t begin, size_t end)
{
    const struct part *p = (const struct part *)base;

    main_rows(p->exec, sum, degree4, &p->columns, &p->weights, begin, end);
}

static void main_part_degree4(const struct composition_part *base, m31 *const sum[static 4],
                              const m31 *const *columns, size_t begin, size_t end)
{
    const struct part *p = (const struct part *)base;

    main_degree4_rows(p->exec, sum, columns, &p->weights, begin, end);
}

static void table_part_rows(const struct composition_part *base, m31 *const sum[static 4],
                            m31 *const *degree4, size_t begin, size_t end)
{
    const struct part *p = (const struct part *)base;

    (void)degree4; /* no table has constraints of that degree */
    table_rows(p->exec, p->id, sum, &p->columns, &p->weights, begin, end);
}

static const struct composition_rules main_rules = {.rows = main_part_rows,
                                                    .degree4_rows = main_part_degree4};
static const struct composition_rules table_rules = {.rows = table_part_rows};

/* Columns that are read one trace row away, each made once. */
static unsigned neighbour_count(enum component_id id)
{
    return 4 + (id == COMPONENT_MAIN ? MAIN_NEXT_COUNT : 0);
}

struct neighbours_job {
    const struct part *part;
    struct matrix out;
};

static void neighbour_body(void *context, size_t index)
{
    const struct neighbours_job *job = context;
    const struct component_columns *c = &job->part->columns;
    m31 *out = matrix_column(&job->out, index);

    if (index < 4)
        neighbour_previous(out, matrix_column(&c->interaction, c->interaction.columns - 4 + index),
                           job->out.log_rows);
    else
        neighbour_next(out, matrix_column(&c->trace, main_next_columns[index - 4]),
                       job->out.log_rows);
}

static void bind_columns(const struct exec *exec, struct part *p, const struct columns *columns,
                         struct arena *arena)
{
    struct neighbours_job job = {.part = p};

    p->columns =
        (struct component_columns){.preprocessed = columns->committed[TREE_PREPROCESSED][p->id],
                                   .trace = columns->committed[TREE_TRACE][p->id],
                                   .interaction = columns->committed[TREE_INTERACTION][p->id]};
    job.out = matrix_take(arena, neighbour_count(p->id), p->base.log_rows + 1);
    pool_each(exec->pool, job.out.columns, neighbour_body, &job);
    for (size_t i = 0; i < 4; i++)
        p->columns.previous[i] = matrix_column(&job.out, i);
    for (size_t i = 4; i < job.out.columns; i++)
        p->columns.next[i - 4] = matrix_column(&job.out, i);
}

static void bind_main(struct part *p)
{
    p->base.rules = &main_rules;
    for (size_t k = 0; k < MAIN_DEGREE4_COLUMNS; k++)
        p->degree4[k] = matrix_column(&p->columns.trace, main_degree4_columns[k]);
    p->base.degree4 = p->degree4;
    p->base.degree4_count = MAIN_DEGREE4_COLUMNS;
}

void compose_plan(struct arena_plan *plan, const struct shape *shape)
{
    struct arena_mark mark = arena_plan_mark(plan);

    arena_plan_take(plan, component_constraints_total(), sizeof(qm31));
    for (int i = 0; i < COMPONENT_COUNT; i++) {
        enum component_id id = (enum component_id)i;
        struct arena_mark before = arena_plan_mark(plan);

        matrix_plan(plan, neighbour_count(id), shape->log_rows[id] + 1);
        composition_plan(plan, shape->log_rows[id],
                         id == COMPONENT_MAIN ? MAIN_DEGREE4_COLUMNS : 0);
        arena_plan_rewind(plan, before);
    }
    arena_plan_rewind(plan, mark);
}

void compose_polynomial(const struct exec *exec, struct matrix polynomial,
                        const struct shape *shape, const struct compose_input *input,
                        const struct twiddles *twiddles, struct arena *arena)
{
    struct arena_mark mark = arena_mark(arena);
    size_t total = component_constraints_total();
    qm31 *weights = arena_take(arena, total * sizeof *weights);

    composition_weights(weights, total, input->alpha);
    for (size_t i = 0; i < 4; i++)
        memset(matrix_column(&polynomial, i), 0,
               ((size_t)1 << shape->composition_log) * sizeof(m31));
    for (int i = 0; i < COMPONENT_COUNT; i++) {
        enum component_id id = (enum component_id)i;
        struct arena_mark before = arena_mark(arena);
        unsigned log = shape->log_rows[id];
        struct part p = {.base = {.rules = &table_rules, .log_rows = log}, .exec = exec, .id = id};

        p.weights = (struct component_weights){
            .weight = weights + component_first_constraint(id),
            .relations = input->relations,
            .shift = qm31_mul_m31(input->claimed_sums[id], m31_inv_pow2(log))};
        bind_columns(exec, &p, input->columns, arena);
        if (id == COMPONENT_MAIN)
            bind_main(&p);
        composition_add(exec, polynomial, &p.base, twiddles, arena);
        arena_rewind(arena, before);
    }
    arena_rewind(arena, mark);
}
