/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever says whether a proof holds, or whether a hash is the one of the right proof. The orchestrator's core only names the case; its shell asks a
 * judge and brings the answer back (orchestrator_judged), so a slow judge never stops the core.
 *
 * Owner:   a case borrows everything it points at.
 * Threads: verify may be called from several threads at once.
 * Errors:  ST_INVALID, ST_INPUT  the proof does not hold: the submission is refused (422)
 *          ST_NOT_FOUND          the judge does not know the program (500)
 *          ST_LIMIT              the judge has too many cases now (503, Retry-After)
 *          anything else         the judge could not work (500)
 */
#pragma once
#include "proto/wire.h"

struct judge_case {
    const char *program_id;
    enum task_type type;
    const struct bytes *inputs; /* as they went out in the task */
    size_t input_count;
    /* PROOF_REQUIRED: the proofs, one for each input; otherwise none. */
    const struct bytes *proofs;
    size_t count;
    /* The other types: what the submission says of the proofs that it does not show. */
    const char *proof_hash;         /* of all hashes together */
    const char *const *proof_hashes; /* ALL_PROOF_HASHES: input_count of them */
    /* whose it is, for the order (turns.h) */
    uint64_t party;   /* the user: cases of one party wait behind each other, not behind others */
    uint64_t node;
    uint64_t address; /* where it came from */
    bool credited;    /* the user has had something accepted */
};

struct judge;

struct judge_ops {
    enum status (*verify)(struct judge *j, const struct judge_case *c, struct why *why);
};

struct judge {
    const struct judge_ops *ops;
};

static inline enum status MUST_USE judge_verify(struct judge *j, const struct judge_case *c,
                                                struct why *why)
{
    return j->ops->verify(j, c, why);
}
