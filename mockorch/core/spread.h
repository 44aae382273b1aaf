/* SPDX-License-Identifier: Apache-2.0 */
/* Random spans of three shapes, of a fault's delay and of a simulated network's latency, in integers:
 * every compiler and every libm draws the same ones, so that a seed means the same everywhere.
 *
 * Source:  simulation.md 1.
 */
#pragma once
#include "base/prng.h"
#include "mockorch/core/fault.h"

#define SPREAD_MOST_NS ((int64_t)1 << 50) /* 13 days; larger scales are cut to it */

/* uniform: 0 … scale; lognormal: scale is the median, 20 times it the most; pareto: 0.6 of scale is
 * the median, 100 times it the most. */
int64_t spread_ns(struct prng *prng, enum fault_spread spread, int64_t scale_ns);
