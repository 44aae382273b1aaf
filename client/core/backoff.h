/* SPDX-License-Identifier: Apache-2.0 */
/* How long to wait after the n-th failure in a row: full jitter under a doubling ceiling, and never
 * less than the server asked for.
 *
 *   wait = max(RA + U(0, min(RA / 10, 30 s)),  U(0, min(cap, base * 2^n)))
 *
 * The spread on top of Retry-After keeps a thousand clients that got the same answer from coming
 * back in the same second.
 *
 * Source:  simulation.md 3, rule 4; RFC 9110 10.2.3.
 * Owner:   plain value.
 */
#pragma once
#include <stdint.h>

#include "base/prng.h"
#include "proto/http.h"

/* A server that asks for more is called again after this time (and the caller says so). */
#define BACKOFF_RETRY_AFTER_CEILING_S ((int64_t)24 * 3600)
#define BACKOFF_NO_ADVICE             ((int64_t)-1)

struct backoff {
    int64_t base_ns;
    int64_t cap_ns;
    unsigned failures; /* in a row */
};

/* Counts one more failure and returns the wait. advice_ns: Retry-After, or BACKOFF_NO_ADVICE. */
int64_t backoff_fail_ns(struct backoff *b, struct prng *rng, int64_t advice_ns);
void backoff_reset(struct backoff *b);

/* Retry-After of an answer in nanoseconds, at most the ceiling; BACKOFF_NO_ADVICE without one. Both
 * forms count for every status; the reference reads seconds only, adds 10, cuts at 600 and takes
 * 30 for any 5xx (client.md 1.5, 5.3). wall_s: Unix seconds here. */
int64_t backoff_advice_ns(const struct http_response *response, int64_t wall_s);

/* For a line: did the server name the time, and was it cut? */
const char *backoff_advice_words(int64_t advice_ns);
