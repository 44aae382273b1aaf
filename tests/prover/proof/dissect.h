/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts the bytes of a good proof into its integers, hashes and lists, so that tests can change one
 * of them and keep the rest well-formed.
 *
 * A reading of components.md 9.2 of its own: it shares nothing with prover/proof.
 */
#pragma once
#include "base/bytes.h"

enum part_kind { PART_COUNT, PART_INTEGER, PART_HASH };

struct part {
    enum part_kind kind;
    size_t at, size; /* bytes of the part itself */
    uint64_t value;  /* of a count or an integer */
    bool is_m31;
    size_t last, end; /* of a count: start of the list's last element, and its end */
};

/* Lists of the grammar, by the part number of their count. */
struct lists {
    size_t commitments, sampled, sampled_tree[4], sampled_column, decommitments, hash_witness[4],
        column_witness[4], queried, queried_tree[4], first_witness, first_hashes, first_columns,
        inner_layers, inner_witness[32], inner_hashes[32], coefficients, claimed_sums, log_sizes;
};

struct dissection {
    struct part *parts;
    size_t count, capacity;
    struct lists lists;
    size_t config, nonce, first_root, last_log_size, log_size, layout; /* part numbers */
};

/* Ends the test when the bytes are no proof. */
void dissect(struct dissection *d, struct bytes proof);
void dissection_fini(struct dissection *d);

/* out = proof with the `size` bytes at `at` replaced. */
void replace(struct buffer *out, struct bytes proof, size_t at, size_t size, struct bytes by);
/* out = proof with another value in an integer part; extra > 0 adds that many needless bytes. */
void replace_integer(struct buffer *out, struct bytes proof, const struct part *part,
                     uint64_t value, unsigned extra);
/* out = proof with the last element of a list removed, or doubled, or only the count changed. */
void drop_last(struct buffer *out, struct bytes proof, const struct part *list);
void double_last(struct buffer *out, struct bytes proof, const struct part *list);
