/* SPDX-License-Identifier: Apache-2.0 */
/* The proof object and its postcard bytes.
 *
 * Source:  components.md 9, bounds stark.md 12.2.
 * Owner:   the arrays of a decoded proof are one heap block (proof_fini). The prover builds the
 *          object on arrays of its own and only encodes it.
 * Errors:  proof_decode: ST_INVALID for every byte string that no prover emits; the words begin with
 *          the reference's name of the error where there is one, and name the field. Nothing is
 *          allocated before all bytes are checked, and then at most 4 times their number.
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

/* Columns of each tree, and how many values of a column are sampled, in runs of equal columns: the
 * byte diagram of components.md 9.3. Run after run, tree after tree. */
extern const uint16_t proof_columns[PROOF_TREES];
struct proof_sample_run {
    uint16_t columns, values;
};
extern const struct proof_sample_run proof_sample_runs[];

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

/* Log size of the longest committed columns: 1 above the composition polynomial (components.md 9.4). */
unsigned proof_lambda(const uint32_t log_sizes[static PROOF_COMPONENTS]);

/* Appends the SdkProof bytes. */
void proof_encode(struct buffer *out, const struct proof *proof);

/* Exact inverse: refuses trailing bytes, non-minimal varints, words >= p, wrong counts, another
 * configuration. */
enum status MUST_USE proof_decode(struct proof *out, struct bytes encoded, struct why *why);
void proof_fini(struct proof *p);

/* Name of the field that byte `offset` of an encoded proof belongs to, e.g.
 * "sampled_values[1][82][1].c2", "fri.inner_layers[3].hash_witness[4]"; the bytes of a count have
 * the name of the list, those behind the last field "end". In bytes that do not decode everything
 * from the refused field on has that field's name. For error messages of tests and of `nxp verify`;
 * writes at most size characters (size >= 1). */
void proof_field_at(char *out, size_t size, struct bytes encoded, size_t offset);
