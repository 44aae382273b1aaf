/* SPDX-License-Identifier: Apache-2.0 */
/* When the next request to one endpoint may go, and why not yet.
 *
 *   outcome   what it is                               pace     breaker  budget
 *   WELCOME   2xx: the request was of use              creeps   closes   refills
 *   ANSWERED  a definite answer of a server that is    -        closes   -
 *             well: 4xx, "no task for now"
 *   LIMITED   429                                      halves*  -        pays**
 *   BROKEN    5xx, 408, 425, no answer, one that       -        counts   pays
 *             cannot be read
 *
 *   *  unless Retry-After names half the gap or more: then the server sets the time itself.
 *   ** not on fetches: a fetch that is told 429 has mostly just come before the next task was
 * made (client.md 13.1), and is ruled by the pace.
 *
 * The next request is due when pace, breaker and budget all agree, and a bar that the caller has set
 * (and may lift again) is over. What a caller knows better
 * (Retry-After with its spread, backoff of one proof) is a pace_hold or a time of its own.
 *
 * Units:   nanoseconds on the caller's monotonic clock.
 * Owner:   plain value.
 * Source:  simulation.md 3, rules 4 - 6.
 */
#pragma once
#include "client/core/breaker.h"
#include "client/core/budget.h"
#include "client/core/pace.h"
#include "proto/http.h"

enum route_outcome { ROUTE_WELCOME, ROUTE_ANSWERED, ROUTE_LIMITED, ROUTE_BROKEN };

#define ROUTE_WHY 160

struct route {
    struct pace pace;
    struct breaker breaker;
    struct budget budget;
    int64_t bar_ns;      /* the caller's: no request before then */
    bool limits_cost;    /* 429 takes a token */
    char why[ROUTE_WHY]; /* the last failure; "" when all is well */
};

struct route_note {
    enum route_outcome outcome;
    int64_t advice_ns;                    /* Retry-After, or BACKOFF_NO_ADVICE */
    const struct http_response *response; /* NULL: none */
    const char *text;                     /* of the answer, or why there is none */
};

/* 2xx, 4xx, 429, all others. */
enum route_outcome route_outcome_of(unsigned status);

void route_init(struct route *r, int64_t gap_ns, int64_t slowest_ns);

int64_t route_due_ns(const struct route *r);
int64_t route_wait_ns(const struct route *r, int64_t now_ns); /* 0: now */
/* Books a request. Requires route_wait_ns(r, now_ns) == 0. */
void route_spend(struct route *r, int64_t now_ns);
/* What became of it. true: the breaker has opened for the first time since all was well. */
bool route_note(struct route *r, const struct route_note *note, struct prng *rng, int64_t now_ns);
/* Which of the four the next request waits for, and the last failure; "" when all is well. */
void route_words(const struct route *r, char out[static ROUTE_WHY], int64_t now_ns);
