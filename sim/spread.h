/* SPDX-License-Identifier: Apache-2.0 */
/* Random spans of three shapes, in integers: every compiler and libm draws the same ones.
 *
 * Source:  simulation.md 1; the shapes are those of a fault's delay (mockorch/core/fault.h).
 */
#pragma once
#include "base/prng.h"
#include "mockorch/core/fault.h"

#define SPREAD_MOST_NS ((int64_t)1 << 43) /* 2.4 hours; larger scales are cut to it */

/* uniform: 0 … scale; lognormal: scale is the median, 20 times it the most; pareto: 0.6 of scale is
 * the median, 100 times it the most. */
int64_t spread_ns(struct prng *prng, enum fault_spread spread, int64_t scale_ns);
