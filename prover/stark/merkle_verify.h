/* SPDX-License-Identifier: Apache-2.0 */
/* The opening of a Merkle tree, read by the verifier: from the opened values up to the root.
 *
 * Source:  stark.md 4.2, 4.3.
 * Owner:   borrows everything, no heap.
 *
 * A tree commits columns of several lengths; a node of layer l hashes its two children and the
 * values of the columns of 2^l rows. Positions of shorter columns are folds of those of longer
 * ones, so every node on the way up that has columns is an opened one and the witness holds hashes
 * only.
 */
#pragma once
#include "prover/field/m31.h"
#include "prover/hash/blake2s.h"
#include "prover/stark/positions.h"

struct merkle_level { /* the columns of one length */
    unsigned log_size;
    unsigned columns;
    struct positions positions;
};

struct merkle_opening {
    const struct merkle_level *levels; /* descending log sizes, at least one */
    unsigned level_count;
    const m31 *values; /* level by level, position by position, column by column */
    size_t value_count;
    const struct hash *hashes;
    size_t hash_count;
};

enum merkle_verdict {
    MERKLE_HOLDS,
    MERKLE_WITNESS_TOO_SHORT,
    MERKLE_WITNESS_TOO_LONG,
    MERKLE_TOO_FEW_QUERIED_VALUES,
    MERKLE_TOO_MANY_QUERIED_VALUES,
    MERKLE_ROOT_MISMATCH,
};

enum merkle_verdict merkle_verify(const struct hash *root, const struct merkle_opening *opening);

/* The reference's names: "WitnessTooShort", … */
const char *merkle_verdict_name(enum merkle_verdict verdict);
