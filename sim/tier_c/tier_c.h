/* SPDX-License-Identifier: Apache-2.0 */
/* Tier C: the same scenario with real programs in real time. nxp-mockorch plays the orchestrator;
 * each client of the scenario is an `nxp start` with a home of its own, or somebody else's program
 * (tier B'), and reaches it through a relay that is as bad as the scenario's network. What happens
 * to hosts happens by signals. All of it is judged from outside: by what the orchestrator has
 * recorded, and for ours by its log and what it has left on disk.
 *
 *   nxp start, or CMD -- relay -- nxp-mockorch
 *        ^ signals        ^ partitions   ^ kill, start again; faults by its scenario
 *        +----------------+--------------+---- this program
 *
 * Chance is the seed's for the orchestrator and the relay, but real programs and real time are nobody's:
 * two runs of one seed differ.
 */
#pragma once
#include "sim/live.h" /* tier_c */
