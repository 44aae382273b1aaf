/* SPDX-License-Identifier: Apache-2.0 */
/* The way between clients and orchestrator: latency, loss, resets, requests that arrive twice,
 * partitions of one direction or both, clogged lines, and whatever the orchestrator's faults order
 * (struct carriage).
 *
 *   client --network_send--> [latency] --arrive--> orchestrator --network_answer--> [latency]
 *          <--deliver------------------------------------------------------------------+
 *
 * Every request that is sent is delivered exactly once to its sender, as an answer or as a failure;
 * the times at which a client loses patience are those of client/shell/transport_curl.h. A request
 * that is under way then may still arrive.
 *
 * Source:  simulation.md 2; client.md 13.
 * Owner:   plain value; scenario, world and links are borrowed.
 */
#pragma once
#include "mockorch/core/fault.h"
#include "mockorch/scenario/scenario.h"
#include "sim/keepalive.h"
#include "sim/packet.h"
#include "sim/world.h"

/* One client's line. */
struct network_link {
    unsigned up_cut, down_cut; /* partitions in force: nothing gets through to, from the orchestrator */
    int64_t clogged_until_ns;  /* what is under way waits for it */
    struct keepalive kept;
};

struct network {
    struct world *world;
    const struct scenario_network *plan;
    bool real; /* connections are real ones behind `arrive` (tier B), and none is modelled */
    unsigned server_life; /* connections to a former process of the orchestrator are dead */
    int64_t heal_ns; /* no chance strikes from here on; 0: never */
    struct prng prng;
    void (*arrive)(void *orchestrator, struct packet *takes);
    void (*deliver)(void *host, struct packet *takes);
    void *orchestrator;
    /* what happened */
    uint64_t lost_requests, lost_answers, resets, duplicates, late_requests;
};

void network_send(struct network *n, struct packet *takes);
void network_answer(struct network *n, struct packet *takes, const struct http_response *response,
                    const struct carriage *carriage);
/* Nobody listens there; or whoever had the request is gone. */
void network_refuse(struct network *n, struct packet *takes);
void network_reset(struct network *n, struct packet *takes);
