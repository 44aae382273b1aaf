/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrator of a simulation: its production core, and a judge that takes virtual time. It may
 * be stopped and started again: connections are refused meanwhile, what was being judged is reset,
 * and the new process reads the store of the old one.
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
    bool restarts; /* it has a store */
    /* A submission counts; twice: the network made two of it. */
    void (*accepted)(void *context, const char *task_id, bool twice);
    /* An answer as it leaves; host as in the packet. */
    void (*answered)(void *context, void *host, const struct verdict *verdict,
                     const struct http_response *response);
    /* One counts that nobody has judged. */
    void (*unjudged)(void *context, const char *task_id);
    void (*interrupted)(void *context); /* it was restarted while it judged; may be NULL */
    void *context;
};

enum status MUST_USE server_new(struct server **out, const struct server_options *o,
                                struct why *why);
void server_free(struct server *s);
struct orchestrator *server_core(struct server *s); /* the last one while it is stopped */
/* Twice is once. */
void server_stop(struct server *s);
/* From now on there are no tasks to fetch. */
void server_drain(struct server *s);
/* Takes a fetch when it drains, and answers as if no task were left. */
bool server_turns_away(struct server *s, struct packet *p);
enum status MUST_USE server_start(struct server *s, struct why *why);
/* For struct network. */
void server_arrive(void *server, struct packet *takes);
