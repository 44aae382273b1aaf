/* SPDX-License-Identifier: Apache-2.0 */
/* What failures of one endpoint may cost: so many tokens, refilled by successes.
 *
 * A failure takes a token, a success gives half of one back; without a token the next request
 * waits. So the failures of a long run are at most half its successes, plus the first ten: no more
 * than 1.5 requests for each that is of use. One token comes back in ten minutes anyway, or the end
 * of an outage would never be noticed. Requests are postponed by it, never dropped.
 *
 * Units:   nanoseconds on the caller's monotonic clock.
 * Owner:   plain value; budget_init, as a full one is not zero.
 * Source:  simulation.md 3 (gRPC's retry throttling, Finagle's retry budget with its floor).
 */
#pragma once
#include <stdint.h>

#define BUDGET_TOKENS  10
#define BUDGET_FLOOR_S 600

struct budget {
    int halves;      /* of tokens */
    int64_t from_ns; /* what time gave back is counted to here */
};

void budget_init(struct budget *b);
/* No request before then; INT64_MIN: there is a token. */
int64_t budget_due_ns(const struct budget *b);
void budget_success(struct budget *b, int64_t now_ns);
void budget_failure(struct budget *b, int64_t now_ns);
