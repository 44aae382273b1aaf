/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrator's own time: the caller's clock, moved ahead, or standing still.
 *
 * Inside, everything is dated on this line. It goes on over a restart (its zero is the first start
 * of all), and a test may stop it, let it jump, or make the clock that clients are shown a wrong
 * one.
 *
 * Units:   nanoseconds. `outside` is the caller's monotonic clock, `inside` this line.
 * Owner:   plain value.
 * Threads: one owner at a time.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct timeline {
    int64_t wall_at_zero_ns; /* 1970, UTC, when `inside` is 0 */
    int64_t ahead_ns;        /* inside - outside, while it runs */
    bool frozen;
    int64_t frozen_ns; /* inside, while it stands still */
    int64_t skew_ns;   /* what the shown clock (Date, created_at) is wrong by */
};

int64_t timeline_inside_ns(const struct timeline *t, int64_t outside_ns);
/* When the outside clock will show this; INT64_MAX: never, or the line stands still. */
int64_t timeline_outside_ns(const struct timeline *t, int64_t inside_ns);
/* The wall clock as clients are shown it. */
int64_t timeline_shown_ns(const struct timeline *t, int64_t inside_ns);

void timeline_freeze(struct timeline *t, int64_t outside_ns); /* twice is once */
void timeline_thaw(struct timeline *t, int64_t outside_ns);
void timeline_advance(struct timeline *t, int64_t by_ns); /* by_ns >= 0: it never goes back */
