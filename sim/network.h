/* SPDX-License-Identifier: Apache-2.0 */
/* The way between clients and orchestrator: latency, loss, resets, requests that arrive twice,
 * partitions, and whatever the orchestrator's faults order (struct carriage).
 *
 *   client --network_send--> [latency] --arrive--> orchestrator --network_answer--> [latency]
 *          <--deliver------------------------------------------------------------------+
 *
 * Every request that is sent is delivered exactly once to its sender, as an answer or as a failure;
 * the times at which a client loses patience are those of client/shell/transport_curl.h.
 *
 * Source:  simulation.md 2; client.md 13.
 * Owner:   plain value; scenario and world are borrowed.
 */
#pragma once
#include "mockorch/core/fault.h"
#include "mockorch/scenario/scenario.h"
#include "sim/packet.h"
#include "sim/world.h"

struct network {
    struct world *world;
    const struct scenario_network *plan;
    int64_t heal_ns; /* no chance strikes from here on; 0: never */
    struct prng prng;
    uint64_t partitions; /* in force: nothing gets through */
    void (*arrive)(void *orchestrator, struct packet *takes);
    void (*deliver)(void *host, struct packet *takes);
    void *orchestrator;
    /* what happened */
    uint64_t lost_requests, lost_answers, resets, duplicates;
};

void network_send(struct network *n, struct packet *takes);
void network_answer(struct network *n, struct packet *takes, const struct http_response *response,
                    const struct carriage *carriage);
