/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/machine/preprocessed.h"

#include <stdlib.h>

#include "prover/air/chips/main_component.h"
#include "prover/air/tables/tables.h"
#include "prover/circle/fft.h"
#include "prover/hash/merkle.h"

/* Log sizes of the longest column, and of its extension. */
static unsigned longest_log(const struct shape *shape)
{
    unsigned longest = 0;

    for (int id = 0; id < COMPONENT_COUNT; id++)
        longest = shape->log_rows[id] > longest ? shape->log_rows[id] : longest;
    return longest;
}

enum status preprocessed_bytes(size_t *bytes, const struct shape *shape, struct why *why)
{
    struct arena_plan p = {.used = 0};
    unsigned log = longest_log(shape) + 1;

    twiddles_plan(&p, log);
    merkle_plan(&p, log);
    for (int id = 0; id < COMPONENT_COUNT; id++)
        matrix_plan(&p, component_column_count((enum component_id)id, TREE_PREPROCESSED),
                    shape->log_rows[id] + 1);
    return arena_plan_bytes(&p, bytes, why);
}

static enum status fill(const struct exec *exec, enum component_id id, struct matrix columns,
                        unsigned log_rows, const struct view *view, struct why *why)
{
    if (id != COMPONENT_MAIN)
        return table_preprocess(exec, id, columns, log_rows, view, why);
    main_preprocess(exec, columns, log_rows, view);
    return ST_OK;
}

static enum status commit(const struct exec *exec, struct hash *root, const struct shape *shape,
                          const struct view *view, struct arena *arena, struct why *why)
{
    struct matrix columns[COMPONENT_COUNT];
    unsigned log = longest_log(shape) + 1;
    struct twiddles twiddles;
    struct merkle tree;

    twiddles_fill(exec, &twiddles, arena, log);
    tree = merkle_take(arena, log);
    for (int i = 0; i < COMPONENT_COUNT; i++) {
        enum component_id id = (enum component_id)i;
        unsigned log_rows = shape->log_rows[id];
        enum status st;

        columns[i] =
            matrix_take(arena, component_column_count(id, TREE_PREPROCESSED), log_rows + 1);
        st = fill(exec, id, columns[i], log_rows, view, why);
        if (st)
            return st;
        circle_extend_columns(exec, columns[i], &twiddles);
    }
    merkle_commit(exec, &tree, columns, COMPONENT_COUNT);
    *root = merkle_root(&tree);
    return ST_OK;
}

enum status preprocessed_root(const struct exec *exec, struct hash *root, const struct shape *shape,
                              const struct view *view, size_t max_memory_bytes, struct why *why)
{
    struct arena arena;
    void *memory = NULL;
    size_t bytes;
    enum status st = preprocessed_bytes(&bytes, shape, why);

    if (!st && max_memory_bytes && bytes > max_memory_bytes)
        st = fail(why, ST_LIMIT,
                  "recomputing the first commitment takes %zu bytes, but --max-memory is %zu",
                  bytes, max_memory_bytes);
    if (st)
        return st;
    memory = aligned_alloc(ARENA_ALIGN, bytes);
    if (!memory)
        return fail(why, ST_NO_MEMORY, "the first commitment: out of memory (%zu bytes)", bytes);
    arena = arena_of(memory, bytes);
    st = commit(exec, root, shape, view, &arena, why);
    free(memory);
    return st;
}
