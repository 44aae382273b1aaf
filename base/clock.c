/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec t = {0};

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int64_t system_now(const struct clock *c)
{
    (void)c;
    return read_ns(CLOCK_MONOTONIC);
}

static int64_t system_wall(const struct clock *c)
{
    (void)c;
    return read_ns(CLOCK_REALTIME);
}

const struct clock *clock_system(void)
{
    static const struct clock machine = {.now = system_now, .wall = system_wall};

    return &machine;
}
