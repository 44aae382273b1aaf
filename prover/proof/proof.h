/* SPDX-License-Identifier: Apache-2.0 */
/* The proof object and its postcard bytes.
 *
 * Source:  components.md 9, bounds stark.md 12.2.
 * Owner:   the arrays of a decoded proof are one heap block (proof_fini). The prover builds the
 *          object on arrays of its own and only encodes it.
 * Errors:  proof_decode: ST_INVALID for every byte string that no prover emits; the words name the
 *          field. Nothing is allocated from a count that was not checked against its bound.
 */
#pragma once
#include "base/bytes.h"
#include "prover/field/qm31.h"
#include "prover/hash/blake2s.h"
#include "prover/vm/vm.h"

#define PROOF_TREES          4
#define PROOF_COMPONENTS     9
#define PROOF_MAX_SIZE       ((size_t)1 << 20)
#define PROOF_MAX_LAMBDA     30 /* largest LDE log size */
#define PROOF_SAMPLES        1302
#define PROOF_POW_BITS       5
#define PROOF_LOG_BLOWUP     1
#define PROOF_LOG_LAST_LAYER 0
#define PROOF_QUERIES        3

struct decommitment { /* the column witness is always empty */
    const struct hash *hashes;
    size_t hash_count;
};

struct fri_layer_proof {
    const qm31 *witness;
    size_t witness_count;
    struct decommitment decommitment;
    struct hash root;
};

struct proof {
    struct hash roots[PROOF_TREES];
    const qm31 *samples; /* PROOF_SAMPLES values: tree, column, mask order */
    struct decommitment decommitments[PROOF_TREES];
    const m31 *queried[PROOF_TREES];
    size_t queried_count[PROOF_TREES];
    uint64_t nonce;
    struct fri_layer_proof first_layer;
    struct fri_layer_proof inner_layers[PROOF_MAX_LAMBDA];
    size_t inner_count;
    qm31 last_coefficient;
    qm31 claimed_sums[PROOF_COMPONENTS];
    uint32_t log_sizes[PROOF_COMPONENTS];
    struct memory_layout layout;
    void *storage; /* of a decoded proof */
};

/* Appends the SdkProof bytes. */
void proof_encode(struct buffer *out, const struct proof *proof);

/* Exact inverse: refuses trailing bytes, non-minimal varints, words >= p, wrong counts, another
 * configuration. */
enum status MUST_USE proof_decode(struct proof *out, struct bytes encoded, struct why *why);
void proof_fini(struct proof *p);

/* Name of the field that byte `offset` of an encoded proof belongs to, e.g.
 * "sampled_values[1][82][1].c2", "fri.inner_layers[3].hash_witness[4]". For error messages of tests
 * and of `nxp verify`; writes at most size characters. */
void proof_field_at(char *out, size_t size, struct bytes encoded, size_t offset);
