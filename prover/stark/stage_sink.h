/* SPDX-License-Identifier: Apache-2.0 */
/* Where a prover shows the values of its stages, in the order in which they come to be.
 *
 * Whoever wants to look implements the table (prover/machine/stages.c writes JSON). What is passed
 * is borrowed for the call and may be large; a sink that only listens to some stages leaves the
 * other calls empty.
 */
#pragma once
#include "prover/circle/twiddle.h"
#include "prover/hash/blake2s.h"
#include "prover/kernel/matrix.h"
#include "prover/stark/positions.h"

struct stage_sink;

enum stage_felt { /* single secure values drawn or computed */
                  STAGE_COMPOSITION_COEFFICIENT,
                  STAGE_POINT_X, /* the out-of-domain point */
                  STAGE_POINT_Y,
                  STAGE_QUOTIENT_COEFFICIENT,
                  STAGE_FRI_CIRCLE_ALPHA,
};

struct stage_context { /* for a sink that transforms columns */
    const struct exec *exec;
    const struct twiddles *twiddles;
};

struct stage_fri_layer {
    unsigned log_size;
    const m31 *coordinates[4];
    struct hash root;
    qm31 alpha;
};

struct stage_sink_ops {
    void (*log_sizes)(struct stage_sink *s, uint64_t steps, const unsigned *log_sizes, size_t count,
                      const struct hash *channel);
    /* The committed columns: each matrix holds 2^log_rows values per column, twice the trace. */
    void (*tree)(struct stage_sink *s, const struct stage_context *context, unsigned tree,
                 const struct matrix *committed, size_t count, const struct hash *root,
                 const struct hash *channel);
    void (*relation)(struct stage_sink *s, unsigned relation, qm31 z, qm31 alpha);
    void (*claimed_sums)(struct stage_sink *s, const qm31 *sums, size_t count);
    void (*felt)(struct stage_sink *s, enum stage_felt which, qm31 value);
    void (*samples)(struct stage_sink *s, const qm31 *samples, size_t count,
                    const struct hash *channel);
    void (*quotients)(struct stage_sink *s, unsigned log_size, const m31 *const coordinates[4]);
    void (*fri_first)(struct stage_sink *s, const struct hash *root, const struct hash *channel);
    void (*fri_inner)(struct stage_sink *s, const struct stage_fri_layer *layer);
    void (*fri_last)(struct stage_sink *s, qm31 coefficient, const struct hash *channel);
    void (*proof_of_work)(struct stage_sink *s, uint64_t nonce, const struct hash *channel);
    void (*queries)(struct stage_sink *s, unsigned log_size, const struct positions *positions);
};

struct stage_sink {
    const struct stage_sink_ops *ops;
};
