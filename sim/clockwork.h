/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks of a machine: a monotonic one that drifts and begins anew with each boot, and a wall
 * clock that is set right now and then, or wrong, in steps.
 *
 * Units:   nanoseconds; drift in millionths: 1000 gains a millisecond in each second.
 * Owner:   plain value.
 * Source:  simulation.md 2 (TigerBeetle's clock models).
 */
#pragma once
#include <stdint.h>

#define CLOCKWORK_MOST_PPM 100000

struct clockwork {
    int64_t boot_ns;      /* world time of it */
    int64_t drift_ppm;    /* -CLOCKWORK_MOST_PPM to CLOCKWORK_MOST_PPM */
    int64_t wall_zero_ns; /* what the wall clock shows when the world's time is 0 */
};

int64_t clockwork_monotonic_ns(const struct clockwork *c, int64_t world_ns);
/* When the monotonic clock shows this for the first time; INT64_MAX: never. */
int64_t clockwork_world_ns(const struct clockwork *c, int64_t monotonic_ns);
int64_t clockwork_wall_ns(const struct clockwork *c, int64_t world_ns);
