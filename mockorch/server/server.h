/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrator on a socket: evhttp in front of mockorch/core, a judge on threads behind it.
 *
 * Beside the protocol it has pages (mockorch/server/pages.h): on the same listener, or only on one of
 * their own.
 *
 * Owner:   heap (server_free accepts NULL). Orchestrator, judge and clock are borrowed.
 * Threads: everything belongs to one thread, the one that calls server_run; only server_stop may be
 *          called from any thread and from a signal handler.
 * Errors:  ST_INPUT: an address that is none; ST_EXISTS: it is in use; ST_IO; ST_NO_MEMORY.
 *
 * A test tool: whoever reaches the protocol's listener may use it.
 */
#pragma once
#include "base/clock.h"
#include "mockorch/core/orchestrator.h"
#include "mockorch/server/recorder.h"
#include "mockorch/server/tls.h"

struct server;

struct server_record { /* one answer, for the log */
    int64_t now_ns, took_ns; /* took: from the request to the answer, judge included */
    const struct verdict *verdict;
};

struct server_options {
    const char *listen; /* "127.0.0.1:8080", "[::1]:0", "unix:PATH"; port 0: a free one */
    const char *admin_listen; /* of the pages, always plain HTTP; NULL: they are on `listen` */
    const char *admin_token;  /* NULL: see mockorch/server/pages.h */
    struct tls *tls;          /* of `listen`; NULL: plain HTTP */
    struct recorder *recorder; /* NULL: nothing is recorded, replayed or compared */
    const char *tape;          /* that it records on, for /admin/har; NULL: none */
    struct orchestrator *orchestrator;
    struct judge *judge;
    unsigned judge_threads;  /* 0: 1 */
    unsigned judge_queue;    /* cases waiting or under way; 0: 64 */
    size_t max_body_bytes;   /* 0: the largest submission. All together: four times as much */
    unsigned max_connections; /* 0: 16384 */
    unsigned max_exchanges;   /* requests of the protocol that wait for their answers; 0: 8192 */
    int64_t arrival_ns;       /* from a request's first byte to its last; 0: 60 s */
    /* NULL: the judge works on those threads. Otherwise on the loop, without any thread: each case so
     * long after it came (virtual time). */
    int64_t (*judge_takes_ns)(void *context);
    void *judge_context;
    int64_t grace_ns;        /* how long a stop waits for answers under way; 0: 5 s */
    const struct clock *clock; /* NULL: the machine's */
    void (*log)(void *context, const struct server_record *record); /* may be NULL */
    void *log_context;
};

/* Listens from here on. */
enum status MUST_USE server_new(struct server **out, const struct server_options *options,
                                struct why *why);
void server_free(struct server *s);
/* "http://127.0.0.1:41873", "https://…", "unix:PATH" */
const char *server_url(const struct server *s);
/* Of the pages' own listener; NULL: there is none. */
const char *server_admin_url(const struct server *s);
unsigned server_port(const struct server *s);

/* Serves until server_stop; then no new connections, answers under way are finished. */
void server_run(struct server *s);
void server_stop(struct server *s);

/* Instead of server_run, for whoever owns the time: does all that is ready now, and says after how
 * long it wants to be called again if nothing arrives; INT64_MAX: never. */
int64_t server_turn(struct server *s);
