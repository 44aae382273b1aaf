/* SPDX-License-Identifier: Apache-2.0 */
/* Spaces the requests to one endpoint: a sustained gap plus a burst.
 *
 * Units:   nanoseconds on the caller's monotonic clock.
 * Owner:   plain value, no heap; copy it freely.
 * Threads: one owner at a time.
 * Errors:  none; a booking made too early is asserted.
 */
#pragma once
#include <stdint.h>

struct pace {
    int64_t gap_ns;   /* distance of two requests at the sustained rate */
    int64_t burst_ns; /* how far ahead of that line we may run */
    int64_t line_ns;  /* when the next request is due on the line */
    int64_t hold_ns;  /* the server asked for silence until here */
};

/* Time until one more request may go; 0 means now. */
int64_t pace_wait_ns(const struct pace *p, int64_t now_ns);

/* When pace_wait_ns becomes 0, on the same clock. */
int64_t pace_due_ns(const struct pace *p);

/* Books one request. Requires pace_wait_ns(p, now_ns) == 0. */
void pace_spend(struct pace *p, int64_t now_ns);

/* Retry-After: silence until then; never shortens a longer hold. */
void pace_hold(struct pace *p, int64_t until_ns);
