/* SPDX-License-Identifier: Apache-2.0 */
/* A golden proof, ready to be changed and verified. */
#pragma once
#include "prover/machine/verify.h"
#include "tests/prover/proof/dissect.h"
#include "tests/prover/proof/golden_proofs.h"

struct verify_fixture {
    struct golden_proof golden;
    struct program program;
    struct machine_statement statement;
    struct dissection cut;
    struct exec exec; /* one thread, the fastest kernel */
};

struct verify_fixture *verify_fixture_new(const char *name); /* ends the test on failure */
void verify_fixture_free(struct verify_fixture *f);

/* Decodes and verifies. */
enum status verify_bytes(const struct verify_fixture *f, struct bytes proof, struct why *why);

/* Whether bytes that differ from the golden proof must be accepted all the same: when they differ
 * in nothing but the layout words heap, stack_bottom, stack_top and end, and keep order and
 * alignment (behaviour.md 6). Reads the tail on its own. */
bool differs_in_free_words_only(const struct verify_fixture *f, struct bytes changed);
