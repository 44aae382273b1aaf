/* SPDX-License-Identifier: Apache-2.0 */
/* v0.9.0 of the network client, as it was (client.md 12):
 *
 *   fetcher --(100 tasks)--> dispatcher --(8 each)--> W workers --(100 results)--> submitter
 *
 * Every full queue blocks its writer. A submission is tried once; a proof that is not accepted is
 * forgotten, and the task is proved again if the server still lists it five minutes later.
 *
 * Left out: the analytics event that v0.9.0 awaited, and whose failure lost the proof; and the
 * worker that may begin one more proof after the signal to stop. Ours: --max-tasks.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "client/core/seed_state.h"

#define STATUS_NS     (30 * NS_PER_S)
#define STATISTICS_NS (60 * NS_PER_S)

static struct reference_seed *of(struct runtime *r)
{
    return (struct reference_seed *)r;
}

void seed_say(struct reference_seed *c, enum line_type type, enum line_level level,
              const char *event, const char *task_id, const char *format, ...)
{
    struct line_about about = {.type = type, .level = level, .event = event, .task_id = task_id};
    va_list args;

    va_start(args, format);
    line_queue_say(&c->base.lines, &about, format, args);
    va_end(args);
}

void seed_stop(struct reference_seed *c, enum core_end end)
{
    c->stopping = true;
    c->end = end;
    c->fetch_request = c->submit_request = 0;
    seed_say(c, LINE_SHUTDOWN, LINE_INFO, "stopping", NULL,
             "Task Fetcher: Received shutdown signal");
}

/* ---- lines by the clock ---- */

static void tell_by_clock(struct reference_seed *c, int64_t now_ns)
{
    double seconds = (double)(now_ns - c->start_ns) / NS_PER_S;

    if (now_ns >= c->status_ns) {
        c->status_ns += STATUS_NS;
        seed_say(c, LINE_REFRESH, LINE_DEBUG, "queue", NULL, "Task Fetcher: Queue: %zu of %d tasks",
                 c->tasks.count, SEED_TASK_QUEUE);
    }
    if (now_ns >= c->statistics_ns) {
        c->statistics_ns += STATISTICS_NS;
        seed_say(c, LINE_REFRESH, LINE_INFO, "statistics", NULL,
                 "Proof Submitter: %llu tasks completed in %.0f s (%.1f tasks/min)",
                 (unsigned long long)c->base.stats.accepted, seconds,
                 60 * (double)c->base.stats.accepted / seconds);
    }
}

/* ---- the table ---- */

static void start(struct reference_seed *c, int64_t now_ns)
{
    assert(!c->running);
    c->running = true;
    c->start_ns = now_ns;
    c->fetch_ended_ns = now_ns - 31 * NS_PER_S;
    c->looked_ns = now_ns;
    c->had_room = true;
    c->status_ns = now_ns + STATUS_NS;
    c->statistics_ns = now_ns + STATISTICS_NS;
}

static void answered(struct reference_seed *c, const struct event *ev, int64_t now_ns)
{
    if (ev->id == c->fetch_request)
        seed_fetcher_answered(c, ev->response, now_ns);
    else if (ev->id == c->submit_request)
        seed_submitter_answered(c, ev->response, now_ns);
}

static void unanswered(struct reference_seed *c, const struct event *ev, int64_t now_ns)
{
    if (ev->id == c->fetch_request)
        seed_fetcher_failed(c, ev->transport.text, now_ns);
    else if (ev->id == c->submit_request)
        seed_submitter_lose(c, ev->transport.text);
}

static void handle(struct runtime *r, const struct event *ev, int64_t now_ns)
{
    struct reference_seed *c = of(r);

    c->base.wall_offset_ns = ev->wall_ns - now_ns;
    switch (ev->type) {
    case EV_START:
        start(c, now_ns);
        break;
    case EV_RESPONSE:
        answered(c, ev, now_ns);
        break;
    case EV_TRANSPORT:
        unanswered(c, ev, now_ns);
        break;
    case EV_PROVED:
    case EV_UNPROVED:
        seed_workers_ended(c, ev);
        break;
    case EV_SHUTDOWN:
        if (c->stopping)
            c->stop_at_once = true;
        else
            seed_stop(c, CORE_INTERRUPTED);
        break;
    case EV_TICK:
    case EV_SAVED:
    case EV_UNSAVED:
        break;
    }
}

static bool poll_end(struct reference_seed *c, struct action *out)
{
    if (!c->stopping || (seed_workers_proving(c) > 0 && !c->stop_at_once))
        return false; /* a proof under way is finished first, for nothing */
    c->over = true;
    *out = (struct action){.type = ACT_EXIT, .end = c->end};
    return true;
}

static void advance(struct reference_seed *c, int64_t now_ns)
{
    tell_by_clock(c, now_ns);
    seed_workers_advance(c);
    seed_submitter_advance(c, now_ns);
    seed_fetcher_advance(c, now_ns);
}

static bool poll(struct runtime *r, struct action *out, int64_t now_ns)
{
    struct reference_seed *c = of(r);

    if (!c->running || c->over)
        return false;
    if (line_queue_poll(&c->base.lines, out))
        return true;
    if (!c->stopping)
        advance(c, now_ns);
    return line_queue_poll(&c->base.lines, out) || seed_submitter_poll(c, out, now_ns) ||
           seed_workers_poll(c, out) || seed_fetcher_poll(c, out) ||
           line_queue_poll(&c->base.lines, out) || poll_end(c, out);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t deadline_ns(const struct runtime *r)
{
    const struct reference_seed *c = (const struct reference_seed *)r;
    int64_t deadline = least(c->status_ns, c->statistics_ns);

    if (!c->running || c->stopping)
        return INT64_MAX;
    if (c->sending && !c->submit_request)
        deadline = least(deadline, c->measured_ns);
    return least(deadline, seed_fetcher_deadline_ns(c));
}

static size_t open_tasks(const struct runtime *r)
{
    const struct reference_seed *c = (const struct reference_seed *)r;

    return c->tasks.count + seed_workers_open(c) + c->results.count + (c->sending != NULL);
}

static void snapshot(const struct runtime *r, struct snapshot *out, int64_t now_ns)
{
    const struct reference_seed *c = (const struct reference_seed *)r;

    (void)now_ns;
    reference_snapshot(&c->base, out, c->stopping ? "stopping" : "working");
    out->open = open_tasks(r);
    if (c->fetching == SEED_IDLE && !c->stopping)
        out->routes[CORE_ROUTE_FETCH].next_wall_ns =
            seed_fetcher_deadline_ns(c) + c->base.wall_offset_ns;
}

static void free_client(struct runtime *r)
{
    struct reference_seed *c = of(r);

    seed_fetcher_fini(c);
    seed_queue_fini(&c->tasks);
    seed_workers_fini(c);
    seed_queue_fini(&c->results);
    seed_task_free(c->sending);
    reference_fini(&c->base);
    free(c);
}

enum status reference_seed_new(struct runtime **out, const struct reference_options *o,
                               struct why *why)
{
    static const struct runtime_ops ops = {
        .restore = reference_forget,
        .handle = handle,
        .poll = poll,
        .deadline_ns = deadline_ns,
        .stats = reference_stats,
        .open_tasks = open_tasks,
        .snapshot = snapshot,
        .free = free_client,
    };
    struct reference_seed *c = calloc(1, sizeof *c);

    if (!c)
        return fail(why, ST_NO_MEMORY, "client: out of memory");
    assert(o->workers >= 1 && o->workers <= SEED_WORKERS_MOST);
    c->base.base.ops = &ops;
    c->collected_end = &c->collected;
    c->backoff_ns = SEED_BACKOFF_NS;
    c->tasks.room = SEED_TASK_QUEUE;
    c->results.room = SEED_RESULT_QUEUE;
    for (unsigned i = 0; i < o->workers; i++)
        c->workers[i].queue.room = SEED_WORKER_QUEUE;
    reference_init(&c->base, o, &profile_seed);
    *out = &c->base.base;
    return ST_OK;
}
