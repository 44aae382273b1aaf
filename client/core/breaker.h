/* SPDX-License-Identifier: Apache-2.0 */
/* Stops asking an endpoint that keeps failing, and finds out with single probes when it is back.
 *
 *            5 failures in a row, or
 *            p > 1/2 over the last requests
 *   CLOSED ----------------------------------> OPEN <--------------+
 *     ^                                         |  time is over    | failure: open
 *     |  success                                v                  | twice as long
 *     +------------------------------------ HALF OPEN -------------+
 *
 * p = (requests - K accepts) / (requests + 1) with K = 2, as clients of Google drop requests before
 * sending them; both counts forget a sixteenth with each request, and p counts from 8 requests on,
 * so that a start with bad luck does not trip it. p > 1/2 means: less than a quarter got through.
 *
 * Only failures of the server or of the way to it count. A 429 comes from a server that is well:
 * the pace and Retry-After answer it.
 *
 * Units:   nanoseconds on the caller's monotonic clock.
 * Owner:   plain value.
 * Source:  simulation.md 3, rule 6 and the sources there (SRE chapter 21).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/prng.h"

#define BREAKER_FAILURES   5
#define BREAKER_VOLUME     8
#define BREAKER_SHORTEST_S 30
#define BREAKER_LONGEST_S  600

struct breaker {
    unsigned failures;         /* in a row */
    unsigned openings;         /* in a row, without a success between them */
    int64_t until_ns;          /* when open: the next probe is not before then */
    int32_t requests, accepts; /* thousandths, forgetting */
};

/* Not closed: nothing, or one probe from breaker_due_ns on. */
bool breaker_open(const struct breaker *b);
/* No request before then; INT64_MIN when closed. */
int64_t breaker_due_ns(const struct breaker *b);
void breaker_success(struct breaker *b);
/* true: it has just opened, or opened again. A tenth is added at random, so that clients do not
 * probe all at once. */
bool breaker_failure(struct breaker *b, struct prng *rng, int64_t now_ns);
