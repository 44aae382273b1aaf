/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/telemetry.h"

#include <math.h>

int32_t telemetry_memory(uint64_t bytes)
{
    /* Bytes of real machines are below 2^53, so the product of doubles is exact enough. */
    double thousandths = round((double)bytes * 1000.0 / 1048576.0);

    return thousandths >= INT32_MAX ? INT32_MAX : (int32_t)thousandths;
}

int32_t telemetry_flops(unsigned provers, double mhz, unsigned per_cycle)
{
    double flops = trunc(provers * mhz * per_cycle / 1000.0);

    return flops >= INT32_MAX ? INT32_MAX : (int32_t)flops;
}
