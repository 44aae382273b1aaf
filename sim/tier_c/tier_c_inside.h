/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of one live run share. Only sim/tier_c/tier_c*.c include it. */
#pragma once
#include <event2/event.h>
#include <jansson.h>

#include "base/clock.h"
#include "sim/live.h"
#include "sim/run_event.h"
#include "sim/tier_c/journal_read.h"
#include "sim/tier_c/relay.h"
#include "sim/tier_c/subprocess.h"

#define TIER_C_CLIENTS  16 /* each is two processes that prove */
#define TIER_C_FINDINGS 32
#define TIER_C_PATH     512
#define TIER_C_NEVER    INT64_MAX
#define TIER_C_SLACK_NS (50 * NS_PER_MS) /* a busy machine, and a clock read over a socket */
#define TIER_C_DRAIN    "no_more_tasks" /* the rule that ends the work: no fault */

struct tier_c_client {
    const struct scenario_client *plan;
    unsigned number; /* of all */
    uint32_t k;      /* of its group */
    char name[SCENARIO_TEXT + 16];
    char home[TIER_C_PATH], log[TIER_C_PATH], errors[TIER_C_PATH];
    char url[64];
    char node_ids[CORE_NODES][24];
    char wallet[48], user_id[64];
    struct relay *relay;
    struct subprocess process, second; /* second: another one on the same store */
    int64_t start_ns;  /* due; TIER_C_NEVER: it runs, or is over */
    int64_t started_ns, second_ns; /* when it, and the second one, was started last */
    bool over;         /* it has ended by itself */
    int64_t stopped_ns, back_ns; /* told to end then, to come back so long after; back_ns 0: not told */
    unsigned starts, refused_instances;
    bool second_wanted;
    off_t log_bytes;       /* of its log, when it was started last */
    int64_t slow_until_ns; /* 0: it is not slowed down */
    double slow_times;
    pid_t frozen;            /* its worker, while it stands still */
    uint64_t credited_at_heal;
    bool renewed;            /* a new credit since */
};

struct tier_c_mock {
    struct subprocess process;
    char address[64];            /* 127.0.0.1:PORT, from the first start on */
    char admin[TIER_C_PATH], store[TIER_C_PATH], scenario[TIER_C_PATH], port_file[TIER_C_PATH];
    char log[TIER_C_PATH], says[TIER_C_PATH], certificate[TIER_C_PATH], key[TIER_C_PATH];
    unsigned lives;
    int64_t start_ns;  /* due; TIER_C_NEVER: it runs */
    int64_t ahead_ns;  /* its own clock, which goes on over its restarts, less ours */
    bool awaited;      /* started, and not yet heard of */
};

struct tier_c_finding {
    int number; /* of an invariant, or RUN_EXPECT */
    int64_t at_ns;
    char text[400];
};

struct tier_c_run {
    const struct live_options *o;
    struct scenario *s; /* its times divided */
    json_t *tree;       /* as that */
    char folder[TIER_C_PATH];
    char nxp[TIER_C_PATH], mockorch[TIER_C_PATH];
    struct event_base *loop;
    struct event *tick, *interrupt, *terminate;
    struct prng prng;
    int64_t zero_ns; /* the machine's clock when the run began */
    struct tier_c_mock mock;
    struct tier_c_client *clients;
    unsigned client_count;
    struct journal_read journal;
    bool has_books; /* its lists of tasks and credits are those of the end */
    struct journal_kill *kill_list; /* and orderly ends, which forget as much */
    size_t kill_count;
    int64_t *event_due_ns; /* of each event of the scenario; TIER_C_NEVER: never again */
    int64_t looked_ns, told_ns;
    bool healed, recovered, over, cancelled, settled;
    int64_t recovered_ns, drain_ns, patience_ns;
    uint64_t happened;
    enum status st; /* why it could not go on */
    struct why *why;
    struct tier_c_finding findings[TIER_C_FINDINGS];
    size_t finding_count;
    uint64_t metrics[RUN_METRICS];
};

/* What is ready now happens, or we sleep for a moment. */
void tier_c_turn(struct tier_c_run *r);
/* Since the beginning of the run. */
int64_t tier_c_now_ns(const struct tier_c_run *r);
/* A line of progress, with the time. */
void tier_c_tell(const struct tier_c_run *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A rule is broken; of each number the first one is kept. */
void tier_c_find(struct tier_c_run *r, int number, int64_t at_ns, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A path in the run's folder. */
void tier_c_path(char out[TIER_C_PATH], const struct tier_c_run *r, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* tier_c_check.c: ST_INPUT for what cannot be carried out, or it is taken out of the scenario and
 * told. */
enum status MUST_USE tier_c_check(struct scenario *s, const struct live_options *o,
                                  struct why *why);
/* Can this one be seen from outside? */
bool tier_c_measures(enum run_metric m, bool foreign);

/* tier_c_mock.c */
enum status MUST_USE tier_c_mock_start(struct tier_c_run *r, struct why *why); /* the first time */
void tier_c_mock_down(struct tier_c_run *r, int64_t for_ns);
void tier_c_mock_look(struct tier_c_run *r); /* starts it again; sees that it has died */
enum status MUST_USE tier_c_mock_heal(struct tier_c_run *r, struct why *why);  /* no faults any more */
enum status MUST_USE tier_c_mock_drain(struct tier_c_run *r, struct why *why); /* no tasks any more */
/* An admin call. ST_NOT_FOUND: it is down. */
enum status MUST_USE tier_c_mock_ask(struct tier_c_run *r, struct buffer *out, const char *method,
                                     const char *path, const char *body, struct why *why);
bool tier_c_mock_await(struct tier_c_run *r); /* if it is down for a while; false: for good */
void tier_c_mock_end(struct tier_c_run *r);

/* tier_c_client.c */
void tier_c_clients_name(struct tier_c_run *r); /* the orchestrator is told their nodes */
enum status MUST_USE tier_c_clients_new(struct tier_c_run *r, struct why *why); /* and is up */
void tier_c_clients_free(struct tier_c_run *r);
void tier_c_clients_look(struct tier_c_run *r); /* starts, ends, slowness */
void tier_c_client_kill(struct tier_c_run *r, struct tier_c_client *c, int64_t for_ns);
/* SIGTERM, and another one so long after its end. */
void tier_c_client_stop(struct tier_c_run *r, struct tier_c_client *c, int64_t for_ns);
/* As soon as the first one has said a word, and has its store. */
void tier_c_client_second(struct tier_c_client *c);
/* One that has not said a word yet is spared: without a worker it does not start at all. */
void tier_c_client_hurt_worker(const struct tier_c_client *c, int signal);
void tier_c_client_slow(struct tier_c_run *r, struct tier_c_client *c, double times,
                        int64_t for_ns);
/* The gap of the network's client, as much shorter as everything else, in whole seconds. */
int64_t tier_c_fetch_interval_ns(const struct tier_c_run *r, const struct profile *p);
void tier_c_thaw(struct tier_c_client *c);
/* ST_INPUT, with what is known of one that has made no request. */
enum status MUST_USE tier_c_clients_silent(const struct tier_c_run *r, struct why *why);
/* All of them are told to end, and ours must do so well. */
void tier_c_clients_end(struct tier_c_run *r);

/* tier_c_event.c: what the scenario has happen. */
void tier_c_events_look(struct tier_c_run *r);

/* tier_c_phase.c: heal, recover, drain, settle, and when it is over. */
void tier_c_phase_look(struct tier_c_run *r);

/* tier_c_journal.c: what the orchestrator has recorded. */
void tier_c_journal_look(struct tier_c_run *r); /* what is new, if it can be had */
enum status MUST_USE tier_c_journal_books(struct tier_c_run *r, struct why *why); /* in the end */
/* The longest Retry-After that was told so far. */
int64_t tier_c_journal_advice_ns(const struct tier_c_run *r);
/* The longest time for which our client doubts its proofs, as far as they were refused so far. */
int64_t tier_c_journal_doubt_ns(const struct tier_c_run *r);
enum status MUST_USE tier_c_journal_verdict(struct journal_verdict *out, struct tier_c_run *r,
                                            struct why *why);

/* tier_c_verdict.c: all of it judged, and figures. */
enum status MUST_USE tier_c_verdict(struct tier_c_run *r, struct why *why);

/* tier_c_home.c: what our client has left on disk, and has said. */
/* Tasks that are not in a final state. A home that cannot be read yet counts as one. */
uint64_t tier_c_home_open(const struct tier_c_client *c);
/* Held against the orchestrator's books; and counted. */
enum status MUST_USE tier_c_home_verdict(struct tier_c_run *r, const struct tier_c_client *c,
                                         struct why *why);
