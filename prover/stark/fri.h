/* SPDX-License-Identifier: Apache-2.0 */
/* FRI, the prover's side: quotient columns are folded, layer by layer and committed each time,
 * until one constant is left; then the layers are opened at the queries.
 *
 * Source:  stark.md 9.1, 9.2.
 * Owner:   memory of an arena; fri_commit's results live as long as what it took.
 * Threads: folds and hashes are divided among exec->pool.
 * Errors:  none.
 */
#pragma once
#include "prover/circle/twiddle.h"
#include "prover/hash/merkle.h"
#include "prover/kernel/kernel.h"
#include "prover/kernel/matrix.h"
#include "prover/proof/proof.h"
#include "prover/stark/channel.h"
#include "prover/stark/stage_sink.h"

#define FRI_MAX_COLUMNS 8

/* Quotient columns: four coordinates each, distinct sizes, descending; the smallest is at least
 * 2^3. */
struct fri_input {
    const struct matrix *columns;
    size_t count;
};

struct fri_layer {
    struct matrix values; /* four coordinates on the line domain */
    struct merkle tree;
};

struct fri {
    struct fri_input input;
    struct merkle first;
    unsigned inner_count; /* largest log size - 2 */
    struct fri_layer inner[PROOF_MAX_LAMBDA];
    qm31 last;
};

void fri_plan(struct arena_plan *plan, unsigned largest_log);

/* Commits to all layers on the channel, to the last coefficient at the end. sink may be NULL. */
void fri_commit(const struct exec *exec, struct fri *out, struct channel *channel,
                struct fri_input input, const struct twiddles *twiddles, struct stage_sink *sink,
                struct arena *arena);

/* Openings of all layers at the queries, which are positions of the largest column. */
void fri_open_plan(struct arena_plan *plan, const unsigned *log_sizes, size_t count);
void fri_open(const struct fri *f, const struct positions *queries, struct proof *proof,
              struct arena *arena);
