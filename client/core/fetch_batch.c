/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching as v0.9.0 does (client.md 12.3 - 12.5), without its losses:
 *
 *   idle --pace, queue below the mark--> GET /v3/tasks --tasks--> idle
 *                                           | nothing new, 404
 *                                           v
 *                                        POST /v3/tasks, up to 20 times --429, five 404s--> idle
 *
 *   subject                 v0.9.0                           here
 *   a failure in between    what came before is forgotten    each task is kept when it arrives
 *   429                     30 or 60 s, Retry-After unread   Retry-After is obeyed
 *   known tasks             proved again after five minutes  never proved twice (I8)
 *   a list of known tasks   nothing is fetched               on with POST: a proof that waits for
 * its time does not stop the prover more than we can keep   taken                            left:
 * the server lists them again types of tasks, inputs  not known                        as the
 * server says, when it says
 *
 * Round robin is not imitated: a worker that is free takes the next task. */
#include "base/clock.h"
#include "client/core/problem.h"
#include "client/core/state.h"
#include "client/core/task_input.h"

#define BATCH           20
#define NOT_FOUND_LIMIT 5
#define MALFORMED_MOST  8 /* of one answer: each of them says a line */

void batch_begin(struct core *c)
{
    c->batch = (struct batch){.active = true};
    buffer_reset(&c->body);
    wire_encode_list(&c->body, &(struct wire_list){.node_id = c->fetch_node->id});
}

static bool is_full(const struct core *c)
{
    size_t open = ledger_open(&c->ledger);

    return open >= c->profile->open_tasks ||
           (c->max_tasks && c->stats.accepted + open >= c->max_tasks);
}

/* The next batch is at least a gap away; after nothing but known tasks up to twice as long. */
static void end(struct core *c, const struct route_note *note, int64_t now_ns)
{
    bool stale = c->batch.fresh == 0 && c->batch.duplicates > 0;
    int64_t wait_ns = 0;

    c->batch.active = false;
    if (stale || note->advice_ns > 0)
        wait_ns = backoff_fail_ns(&c->fetch_backoff, &c->rng, note->advice_ns);
    if (!stale)
        backoff_reset(&c->fetch_backoff);
    wait_ns = fetch_ended(c, note, wait_ns, now_ns);
    c->fetch_wait_said = true; /* these lines say it */
    if (c->batch.fresh > 0)
        say(c, LINE_REFRESH, LINE_INFO, "queued", NULL, 0,
            "Queue status: +%zu tasks, %zu open; next fetch in %lld s", c->batch.fresh,
            ledger_open(&c->ledger), whole_seconds(wait_ns));
    else if (stale)
        say(c, LINE_REFRESH, LINE_WARN, "duplicates", NULL, 0,
            "All %zu tasks were duplicates, backing off for %lld s", c->batch.duplicates,
            whole_seconds(wait_ns));
    else
        say(c, LINE_REFRESH, LINE_INFO, "none", NULL, note->response->status,
            "No tasks available; next fetch in %lld s", whole_seconds(wait_ns));
    say_wait(c, wait_ns);
}

/* v0.9.0 reads one input, from the deprecated field; a list of them counts when it is there. */
static struct wire_task whole(const struct wire_task *task)
{
    struct wire_task t = *task;

    if (t.input_count == 0 && task->public_inputs.size > 0) {
        t.inputs = &task->public_inputs;
        t.input_count = 1;
    }
    return t;
}

static bool is_readable(const struct wire_task *t)
{
    uint32_t input[3];

    for (size_t i = 0; i < t->input_count; i++)
        if (task_input(input, t->program_id, t->inputs[i], NULL))
            return false;
    return t->input_count > 0;
}

static void take(struct core *c, const struct wire_task *task, int64_t now_ns)
{
    struct wire_task t = whole(task);

    if (ledger_knows(&c->ledger, t.task_id)) { /* I8 */
        c->batch.duplicates++;
        c->stats.duplicates++;
        return;
    }
    if (is_full(c) || (!is_readable(&t) && c->batch.malformed++ >= MALFORMED_MOST))
        return;
    if (fetch_enter(c, &t, now_ns))
        c->batch.fresh++;
}

static void broken(struct core *c, struct route_note *note, const char *text, int64_t now_ns)
{
    note->outcome = ROUTE_BROKEN;
    note->text = text;
    fetch_failed(c, false, note, now_ns);
}

static void list_answered(struct core *c, struct route_note *note, int64_t now_ns)
{
    const struct http_response *r = note->response;
    struct wire_memory memory = {0};
    struct wire_tasks list = {.task_count = 0};
    struct why why;

    if (r->status != 404 && wire_decode_tasks(&list, &memory, r->body, WIRE_MAX_RESPONSE, &why)) {
        fail_within(&why, ST_INPUT, "Decoding error");
        broken(c, note, why.text, now_ns);
    } else {
        for (size_t i = 0; i < list.task_count; i++)
            take(c, &list.tasks[i], now_ns);
        if (c->batch.fresh > 0 || is_full(c)) {
            end(c, note, now_ns);
        } else {
            c->batch.posting = true;
            c->fetch_request = 0;
        }
    }
    wire_memory_fini(&memory);
}

static void took_one(struct core *c, struct route_note *note, int64_t now_ns)
{
    struct wire_memory memory = {0};
    struct wire_fetched one;
    struct why why;

    c->batch.not_found = 0;
    if (wire_decode_fetched(&one, &memory, note->response->body, WIRE_MAX_RESPONSE, &why)) {
        fail_within(&why, ST_INPUT, "Decoding error");
        broken(c, note, why.text, now_ns);
        goto out;
    }
    if (!one.has_task) /* as v0.9.0 reads it */
        one.task = (struct wire_task){.task_id = one.task_id,
                                      .program_id = one.program_id,
                                      .public_inputs = one.public_inputs};
    if (!*one.task.task_id) {
        broken(c, note, "Decoding error: the answer holds no task", now_ns);
        goto out;
    }
    take(c, &one.task, now_ns);
    if (c->batch.posts == BATCH || is_full(c))
        end(c, note, now_ns);
out:
    wire_memory_fini(&memory);
}

static void post_answered(struct core *c, struct route_note *note, int64_t now_ns)
{
    unsigned status = note->response->status;
    bool some = c->batch.fresh + c->batch.duplicates > 0;

    c->batch.posts++;
    c->fetch_request = 0;
    if (status >= 200 && status < 300) {
        took_one(c, note, now_ns);
    } else if (status == 404 && ++c->batch.not_found < NOT_FOUND_LIMIT && c->batch.posts < BATCH) {
        return; /* on with it */
    } else if (status == 404 || (status == 429 && some)) {
        note->outcome = some ? ROUTE_WELCOME : ROUTE_ANSWERED; /* how a batch ends */
        end(c, note, now_ns);
    } else {
        fetch_failed(c, false, note, now_ns);
    }
}

void batch_response(struct core *c, struct route_note *note, int64_t now_ns)
{
    unsigned status = note->response->status;

    if (c->batch.posting)
        post_answered(c, note, now_ns);
    else if (status == 404 || (status >= 200 && status < 300))
        list_answered(c, note, now_ns);
    else
        fetch_failed(c, false, note, now_ns);
}
