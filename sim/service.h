/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrator of a simulation: its production core, and a judge that takes virtual time. It
 * may be stopped and started again: connections are refused meanwhile, what was being judged is
 * reset, and the new process reads the store of the old one.
 *
 * Owner:   heap; everything in the options is borrowed.
 * Errors:  of orchestrator_new and orchestrator_add_node.
 */
#pragma once
#include "mockorch/core/admin.h"
#include "sim/cabinet.h"
#include "sim/choice.h"
#include "sim/network.h"

struct service;

struct service_options {
    struct world *world;
    struct network *network;
    const struct settings *settings;
    struct fault_plan *plan;
    struct judge *judge;
    struct submission_tools tools;
    struct choice_tape *tape; /* NULL: none */
    int64_t judge_ns, judge_jitter_ns;
    bool restarts; /* it has a store */
    /* A submission counts; twice: the network made two of it. */
    void (*accepted)(void *context, const char *task_id, bool twice);
    /* So many new tasks were given to that node. */
    void (*given)(void *context, const char *node_id, uint64_t tasks);
    /* An answer as it leaves. */
    void (*answered)(void *context, const struct verdict *verdict,
                     const struct http_response *response);
    /* One counts that nobody has judged. */
    void (*unjudged)(void *context, const char *task_id);
    void (*interrupted)(void *context); /* it was restarted while it judged; may be NULL */
    void *context;
};

enum status MUST_USE service_new(struct service **out, const struct service_options *o,
                                 struct why *why);
void service_free(struct service *s);
struct orchestrator *service_core(struct service *s); /* the last one while it is stopped */
struct store *service_store(struct service *s);       /* a cabinet; NULL: it never stops */
/* Its core has another state, and with it other generators: who listens listens on. */
void service_listen(struct service *s);
/* Twice is once. */
void service_stop(struct service *s);
/* From now on there are no tasks to fetch. */
void service_drain(struct service *s);
/* Takes a fetch when it drains, and answers as if no task were left. */
bool service_turns_away(struct service *s, struct packet *p);
/* Where nodes vote: that task has been handed in. One may decide about several, of other clients
 * too; whoever is credited now is reported as accepted. */
void service_voted(struct service *s, const char *task_id);
enum status MUST_USE service_start(struct service *s, struct why *why);
bool service_stands(const struct service *s); /* it has not been stopped */
/* A request of somebody who is no client of the simulation; its status. A response as that of
 * orchestrator_answer. */
unsigned service_visit(struct service *s, const struct http_request *request);
unsigned service_ask(struct service *s, struct http_response *response, struct verdict *verdict,
                     const struct http_request *request);
/* From now on, or no more. */
void service_disk(struct service *s, enum cabinet_trouble trouble); /* requires a store */
void service_scarce(struct service *s, bool scarce);                /* memory */
/* Its store has failed: it has nothing but 500 for anybody until it starts again. */
bool service_is_broken(const struct service *s);
/* That, or there is no room for it: a 500 is as good as any answer. */
bool service_is_in_trouble(const struct service *s);
/* A call of the admin API. */
void service_admin(struct service *s, struct admin_reply *reply, const struct admin_request *request);
/* For struct network. */
void service_arrive(void *service, struct packet *takes);
