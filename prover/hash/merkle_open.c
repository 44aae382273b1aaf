/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/hash/merkle.h"

#include <assert.h>

/* Ascending, distinct. */
struct nodes {
    size_t count;
    uint32_t at[MERKLE_MAX_POSITIONS];
};

static const struct merkle_query *query_of(const struct merkle_query *queries, size_t count,
                                           unsigned log)
{
    static const struct merkle_query none = {0};

    for (size_t i = 0; i < count; i++)
        if (queries[i].log == log)
            return &queries[i];
    return &none;
}

/* The parents of the nodes visited before, and the queried ones. */
static void visit(struct nodes *out, const struct nodes *before, const struct merkle_query *query)
{
    size_t i = 0, q = 0;

    out->count = 0;
    while (i < before->count || q < query->count) {
        uint32_t parent = i < before->count ? before->at[i] >> 1 : UINT32_MAX;
        uint32_t queried = q < query->count ? query->positions[q] : UINT32_MAX;
        uint32_t next = parent < queried ? parent : queried;

        while (i < before->count && before->at[i] >> 1 == next)
            i++;
        if (queried == next)
            q++;
        assert(out->count < MERKLE_MAX_POSITIONS);
        out->at[out->count++] = next;
    }
}

static bool holds(const uint32_t *sorted, size_t count, uint32_t wanted)
{
    for (size_t i = 0; i < count; i++)
        if (sorted[i] == wanted)
            return true;
    return false;
}

static void put_children(struct merkle_witness *out, const struct merkle *tree, unsigned log,
                         uint32_t node, const struct nodes *visited)
{
    for (uint32_t child = 2 * node; child < 2 * node + 2; child++)
        if (!holds(visited->at, visited->count, child))
            out->hashes[out->hash_count++] = merkle_node(tree, log + 1, child);
}

static void put_values(struct merkle_witness *out, const struct matrix *matrices, size_t count,
                       unsigned log, uint32_t node, bool queried)
{
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; matrices[i].log_rows == log && c < matrices[i].columns; c++) {
            m31 value = matrix_column(&matrices[i], c)[node];

            if (queried) {
                out->queried[out->queried_count++] = value;
            } else {
                assert(out->columns);
                out->columns[out->column_count++] = value;
            }
        }
}

void merkle_open(struct merkle_witness *out, const struct merkle *tree,
                 const struct matrix *matrices, size_t count, const struct merkle_query *queries,
                 size_t query_count)
{
    struct nodes before = {0}, nodes;

    for (unsigned log = tree->log + 1; log-- > 0;) {
        const struct merkle_query *query = query_of(queries, query_count, log);

        visit(&nodes, &before, query);
        for (size_t i = 0; i < nodes.count; i++) {
            if (log < tree->log)
                put_children(out, tree, log, nodes.at[i], &before);
            put_values(out, matrices, count, log, nodes.at[i],
                       holds(query->positions, query->count, nodes.at[i]));
        }
        before = nodes;
    }
}
