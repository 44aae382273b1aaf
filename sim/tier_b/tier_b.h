/* SPDX-License-Identifier: Apache-2.0 */
/* Tier B: the same scenario, seed, network, faults, clients and checks as in tier A; but between
 * the network and the orchestrator's core are libcurl (client/shell/transport_curl), a socket, TLS
 * if wanted, and evhttp (mockorch/server), and behind the model of a disk is SQLite (client/shell/
 * outbox_sqlite). All of it in one thread, in the world's time (tier_b_time.h).
 *
 * The faults of the orchestrator's plan are carried out by the server on the socket; loss, resets,
 * copies and partitions of the network strike in front of libcurl and behind it, by the same draws
 * as in tier A.
 */
#pragma once
#include "sim/tier.h" /* tier_b */
