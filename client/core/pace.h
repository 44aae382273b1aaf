/* SPDX-License-Identifier: Apache-2.0 */
/* Spaces the requests to one endpoint: a sustained gap plus a burst, and a rate that gives way.
 *
 * The rate is halved by each 429 that named no longer wait, and creeps back by an eighth of the
 * full rate for each quiet window (additive increase, multiplicative decrease). It never exceeds
 * the full one, a request per gap_ns, and never falls below one per slowest_ns.
 *
 * Units:   nanoseconds on the caller's monotonic clock.
 * Owner:   plain value, no heap; copy it freely.
 * Threads: one owner at a time.
 * Errors:  none; a booking made too early is asserted.
 * Source:  simulation.md 3, rule 5; the window is the network's own of client.md 13.2.
 */
#pragma once
#include <stdint.h>

#define PACE_QUIET_S     180
#define PACE_FULL        64 /* parts of the full rate */
#define PACE_CREEP_PARTS 8

struct pace {
    int64_t gap_ns;     /* distance of two requests at the full rate */
    int64_t slowest_ns; /* their largest distance after 429s; 0: the rate is fixed */
    int64_t burst_ns;   /* how far ahead of that line we may run */
    int64_t line_ns;    /* when the next request is due on the line */
    int64_t hold_ns;    /* the server asked for silence until here */
    unsigned lost;      /* parts of the rate that 429s have taken */
    int64_t quiet_ns;   /* since when there was none, or since the last step up */
};

/* The distance now. */
int64_t pace_gap_ns(const struct pace *p);

/* Time until one more request may go; 0 means now. */
int64_t pace_wait_ns(const struct pace *p, int64_t now_ns);

/* When pace_wait_ns becomes 0, on the same clock. */
int64_t pace_due_ns(const struct pace *p);

/* Books one request. Requires pace_wait_ns(p, now_ns) == 0. */
void pace_spend(struct pace *p, int64_t now_ns);

/* Retry-After: silence until then; never shortens a longer hold. */
void pace_hold(struct pace *p, int64_t until_ns);

/* 429: half the rate. */
void pace_slower(struct pace *p, int64_t now_ns);

/* A request was welcome. */
void pace_welcome(struct pace *p, int64_t now_ns);
