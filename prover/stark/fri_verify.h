/* SPDX-License-Identifier: Apache-2.0 */
/* FRI, read by the verifier: the folded quotient columns end in one constant.
 *
 * Source:  stark.md 9.3.
 * Owner:   borrows the proof, no heap.
 * Errors:  ST_INVALID; the words begin with the reference's name of the error, "Fri(…)".
 */
#pragma once
#include "prover/proof/proof.h"
#include "prover/stark/positions.h"

struct fri_challenges {
    unsigned lambda;               /* log size of the longest column, at least 3 */
    qm31 first;                    /* folds the columns of the first layer */
    qm31 inner[PROOF_MAX_LAMBDA];  /* of inner layer i, whose log size is lambda - 1 - i */
};

/* Mixes what the proof says of each layer and draws what folds it. */
enum status MUST_USE fri_commitments_verify(struct fri_challenges *out, struct channel *c,
                                            const struct proof *proof, unsigned lambda,
                                            struct why *why);

struct fri_column { /* a quotient column at its fold of the queries */
    unsigned log_size; /* 3 .. lambda */
    qm31 at[POSITIONS_QUERIES];
};

/* columns: one for each LDE size, descending; the first has log size lambda. */
enum status MUST_USE fri_openings_verify(const struct proof *proof,
                                         const struct fri_challenges *challenges,
                                         const struct positions *queries,
                                         const struct fri_column *columns, unsigned column_count,
                                         struct why *why);
