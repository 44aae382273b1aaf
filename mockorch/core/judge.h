/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever says whether a proof holds. The orchestrator's core only names the case; its shell asks a
 * judge and brings the answer back (orchestrator_judged), so a slow judge never stops the core.
 *
 * Owner:   a case borrows everything it points at.
 * Threads: verify may be called from several threads at once.
 * Errors:  ST_INVALID, ST_INPUT  the proof does not hold: the submission is refused (422)
 *          ST_NOT_FOUND          the judge does not know the program (500)
 *          anything else         the judge could not work (500)
 */
#pragma once
#include "base/bytes.h"

struct judge_case {
    const char *program_id;
    const struct bytes *inputs; /* as they went out in the task */
    const struct bytes *proofs; /* one for each input */
    size_t count;
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
