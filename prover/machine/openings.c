/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/machine/openings.h"

unsigned openings_tree_log(const struct shape *shape, unsigned tree)
{
    unsigned log = shape->lambda;

    if (tree == SHAPE_COMPOSITION)
        return log;
    log = 0;
    for (int id = 0; id < COMPONENT_COUNT; id++)
        if (shape->log_rows[id] + 1 > log)
            log = shape->log_rows[id] + 1;
    return log;
}

size_t openings_tree_matrices(struct matrix out[static COMPONENT_COUNT],
                              const struct columns *columns, struct matrix composition,
                              unsigned tree)
{
    if (tree == SHAPE_COMPOSITION) {
        out[0] = composition;
        return 1;
    }
    for (int id = 0; id < COMPONENT_COUNT; id++)
        out[id] = columns->committed[tree][id];
    return COMPONENT_COUNT;
}

struct opening openings_of(struct opening_column *columns, const struct shape *shape,
                           const struct columns *columns_of, const struct matrix *composition,
                           const struct secure_point *points)
{
    struct opening_column *out = columns;

    for (unsigned tree = 0; tree < SHAPE_TREES; tree++) {
        const struct shape_column *of = shape_tree(shape, tree);

        for (unsigned i = 0; i < shape_tree_columns(shape, tree); i++, out++) {
            *out = (struct opening_column){.log_rows = of[i].log_rows,
                                           .samples = of[i].samples,
                                           .point = {of[i].point[0], of[i].point[1]}};
            if (!columns_of)
                continue;
            out->lde = tree == SHAPE_COMPOSITION
                           ? matrix_column(composition, i)
                           : matrix_column(&columns_of->committed[tree][of[i].component],
                                           i - shape->component_first[tree][of[i].component]);
        }
    }
    return (struct opening){.columns = columns,
                            .column_count = SHAPE_COLUMNS,
                            .sample_count = SHAPE_SAMPLES,
                            .points = points,
                            .point_count = shape->point_count};
}

/* Hashes of one tree: every size adds its positions and what lies above them. */
static size_t hash_bound(const struct shape *shape)
{
    size_t bound = 0;

    for (unsigned i = 0; i < shape->size_count; i++)
        bound += (size_t)POSITIONS_QUERIES * (shape->sizes[i] + 2);
    return bound;
}

static size_t queried_bound(const struct shape *shape, unsigned tree)
{
    return (size_t)POSITIONS_QUERIES * shape_tree_columns(shape, tree);
}

void openings_plan(struct arena_plan *plan, const struct shape *shape)
{
    for (unsigned tree = 0; tree < SHAPE_TREES; tree++) {
        arena_plan_take(plan, hash_bound(shape), sizeof(struct hash));
        arena_plan_take(plan, queried_bound(shape, tree), sizeof(m31));
    }
}

static bool tree_has_size(const struct matrix *matrices, size_t count, unsigned log)
{
    for (size_t i = 0; i < count; i++)
        if (matrices[i].log_rows == log)
            return true;
    return false;
}

void openings_take(struct proof *proof, unsigned tree, const struct merkle *merkle,
                   const struct matrix *matrices, size_t count, const struct positions *queries,
                   const struct shape *shape, struct arena *arena)
{
    struct positions at[SHAPE_MAX_SIZES];
    struct merkle_query openings[SHAPE_MAX_SIZES];
    struct merkle_witness out = {.hashes = NULL};
    size_t sizes = 0;

    out.hashes = arena_take(arena, hash_bound(shape) * sizeof *out.hashes);
    out.queried = arena_take(arena, queried_bound(shape, tree) * sizeof *out.queried);
    for (unsigned i = 0; i < shape->size_count; i++) {
        unsigned log = shape->sizes[i];

        if (!tree_has_size(matrices, count, log))
            continue;
        at[sizes] = positions_fold(queries, shape->lambda - log);
        openings[sizes] =
            (struct merkle_query){.log = log, .positions = at[sizes].at, .count = at[sizes].count};
        sizes++;
    }
    merkle_open(&out, merkle, matrices, count, openings, sizes);
    proof->roots[tree] = merkle_root(merkle);
    proof->decommitments[tree] =
        (struct decommitment){.hashes = out.hashes, .hash_count = out.hash_count};
    proof->queried[tree] = out.queried;
    proof->queried_count[tree] = out.queried_count;
}
