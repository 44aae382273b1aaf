/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/clockwork.h"

#define PPM 1000000

int64_t clockwork_monotonic_ns(const struct clockwork *c, int64_t world_ns)
{
    int64_t up_ns = world_ns - c->boot_ns;

    /* up_ns < 2^59 (ten years), so the first product stays below 2^59 / 10, the second below 2^37
     */
    return up_ns + up_ns / PPM * c->drift_ppm + up_ns % PPM * c->drift_ppm / PPM;
}

int64_t clockwork_world_ns(const struct clockwork *c, int64_t monotonic_ns)
{
    const int64_t rate = PPM + c->drift_ppm;
    int64_t at_ns;

    if (monotonic_ns == INT64_MAX)
        return INT64_MAX;
    at_ns = c->boot_ns + monotonic_ns / rate * PPM + monotonic_ns % rate * PPM / rate;
    while (clockwork_monotonic_ns(c, at_ns) < monotonic_ns) /* rounding: a step or two */
        at_ns++;
    while (clockwork_monotonic_ns(c, at_ns - 1) >= monotonic_ns)
        at_ns--;
    return at_ns;
}

int64_t clockwork_wall_ns(const struct clockwork *c, int64_t world_ns)
{
    return c->wall_zero_ns + world_ns;
}
