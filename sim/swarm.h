/* SPDX-License-Identifier: Apache-2.0 */
/* Swarm testing: each seed draws a part of a scenario's faults and happenings, and all parameters
 * anew. A fault that is always there hides what only happens without it.
 *
 * What is drawn for a rule or a happening depends on the seed and its own name alone, so that taking
 * others away changes nothing about it. A drawn scenario has no expectations: its invariants judge.
 *
 * Source:  simulation.md 2 (Groce 2012; TigerBeetle's options_swarm).
 * Owner:   swarm_free; what is not drawn is borrowed from the scenario.
 */
#pragma once
#include "mockorch/scenario/scenario.h"

struct scenario *swarm_draw(const struct scenario *s, uint64_t seed);
void swarm_free(struct scenario *drawn); /* accepts NULL */
