/* SPDX-License-Identifier: Apache-2.0 */
/* Brings cases to a judge on threads of its own and their verdicts back to the event loop.
 *
 * Order: mockorch/core/turns.h. No party fills more than half of the places, and when all are taken,
 * a case whose party has more strikes makes way.
 *
 * Owner:   heap (bailiff_free accepts NULL: it waits for the cases under way and drops the others).
 *          The judge is borrowed; a case is borrowed until its verdict has been taken.
 * Threads: bring and take belong to one thread, the event loop's.
 */
#pragma once
#include <stdbool.h>

#include "mockorch/core/judge.h"

struct bailiff;

struct bailiff_verdict {
    uint64_t job;
    enum status st;
    struct why why;
};

/* At most limit cases are waiting or under way. */
enum status MUST_USE bailiff_new(struct bailiff **out, struct judge *judge, unsigned threads,
                                 unsigned limit, struct why *why);
void bailiff_free(struct bailiff *b);

/* Readable when there is something to take. */
int bailiff_fd(const struct bailiff *b);
/* false: too many already, or too many of this party. The verdict of a case that makes way is ST_LIMIT. */
bool bailiff_bring(struct bailiff *b, uint64_t job, const struct judge_case *c);
bool bailiff_take(struct bailiff *b, struct bailiff_verdict *out);
