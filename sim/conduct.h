/* SPDX-License-Identifier: Apache-2.0 */
/* What a client's requests are measured by, wherever they are looked at: where they leave
 * (sim/invariant_request.c) and where they arrive (sim/tier_c/journal_judge.h).
 *
 * Source:  simulation.md 3, rules 2 to 6; I10 and I17 of sim/invariant.h.
 * Owner:   plain values.
 */
#pragma once
#include "mockorch/core/call.h"

#define CONDUCT_PER_MINUTE       40
#define CONDUCT_PER_MINUTE_BATCH 66 /* of the profile seed */
#define CONDUCT_PER_OUTAGE       20 /* in an hour */

enum route { ROUTE_NODE, ROUTE_FETCH, ROUTE_SUBMIT, ROUTES };

/* false: no client makes such a call again and again. */
bool conduct_route(enum route *out, enum call call);
const char *conduct_route_name(enum route route); /* "fetch" */

/* Nothing that is sent again can change these. */
bool conduct_definite(unsigned status);
/* The orchestrator is there and does its work: no outage. status 0: no answer. */
bool conduct_works(unsigned status);

/* When the last ones were. */
struct conduct_ring {
    uint64_t count;
    int64_t at_ns[CONDUCT_PER_MINUTE_BATCH];
};

/* Adds one, and gives the time since the one that was `most` before it; INT64_MAX: there are not so
 * many. most <= CONDUCT_PER_MINUTE_BATCH. */
int64_t conduct_ring_add(struct conduct_ring *r, unsigned most, int64_t now_ns);
