/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that have come through the simulated network go over a real socket to the real server,
 * by client/shell/transport_curl: one transport for each process of a client, as in the product,
 * and one for those that nobody waits for (copies that the network made, requests of a process that
 * is gone).
 *
 * Owner:   heap (tier_b_wire_free accepts NULL); what the options point at is borrowed.
 * Errors:  tier_b_wire_new: those of transport_curl_new.
 */
#pragma once
#include "client/shell/transport_curl.h"
#include "sim/network.h"

struct tier_b_wire;

struct tier_b_wire_options {
    struct network *network;
    const char *base_url, *unix_path;
    const char *ca_file; /* NULL: plain HTTP */
    size_t response_limit;
};

enum status MUST_USE tier_b_wire_new(struct tier_b_wire **out, const struct tier_b_wire_options *o,
                                     struct why *why);
void tier_b_wire_free(struct tier_b_wire *w);

/* For struct network. */
void tier_b_wire_arrive(void *wire, struct packet *takes);
/* The orchestrator's process is gone, or there again. */
void tier_b_wire_down(struct tier_b_wire *w, bool down);
/* The process is gone: its connections end here and now. */
void tier_b_wire_gone(void *wire, const void *host, uint64_t life);
/* Moves what is ready, and hands answers to the network. Says after how long it wants to be called
 * again if nothing arrives; INT64_MAX: never. */
int64_t tier_b_wire_turn(struct tier_b_wire *w);
/* Nothing is under way, and nothing has changed since the last turn. */
bool tier_b_wire_is_quiet(const struct tier_b_wire *w);
/* The whole id of a submitted task, of which a verdict has the beginning only when it is long.
 * *twice: the network has made two of a submission. */
const char *tier_b_wire_task(const struct tier_b_wire *w, const char *beginning, bool *twice);
