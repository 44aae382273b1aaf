/* SPDX-License-Identifier: Apache-2.0 */
/* A Merkle tree over columns of several lengths, and its opening.
 *
 * Source:  stark.md 4.1, 4.2.
 * Owner:   the nodes belong to an arena; columns are borrowed for the call.
 * Threads: rows are divided among exec->pool; the nodes do not depend on how.
 * Units:   layer l has 2^l nodes. A node hashes its two children in layer l + 1, if there is one,
 *          and then the values of the columns of 2^l rows in list order: matrix by matrix, column
 *          by column. The longest columns make the highest layer; the root is layer 0.
 */
#pragma once
#include <stdbool.h>

#include "base/arena.h"
#include "prover/hash/blake2s.h"
#include "prover/kernel/kernel.h"
#include "prover/kernel/matrix.h"

#define MERKLE_LOG_MAX 30

/* Nodes are kept word by word in tiles of 16: word w of node k of a layer is
 * tiles[128 (k / 16) + 16 w + k % 16], which is how they are computed and hashed again. */
struct merkle {
    unsigned log; /* highest layer */
    uint32_t *tiles;
};

void merkle_plan(struct arena_plan *plan, unsigned log);
struct merkle merkle_take(struct arena *arena, unsigned log);

/* Hashes all layers. tree->log is the log_rows of the longest matrix; matrices without columns are
 * skipped. */
void merkle_commit(const struct exec *exec, const struct merkle *tree,
                   const struct matrix *matrices, size_t count);

/* The same in pieces, for a caller who makes the longest columns group by group and wants them
 * hashed while they are warm: absorb every group in list order, then finish with the whole list.
 * `before` columns have been absorbed already; all groups but the last have a multiple of 16
 * columns. */
void merkle_absorb(const struct exec *exec, const struct merkle *tree, struct matrix group,
                   size_t before, bool last);
void merkle_finish(const struct exec *exec, const struct merkle *tree,
                   const struct matrix *matrices, size_t count);

struct hash merkle_node(const struct merkle *tree, unsigned layer, size_t number);

static inline struct hash merkle_root(const struct merkle *tree)
{
    return merkle_node(tree, 0, 0);
}

/* ---- opening ---- */

/* Positions of the columns of 2^log rows, ascending and distinct. */
struct merkle_query {
    unsigned log;
    const uint32_t *positions;
    size_t count;
};

/* Arrays of the caller, appended to from the counts on. A query adds at most count * (log + 2)
 * hashes, and one value for each of its positions and columns. */
struct merkle_witness {
    struct hash *hashes;
    size_t hash_count;
    m31 *queried;
    size_t queried_count;
    m31 *columns; /* values of visited nodes that are not queried; NULL when there can be none */
    size_t column_count;
};

/* Positions of all queries together. */
#define MERKLE_MAX_POSITIONS 256

/* At most one query for each length. */
void merkle_open(struct merkle_witness *out, const struct merkle *tree,
                 const struct matrix *matrices, size_t count, const struct merkle_query *queries,
                 size_t query_count);
