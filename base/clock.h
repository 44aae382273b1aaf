/* SPDX-License-Identifier: Apache-2.0 */
/* Where time comes from. Cores never look: they get now as an argument. Shells ask a clock, and
 * the simulator brings its own.
 *
 * Units:   nanoseconds. `now` is monotonic with an arbitrary start; `wall` is since 1970, UTC.
 */
#pragma once
#include <stdint.h>

#define NS_PER_MS ((int64_t)1000000)
#define NS_PER_S  ((int64_t)1000000000)

struct clock {
    int64_t (*now)(const struct clock *c);
    int64_t (*wall)(const struct clock *c);
};

static inline int64_t clock_now_ns(const struct clock *c)
{
    return c->now(c);
}

static inline int64_t clock_wall_ns(const struct clock *c)
{
    return c->wall(c);
}

/* CLOCK_MONOTONIC and CLOCK_REALTIME of the machine. */
const struct clock *clock_system(void);
