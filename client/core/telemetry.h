/* SPDX-License-Identifier: Apache-2.0 */
/* What a submission says about the machine, in the network's units.
 *
 * Source:  client.md 4.6.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct telemetry {
    bool present; /* false: --no-telemetry */
    int32_t flops_per_sec;
    int32_t memory_used;
    int32_t memory_capacity;
    char location[3]; /* two capital letters, or "" */
};

/* Thousandths of a MiB, half away from zero, clamped. */
int32_t telemetry_memory(uint64_t bytes);
/* trunc(provers * MHz * per_cycle / 1000), clamped. */
int32_t telemetry_flops(unsigned provers, double mhz, unsigned per_cycle);
