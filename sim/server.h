/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrator of a simulation: its production core, and a judge that takes virtual time.
 *
 * Owner:   heap; everything in the options is borrowed.
 * Errors:  of orchestrator_new and orchestrator_add_node.
 */
#pragma once
#include "mockorch/core/orchestrator.h"
#include "sim/choice.h"
#include "sim/network.h"

struct server;

struct server_options {
    struct world *world;
    struct network *network;
    const struct settings *settings;
    struct fault_plan *plan;
    struct judge *judge;
    struct choice_tape *tape; /* NULL: none */
    int64_t judge_ns, judge_jitter_ns;
    /* A submission counts; twice: the network made two of it. */
    void (*accepted)(void *context, const char *task_id, bool twice);
    void *context;
};

enum status MUST_USE server_new(struct server **out, const struct server_options *o,
                                struct why *why);
void server_free(struct server *s);
struct orchestrator *server_core(struct server *s);
/* For struct network. */
void server_arrive(void *server, struct packet *takes);
