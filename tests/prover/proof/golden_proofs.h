/* SPDX-License-Identifier: Apache-2.0 */
/* The reference's proofs below tests/golden/proofs, each with what it states. */
#pragma once
#include "base/bytes.h"

#define GOLDEN_PROOFS 15

extern const char *const golden_proofs[GOLDEN_PROOFS]; /* smallest first */

struct golden_proof {
    struct buffer proof, elf;
    struct buffer public_input, output; /* raw bytes, from the view */
    uint32_t exit_code;
};

/* By name; ends the test when a file is missing. */
struct golden_proof golden_proof_load(const char *name);
void golden_proof_fini(struct golden_proof *g);
