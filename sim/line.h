/* SPDX-License-Identifier: Apache-2.0 */
/* What a scenario's network does to one message: how long it takes, and whether something strikes
 * it. The simulated network (sim/network.h) and the relay of real connections (sim/tier_c/relay.h)
 * draw the same choices under the same names.
 *
 * Source:  simulation.md 1, 2.
 * Units:   nanoseconds of the scenario.
 * Owner:   plan and generator are borrowed.
 */
#pragma once
#include "mockorch/scenario/scenario.h"

/* healed: chance strikes no more. It is drawn all the same, so that healing moves no other draw. */
bool line_strikes(struct prng *prng, double chance, const char *place, bool healed);

/* One way: latency and a part of jitter. */
int64_t line_latency_ns(const struct scenario_network *plan, struct prng *prng);
/* What TCP's repetition of lost segments adds; 0: none was lost. */
int64_t line_retransmit_ns(const struct scenario_network *plan, struct prng *prng, bool healed);
/* From the first byte to the last; size < 2^30. bytes_per_s 0: at once. */
int64_t line_transfer_ns(uint64_t bytes_per_s, size_t size);
