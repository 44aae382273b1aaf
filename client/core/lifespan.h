/* SPDX-License-Identifier: Apache-2.0 */
/* How long a task lives, learnt from what happens to proofs: the network does not say
 * (client.md 13.3, 19.2).
 *
 * A proof that was accepted had a task that lived at least as long as its age then; one that was
 * told "not found" had a task that lived no longer. Half way between the two bounds is taken for
 * the life, so each proof that arrives in between halves the doubt, and no proof is started that
 * would arrive close to the age at which another came too late.
 *
 * Per difficulty, because nobody knows whether larger tasks live longer; a bucket without a bound
 * of its own borrows the smallest of the others, unless it has itself been accepted beyond that.
 *
 * Wrong lessons heal. The server may have lost a task for another cause, or the rule may have
 * changed:
 *   - an acceptance beyond the upper bound removes it;
 *   - a first "not found" below an age that was accepted is not believed, the second in a row is,
 * and removes the lower bound;
 *   - ages under a minute teach nothing;
 *   - each task that is passed over because of a bound stretches it by an eighth, and each
 * acceptance stretches the bounds of larger tasks by a part in 128, so that they are tried again in
 * the end.
 *
 * Units:   whole seconds of age since the task arrived.
 * Owner:   plain value.
 * Source:  simulation.md 3, rule 7; users-want.md 10 (#2089: 48 % lost by expiry).
 */
#pragma once
#include <stdint.h>

#include "client/core/ladder.h"

#define LIFESPAN_SHORTEST_S 60
#define LIFESPAN_LONGEST_S  ((int64_t)7 * 24 * 3600)
#define LIFESPAN_UNKNOWN    INT64_MAX

struct lifespan {
    struct {
        int64_t accepted_s; /* the greatest age; 0: none */
        int64_t gone_s;     /* the smallest age; 0: none */
        unsigned odd;       /* unbelievable ones in a row */
    } of[LADDER_RUNGS];
};

/* LIFESPAN_UNKNOWN without any bound from above. */
int64_t lifespan_s(const struct lifespan *l, enum difficulty d);
void lifespan_accepted(struct lifespan *l, enum difficulty d, int64_t age_s);
void lifespan_gone(struct lifespan *l, enum difficulty d, int64_t age_s);
/* A task of that difficulty was passed over because of lifespan_s. */
void lifespan_passed_over(struct lifespan *l, enum difficulty d);
