/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share; nobody outside includes it.
 *
 * Each part decides (changes state, says lines), polls (hands out at most one action) and takes
 * answers to its own request. core.c puts them in order.
 */
#pragma once
#include "client/core/batch.h"
#include "client/core/core.h"
#include "client/core/doubt.h"
#include "client/core/learnt.h"
#include "client/core/ledger.h"
#include "client/core/line_queue.h"
#include "client/core/route.h"

enum phase { PHASE_NEW, PHASE_GREETING, PHASE_WORKING, PHASE_STOPPING, PHASE_OVER };

enum node_standing {
    NODE_UNASKED, /* or not reachable so far */
    NODE_KNOWN,
    NODE_REFUSED, /* left out for the rest of the run */
};

/* One of the node ids that we work for. */
struct core_node {
    const char *id; /* the end of its path */
    char *path;
    enum node_standing standing;
    unsigned passes;   /* how many of its next turns it leaves to others */
    unsigned troubles; /* of its own, in a row */
    uint64_t fetch_requests, fetched, accepted;
};

/* An input that is being proved. */
struct job {
    uint64_t id; /* 0: this place is free */
    uint64_t record;
    size_t input;
    int64_t begun_ns;
    bool unwanted; /* to be cancelled */
    bool cancel_sent;
};

struct core {
    struct runtime base; /* first */
    const struct profile *profile;
    const struct signing_key *key;
    struct proof_hasher *hasher; /* or NULL */
    uint8_t public_key[SIGNING_PUBLIC_SIZE];
    uint64_t max_tasks;

    enum phase phase;
    enum core_end end;
    bool stop_at_once;
    int64_t stop_by_ns;

    struct prng rng;
    int64_t wall_offset_ns; /* wall - now, of the last event */
    uint64_t last_id;       /* of requests and proofs */
    uint64_t next_record_id;
    struct buffer body;     /* of the request handed out last */

    struct line_queue lines;

    /* node.c: ids of what is under way; 0: nothing */
    struct core_node nodes[CORE_NODES];
    size_t node_count;
    size_t node_asks; /* the node that is asked about, or where to look for the next */
    size_t node_turn; /* the node that fetches next, or where to look for it */
    uint64_t node_request;
    struct backoff node_backoff;

    /* fetch.c */
    uint64_t fetch_request;
    struct core_node *fetch_node; /* that the last fetch went out for */
    enum difficulty fetch_asked;
    struct backoff fetch_backoff;
    bool fetch_wait_said;
    struct batch batch; /* fetch_batch.c */

    /* work.c */
    struct job *jobs;
    unsigned job_room; /* proofs_at_once */

    /* submit.c */
    uint64_t submit_request;
    uint64_t submit_record; /* in SENDING; 0: none */
    struct doubt doubt;

    struct route routes[CORE_ROUTES];

    /* Holds of a former run, until EV_START; then those that are to be handed out. */
    int64_t hold_ns[CORE_ROUTES];
    bool hold_changed[CORE_ROUTES];

    int64_t statistics_ns; /* when the next line of statistics is due; INT64_MAX: never */
    int64_t started_ns;

    struct learnt learnt;
    bool learnt_changed;
    struct ledger ledger;
    struct stats stats;
};

/* ---- core.c ---- */

void say(struct core *c, enum line_type type, enum line_level level, const char *event,
         const struct outbox_record *about, unsigned status, const char *format, ...)
    __attribute__((format(printf, 7, 8)));
void say_wait(struct core *c, int64_t wait_ns); /* of the line said last */
int64_t core_wall_s(const struct core *c, int64_t now_ns);
/* Since the task arrived; as far as a former run had it, by the wall clock at our start. */
int64_t core_age_s(const struct entry *e, int64_t now_ns);
/* A new process, too, makes no request to that route before then (I5). */
void core_hold(struct core *c, enum core_route route, int64_t until_ns);
/* What became of a request; a line when the route has begun to fail. */
void core_note(struct core *c, enum core_route route, const struct route_note *note,
               int64_t now_ns);
void core_stop(struct core *c, enum core_end end, int64_t now_ns);
/* A request with the headers of client.md 1.2 and the body in c->body; returns its id. */
uint64_t core_request(struct core *c, struct action *out, enum http_method method,
                      const char *path);
/* Whole seconds, rounded up. */
long long whole_seconds(int64_t ns);

/* ---- node.c: whom we work for; GET /v3/nodes/{id} ---- */

bool node_init(struct core *c, const char *const *ids, size_t count); /* false: out of memory */
void node_fini(struct core *c);
/* v0.9.0 asks about none of them. */
void node_trust_all(struct core *c);
bool node_poll(struct core *c, struct action *out, int64_t now_ns);
void node_response(struct core *c, const struct http_response *r, int64_t now_ns);
void node_transport(struct core *c, const char *text, int64_t now_ns);
int64_t node_deadline_ns(const struct core *c);
/* Whose turn it is to fetch; the turn goes on. Requires a known node. */
struct core_node *node_take_turn(struct core *c);
/* A fetch failed for a cause of that node alone: it leaves its next turns to others, after each
 * failure in a row twice as many. false: nobody else is without such troubles. */
bool node_stand_aside(struct core *c, struct core_node *n);
struct core_node *node_find(struct core *c, const char *id); /* NULL: of a former run */

/* ---- fetch.c: POST /v3/tasks ---- */

void fetch_decide(struct core *c, int64_t now_ns);
bool fetch_poll(struct core *c, struct action *out, int64_t now_ns);
void fetch_response(struct core *c, const struct http_response *r, int64_t now_ns);
void fetch_transport(struct core *c, const char *text, int64_t now_ns);
bool fetch_wanted(const struct core *c);

/* For fetch_batch.c. The end of an attempt; the gap counts from here. Returns the wait. */
int64_t fetch_ended(struct core *c, const struct route_note *note, int64_t wait_ns,
                    int64_t now_ns);
/* node_s_own: the cause is the node, so others go on at the usual pace. */
void fetch_failed(struct core *c, bool node_s_own, const struct route_note *note, int64_t now_ns);
/* A task that we do not know. false: out of memory. */
bool fetch_enter(struct core *c, const struct wire_task *task, int64_t now_ns);

/* ---- fetch_batch.c: GET /v3/tasks and up to twenty POST /v3/tasks, in the profile seed ---- */

void batch_begin(struct core *c); /* puts the list request */
void batch_response(struct core *c, struct route_note *note, int64_t now_ns);

/* ---- work.c: from task to signed proof ---- */

void work_decide(struct core *c, int64_t now_ns);
int64_t work_deadline_ns(const struct core *c); /* of a signature that is tried again */
bool work_poll(struct core *c, struct action *out, int64_t now_ns);
bool work_poll_cancel(struct core *c, struct action *out);
void work_proved(struct core *c, const struct event *ev, int64_t now_ns);
void work_unproved(struct core *c, const struct event *ev, int64_t now_ns);
size_t work_under_way(const struct core *c); /* inputs that are being proved, cancelled ones too */
size_t work_inputs_of(const struct core *c, uint64_t record); /* those of that task */
void work_stop(struct core *c); /* cancels them all, and saves what is proved */
/* Closes a task that cannot be proved here. */
void work_abandon(struct core *c, struct entry *e, int64_t now_ns, const char *reason);

/* ---- submit.c: POST /v3/tasks/submit ---- */

void submit_decide(struct core *c, int64_t now_ns);
bool submit_poll(struct core *c, struct action *out, int64_t now_ns);
void submit_response(struct core *c, const struct http_response *r, int64_t now_ns);
void submit_transport(struct core *c, const struct event *ev, int64_t now_ns);
void submit_stop(struct core *c); /* takes back what has not left yet */
int64_t submit_deadline_ns(const struct core *c);
