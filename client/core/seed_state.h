/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of v0.9.0 of the network client, for reference_seed.c, which puts them together; nobody
 * else includes it.
 *
 * Each part advances by itself, hands out its own requests or proofs, and takes their outcomes.
 */
#pragma once
#include "client/core/reference.h"
#include "client/core/seed_cache.h"
#include "client/core/seed_task.h"

#define SEED_WORKERS_MOST 8
#define SEED_BACKOFF_NS   ((int64_t)30 * 1000000000)

enum seed_fetching { SEED_IDLE, SEED_LISTING, SEED_POSTING, SEED_QUEUEING };

struct seed_worker {
    struct seed_queue queue;
    struct seed_task *task; /* being proved, or waiting for a place among the results */
    uint64_t job;           /* 0: not handed out yet, or done */
    bool done;
    uint32_t input[3];
};

struct reference_seed {
    struct reference base; /* first */
    bool running, stopping, stop_at_once, over;
    enum core_end end;
    int64_t start_ns, status_ns, statistics_ns;

    /* fetcher */
    enum seed_fetching fetching;
    uint64_t fetch_request;
    int64_t fetch_began_ns, fetch_ended_ns, backoff_ns, looked_ns;
    bool had_room; /* below the low-water mark, when last looked at */
    unsigned posts, not_found;
    struct seed_task *collected, **collected_end;
    size_t fresh, duplicates;
    struct seed_cache enqueued, successful;

    struct seed_queue tasks;
    struct seed_task *in_hand; /* the dispatcher's, for a worker whose queue is full */
    uint64_t dispatched;
    struct seed_worker workers[SEED_WORKERS_MOST];
    struct seed_queue results;

    /* submitter */
    struct seed_task *sending;
    uint64_t submit_request;
    int64_t measured_ns;
};

/* ---- reference_seed.c ---- */

void seed_say(struct reference_seed *c, enum line_type type, enum line_level level,
              const char *event, const char *task_id, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
void seed_stop(struct reference_seed *c, enum core_end end);

/* ---- seed_fetcher.c: GET /v3/tasks, then POST /v3/tasks up to twenty times (12.4 - 12.6) ---- */

void seed_fetcher_advance(struct reference_seed *c, int64_t now_ns);
bool seed_fetcher_poll(struct reference_seed *c, struct action *out);
void seed_fetcher_answered(struct reference_seed *c, const struct http_response *r, int64_t now_ns);
void seed_fetcher_failed(struct reference_seed *c, const char *text, int64_t now_ns);
int64_t seed_fetcher_deadline_ns(const struct reference_seed *c);
void seed_fetcher_fini(struct reference_seed *c);

/* ---- seed_workers.c: the dispatcher and the workers (12.7, 12.8) ---- */

void seed_workers_advance(struct reference_seed *c);
bool seed_workers_poll(struct reference_seed *c, struct action *out);
void seed_workers_ended(struct reference_seed *c, const struct event *ev);
unsigned seed_workers_proving(const struct reference_seed *c);
size_t seed_workers_open(const struct reference_seed *c);
void seed_workers_fini(struct reference_seed *c);

/* ---- seed_submitter.c: one proof at a time, once (12.9) ---- */

void seed_submitter_advance(struct reference_seed *c, int64_t now_ns);
bool seed_submitter_poll(struct reference_seed *c, struct action *out, int64_t now_ns);
void seed_submitter_answered(struct reference_seed *c, const struct http_response *r,
                             int64_t now_ns);
void seed_submitter_lose(struct reference_seed *c, const char *text);
