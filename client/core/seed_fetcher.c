/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "client/core/problem.h"
#include "client/core/seed_state.h"

#define LOW_WATER       25
#define BATCH           20
#define NOT_FOUND_LIMIT 5
#define BACKOFF_MOST_NS (60 * NS_PER_S)
#define TICK_NS         (500 * NS_PER_MS)
#define FETCH_LIMIT_NS  (60 * NS_PER_S)

static void collect(struct reference_seed *c, struct seed_task *t)
{
    *c->collected_end = t;
    c->collected_end = &t->next;
}

static struct seed_task *take_collected(struct reference_seed *c)
{
    struct seed_task *t = c->collected;

    c->collected = t->next;
    if (!c->collected)
        c->collected_end = &c->collected;
    return t;
}

static void end_fetch(struct reference_seed *c, int64_t backoff_ns, int64_t now_ns)
{
    c->fetching = SEED_IDLE;
    c->fetch_request = 0;
    c->fetch_ended_ns = now_ns;
    c->looked_ns = now_ns;
    c->backoff_ns = backoff_ns;
}

static int64_t longer_ns(const struct reference_seed *c)
{
    return 2 * c->backoff_ns < BACKOFF_MOST_NS ? 2 * c->backoff_ns : BACKOFF_MOST_NS;
}

/* What was collected is forgotten: the server still lists it as assigned. */
static void failed(struct reference_seed *c, enum line_level level, const char *event,
                   const char *text, int64_t now_ns)
{
    seed_fetcher_fini(c);
    c->base.stats.fetch_errors++;
    end_fetch(c, longer_ns(c), now_ns);
    seed_say(c, LINE_ERROR, level, event, NULL, "Task Fetcher: %s, retrying in %lld s", text,
             (long long)(c->backoff_ns / NS_PER_S));
}

static void tell_outcome(struct reference_seed *c, int64_t now_ns)
{
    bool many = c->fresh >= 5 || c->tasks.count * 100 >= 80 * SEED_TASK_QUEUE;

    if (c->fresh > 0) {
        end_fetch(c, SEED_BACKOFF_NS, now_ns);
        seed_say(c, LINE_REFRESH, many ? LINE_INFO : LINE_DEBUG, "queued", NULL,
                 "Task Fetcher: Queue status: +%zu tasks, %zu of %d", c->fresh, c->tasks.count,
                 SEED_TASK_QUEUE);
    } else if (c->duplicates > 0) {
        end_fetch(c, longer_ns(c), now_ns);
        seed_say(c, LINE_REFRESH, LINE_WARN, "duplicates", NULL,
                 "Task Fetcher: All %zu tasks were duplicates, backing off for %lld s",
                 c->duplicates, (long long)(c->backoff_ns / NS_PER_S));
    } else {
        end_fetch(c, SEED_BACKOFF_NS, now_ns);
        seed_say(c, LINE_REFRESH, LINE_INFO, "none", NULL, "Task Fetcher: No tasks available");
    }
}

/* As far as the queue has room; the fetcher waits for the rest. */
static void enqueue_collected(struct reference_seed *c, int64_t now_ns)
{
    while (c->collected) {
        bool known = seed_cache_has(&c->enqueued, c->collected->task_id, now_ns);

        if (!known && seed_queue_full(&c->tasks))
            return;
        if (known) {
            seed_task_free(take_collected(c));
            c->duplicates++;
            c->base.stats.duplicates++;
            continue;
        }
        seed_cache_add(&c->enqueued, c->collected->task_id, now_ns);
        seed_queue_put(&c->tasks, take_collected(c));
        c->fresh++;
        c->base.stats.fetched++;
    }
    tell_outcome(c, now_ns);
}

static void enough(struct reference_seed *c, int64_t now_ns)
{
    c->fetching = SEED_QUEUEING;
    c->fetch_request = 0;
    c->fresh = c->duplicates = 0;
    enqueue_collected(c, now_ns);
}

static void http_failed(struct reference_seed *c, const struct http_response *r, int64_t now_ns)
{
    bool denied = r->status == 401 || r->status == 403;
    char text[PROBLEM_TEXT];

    problem_describe(text, r);
    failed(c, denied ? LINE_ERROR_LEVEL : LINE_WARN,
           r->status == 429 ? "fetch_limited" : "fetch_failed", text, now_ns);
}

static bool take_task(struct reference_seed *c, const char *task_id, const char *program_id,
                      struct bytes inputs)
{
    struct seed_task *t = seed_task_new(task_id, program_id, inputs);

    if (t)
        collect(c, t);
    return t != NULL;
}

static void list_answered(struct reference_seed *c, const struct http_response *r, int64_t now_ns)
{
    struct wire_memory memory = {0};
    struct wire_tasks list = {.task_count = 0};
    struct why why = {""};
    enum status st = ST_OK;

    if (r->status != 404 && (r->status < 200 || r->status >= 300)) {
        http_failed(c, r, now_ns);
        return;
    }
    if (r->status != 404)
        st = wire_decode_tasks(&list, &memory, r->body, WIRE_MAX_RESPONSE, &why);
    for (size_t i = 0; i < list.task_count && !st; i++)
        if (!take_task(c, list.tasks[i].task_id, list.tasks[i].program_id,
                       list.tasks[i].public_inputs))
            st = fail(&why, ST_NO_MEMORY, "out of memory for the tasks");
    if (st)
        failed(c, LINE_WARN, "fetch_failed", why.text, now_ns);
    else if (list.task_count > 0)
        enough(c, now_ns);
    else
        c->fetching = SEED_POSTING;
    wire_memory_fini(&memory);
}

static void post_answered(struct reference_seed *c, const struct http_response *r, int64_t now_ns)
{
    struct wire_memory memory = {0};
    struct wire_fetched one;
    struct why why = {""};
    enum status st;

    c->posts++;
    if (r->status == 429 || (r->status == 404 && ++c->not_found == NOT_FOUND_LIMIT)) {
        enough(c, now_ns);
        return;
    }
    if (r->status >= 200 && r->status < 300) {
        st = wire_decode_fetched(&one, &memory, r->body, WIRE_MAX_RESPONSE, &why);
        if (!st && !take_task(c, one.task_id, one.program_id, one.public_inputs))
            st = fail(&why, ST_NO_MEMORY, "out of memory for the task");
        wire_memory_fini(&memory);
        c->not_found = 0;
        if (st)
            failed(c, LINE_WARN, "fetch_failed", why.text, now_ns);
    } else if (r->status != 404) {
        http_failed(c, r, now_ns);
    }
    if (c->fetching == SEED_POSTING && c->posts == BATCH)
        enough(c, now_ns);
}

/* Ticks are the multiples of half a second since the start; one that was looked at is over. */
static int64_t next_tick_ns(const struct reference_seed *c)
{
    int64_t from_ns = c->fetch_ended_ns + c->backoff_ns;
    int64_t after_ns = c->looked_ns + 1;
    int64_t least_ns = (from_ns > after_ns ? from_ns : after_ns) - c->start_ns;

    return c->start_ns + (least_ns + TICK_NS - 1) / TICK_NS * TICK_NS;
}

void seed_fetcher_advance(struct reference_seed *c, int64_t now_ns)
{
    bool room = c->tasks.count < LOW_WATER;

    if (room && !c->had_room) /* earlier ticks found none */
        c->looked_ns = now_ns - 1;
    c->had_room = room;
    if (c->fetching == SEED_QUEUEING) {
        enqueue_collected(c, now_ns);
    } else if (c->fetching != SEED_IDLE) {
        if (now_ns - c->fetch_began_ns >= FETCH_LIMIT_NS)
            failed(c, LINE_WARN, "fetch_timeout", "Fetch timeout", now_ns);
    } else if (room && next_tick_ns(c) <= now_ns) {
        c->fetching = SEED_LISTING;
        c->fetch_began_ns = now_ns;
        c->posts = c->not_found = 0;
    }
    if (c->fetching == SEED_IDLE)
        c->looked_ns = now_ns;
}

bool seed_fetcher_poll(struct reference_seed *c, struct action *out)
{
    if (c->fetch_request || c->stopping ||
        (c->fetching != SEED_LISTING && c->fetching != SEED_POSTING))
        return false;
    buffer_reset(&c->base.body);
    if (c->fetching == SEED_LISTING) {
        wire_encode_list(&c->base.body, &(struct wire_list){.node_id = c->base.node_id});
        c->fetch_request = reference_request(&c->base, out, HTTP_GET, "/v3/tasks");
    } else {
        wire_encode_fetch(
            &c->base.body,
            &(struct wire_fetch){.node_id = c->base.node_id,
                                 .node_type = NODE_CLI_PROVER,
                                 .public_key = bytes_of(c->base.public_key, SIGNING_PUBLIC_SIZE)});
        c->fetch_request = reference_request(&c->base, out, HTTP_POST, "/v3/tasks");
    }
    c->base.stats.fetch_requests++;
    return true;
}

void seed_fetcher_answered(struct reference_seed *c, const struct http_response *r, int64_t now_ns)
{
    c->fetch_request = 0;
    if (c->fetching == SEED_LISTING)
        list_answered(c, r, now_ns);
    else
        post_answered(c, r, now_ns);
}

void seed_fetcher_failed(struct reference_seed *c, const char *text, int64_t now_ns)
{
    failed(c, LINE_WARN, "fetch_failed", text, now_ns);
}

int64_t seed_fetcher_deadline_ns(const struct reference_seed *c)
{
    if (c->fetching == SEED_LISTING || c->fetching == SEED_POSTING)
        return c->fetch_began_ns + FETCH_LIMIT_NS;
    return c->fetching == SEED_IDLE && c->tasks.count < LOW_WATER ? next_tick_ns(c) : INT64_MAX;
}

void seed_fetcher_fini(struct reference_seed *c)
{
    while (c->collected)
        seed_task_free(take_collected(c));
}
