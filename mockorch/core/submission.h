/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a submission, in their order. The first that fails decides the answer.
 *
 * Source:  client.md 13.5 (order and statuses), 4.3 to 4.5 (what is checked).
 */
#pragma once
#include "mockorch/core/assignment.h"

enum check {
    CHECK_BODY,      /* 400  the body decodes */
    CHECK_SIZES,     /* 400  key of 32 bytes, signature of 64 */
    CHECK_TASK,      /* 404  the task is known and open */
    CHECK_KEY,       /* 403  the key is that of the fetch */
    CHECK_SIGNATURE, /* 403  the signature verifies */
    CHECK_REFUSALS,  /* 429  not too many of the user's were wrong: what follows costs time */
    CHECK_FORM,      /* 400  proof_hash is 64 lower-case hex digits */
    CHECK_FIELDS,    /* 400  hashes and proofs are those that the task type asks for */
    CHECK_HASH,      /* 422  they hash to proof_hash */
    CHECK_PROOF,     /* 422  they are proofs of program and inputs (500: nobody can tell) */
    CHECK_CONSENSUS, /* 422  other nodes have agreed on this hash */
    CHECK_LIMIT,     /* 429  the user may still submit */
    CHECK_NONE,      /* nothing failed */
};

const char *check_name(enum check c);
unsigned check_status(enum check c); /* of the answer when it fails */

/* What checks with; NULL: Ed25519, Keccak. */
struct submission_tools {
    struct signing_scheme *scheme;
    struct proof_hasher *hasher;
};

/* Checks from CHECK_SIZES to CHECK_HASH; passed gets a bit for each that held. task NULL: unknown or
 * closed. refusals: of the task's user. Returns the one that failed, with words, or
 * CHECK_NONE. */
enum check submission_check(const struct wire_submission *submission, const struct task *task,
                            const struct quota *refusals, int64_t now_ns, enum judging judging,
                            const struct submission_tools *tools, unsigned *passed, struct why *why);

/* The proofs that a judge has to look at: 0 for the hash types. */
size_t submission_proofs(const struct wire_submission *submission, const struct task *task,
                         const struct bytes **proofs);
