/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching: when, for which difficulty, and what to do with the answer (client.md 5.3, 5.4).
 *
 * Fetching, proving and submitting go on side by side, joined by the ledger alone; the reference is
 * serial (5.1). While a task is proved the next one may arrive, so that the prover does not idle
 * for the time between two fetches. At most profile.queue_tasks are behind it, however many inputs
 * the prover takes (it may have a queue of its own): a task's life is short (13.3) and runs from its
 * arrival, so that one fetched further ahead would only grow old, or expire, in our queue.
 *
 * A proof that may go out now goes out first. One that waits (for its time, for the user's
 * allowance, for the answer to another one) holds nothing up, until there are profile.open_tasks of
 * them. */
#include <assert.h>
#include <string.h>

#include "base/buggify.h"
#include "base/clock.h"
#include "client/core/limit.h"
#include "client/core/problem.h"
#include "client/core/state.h"
#include "client/core/task_input.h"

/* A proof leaves as soon as the disk has it. */
static bool is_leaving(const struct core *c, const struct entry *e)
{
    return (e->record.state == OUTBOX_PROVED && !ledger_durable(&c->ledger, e)) ||
           (e->record.state == OUTBOX_SENDING && !c->submit_request);
}

/* The prover is busy for so long that a task fetched now would be late: by cautious estimates of the
 * queue and of what is asked for, and as long as nobody knows how long the queue takes. The first proof
 * of all tells, and costs no more than one fetch behind it; to keep a batch is what its profile does. */
static bool queue_is_too_long(const struct core *c)
{
    int64_t queue_s = 0, life;
    size_t inputs = 0;
    bool known = true;
    enum difficulty asks;

    for (size_t i = 0; i < c->ledger.count; i++) {
        const struct entry *e = c->ledger.entries[i];
        struct learnt_task t = {.program = e->record.program_id,
                                .difficulty = e->record.difficulty,
                                .inputs = e->missing};
        int64_t takes_s = learnt_takes_s(&c->learnt, &t, 1);

        if (e->record.state != OUTBOX_FETCHED || e->missing == 0)
            continue;
        queue_s += takes_s;
        inputs += e->missing;
        known = known && takes_s > 0;
    }
    if (!known && inputs >= c->job_room && !c->profile->batch)
        return true;
    queue_s /= c->job_room;
    if (queue_s == 0)
        return false;
    asks = learnt_ask(&c->learnt, c->job_room);
    life = lifespan_s(&c->learnt.life, asks);
    return life != LIFESPAN_UNKNOWN &&
           queue_s + speed_bucket_ns(&c->learnt.speed, asks, c->job_room) / NS_PER_S > life;
}

bool fetch_wanted(const struct core *c)
{
    size_t open = ledger_open(&c->ledger), unproved = 0;

    if (c->phase != PHASE_WORKING || c->fetch_request || open >= c->profile->open_tasks || /* I14 */
        (open > 0 && doubt_probes(&c->doubt)))
        return false;
    if (c->max_tasks && c->stats.accepted + open >= c->max_tasks)
        return false;
    for (size_t i = 0; i < c->ledger.count; i++) {
        const struct entry *e = c->ledger.entries[i];

        if (is_leaving(c, e))
            return false;
        unproved += e->record.state == OUTBOX_FETCHED;
    }
    return c->batch.active || (unproved <= c->profile->queue_tasks && !queue_is_too_long(c));
}

/* Nothing to prove and nothing to send: we only wait for the next task, and say so. */
static bool is_idle(const struct core *c)
{
    for (size_t i = 0; i < c->ledger.count; i++)
        if (c->ledger.entries[i]->record.state == OUTBOX_FETCHED)
            return false;
    return !c->submit_record;
}

void fetch_decide(struct core *c, int64_t now_ns)
{
    const struct route *route = &c->routes[CORE_ROUTE_FETCH];
    int64_t wait_ns = route_wait_ns(route, now_ns);
    char why[ROUTE_WHY];

    if (wait_ns == 0 || c->fetch_wait_said || c->batch.active || !fetch_wanted(c) || !is_idle(c))
        return;
    c->fetch_wait_said = true;
    route_words(route, why, now_ns);
    say(c, LINE_WAITING, LINE_INFO, "waiting", NULL, 0,
        "Step 1 of 4: Waiting - ready for next task (%lld) seconds%s%s", whole_seconds(wait_ns),
        *why ? ": " : "", why);
    say_wait(c, wait_ns);
}

static void put_fetch(struct core *c)
{
    buffer_reset(&c->body);
    wire_encode_fetch(&c->body, &(struct wire_fetch){
                                    .node_id = c->fetch_node->id,
                                    .node_type = NODE_CLI_PROVER,
                                    .public_key = bytes_of(c->public_key, sizeof c->public_key),
                                    .max_difficulty = c->fetch_asked,
                                });
}

/* The request whose body was just put. false: there was no memory for it, and none goes out. */
static bool ask(struct core *c, struct action *out, enum http_method method, int64_t now_ns)
{
    assert(!c->fetch_request); /* I6 */
    if (!buffer_ok(&c->body)) {
        fetch_failed(c, false,
                     &(struct route_note){.outcome = ROUTE_ANSWERED,
                                          .advice_ns = BACKOFF_NO_ADVICE,
                                          .text = "out of memory for the request"},
                     now_ns);
        return false;
    }
    c->fetch_request = core_request(c, out, method, "/v3/tasks");
    out->request.body = buffer_bytes(&c->body); /* of a GET, too */
    c->stats.fetch_requests++;
    c->fetch_node->fetch_requests++;
    return true;
}

bool fetch_poll(struct core *c, struct action *out, int64_t now_ns)
{
    struct route *route = &c->routes[CORE_ROUTE_FETCH];

    if (!fetch_wanted(c) || (!c->batch.active && route_wait_ns(route, now_ns) > 0))
        return false;
    if (c->batch.active) { /* goes on at once */
        put_fetch(c);
        return ask(c, out, HTTP_POST, now_ns);
    }
    if (!c->fetch_wait_said)
        say(c, LINE_REFRESH, LINE_INFO, "fetching", NULL, 0, "Step 1 of 4: Fetching task...");
    c->fetch_wait_said = false;
    c->fetch_asked = learnt_ask(&c->learnt, c->job_room);
    if (BUGGIFY(EASIER_TASK))
        c->fetch_asked = difficulty_down(c->fetch_asked);
    c->fetch_node = node_take_turn(c);

    route_spend(route, now_ns); /* I5 */
    core_hold(c, CORE_ROUTE_FETCH, route_due_ns(route));
    if (c->profile->batch)
        batch_begin(c);
    else
        put_fetch(c);
    return ask(c, out, c->profile->batch ? HTTP_GET : HTTP_POST, now_ns);
}

/* To a node that the orchestrator has forgotten since, or does not serve. */
static bool is_denial(unsigned status)
{
    return status == 401 || status == 403 || status == 404;
}

/* Too fast, or too early? Where the server does not tell, the words stay those of both. */
static void say_limited(struct core *c, const struct route_note *note, int64_t wait_ns)
{
    static const struct {
        const char *event, *words;
    } kinds[] = {
        [LIMIT_UNSAID] = {"fetch_limited", "No task for now"},
        [LIMIT_TOO_FAST] = {"fetch_too_fast", "The allowance is used up"},
        [LIMIT_NO_TASK] = {"fetch_no_task", "No task is there yet"},
    };
    enum limit limit = limit_of(note->response);

    say(c, LINE_ERROR, LINE_INFO, kinds[limit].event, NULL, note->response->status,
        "%s (%s); %s, next try in %lld s", kinds[limit].words, note->text,
        backoff_advice_words(note->advice_ns), whole_seconds(wait_ns));
}

/* The gap counts from the end of an attempt, as in the reference. */
int64_t fetch_ended(struct core *c, const struct route_note *note, int64_t wait_ns, int64_t now_ns)
{
    struct route *route = &c->routes[CORE_ROUTE_FETCH];
    int64_t gap_ns;

    c->fetch_request = 0;
    core_note(c, CORE_ROUTE_FETCH, note, now_ns);
    gap_ns = pace_gap_ns(&route->pace) * (BUGGIFY(LONG_FETCH_GAP) ? 3 : 1);
    pace_hold(&route->pace, now_ns + (wait_ns > gap_ns ? wait_ns : gap_ns));
    core_hold(c, CORE_ROUTE_FETCH, route_due_ns(route));
    return route_wait_ns(route, now_ns);
}

void fetch_failed(struct core *c, bool node_s_own, const struct route_note *note, int64_t now_ns)
{
    unsigned status = note->response ? note->response->status : 0;
    bool others = node_s_own && node_stand_aside(c, c->fetch_node);
    int64_t wait_ns = others && note->advice_ns <= 0
                          ? 0
                          : backoff_fail_ns(&c->fetch_backoff, &c->rng, note->advice_ns);

    c->batch.active = false;
    c->stats.fetch_errors++;
    wait_ns = fetch_ended(c, note, wait_ns, now_ns);
    c->fetch_wait_said = true; /* this line says it */
    if (status == 429)
        say_limited(c, note, wait_ns);
    else
        say(c, LINE_ERROR, is_denial(status) ? LINE_ERROR_LEVEL : LINE_WARN, "fetch_failed", NULL,
            status, "Failed to fetch a task: %s; %s%snext try in %lld s", note->text,
            note->advice_ns > 0 ? backoff_advice_words(note->advice_ns) : "",
            note->advice_ns > 0 ? ", " : "", whole_seconds(wait_ns));
    say_wait(c, wait_ns);
}

void fetch_transport(struct core *c, const char *text, int64_t now_ns)
{
    fetch_failed(
        c, false,
        &(struct route_note){.outcome = ROUTE_BROKEN, .advice_ns = BACKOFF_NO_ADVICE, .text = text},
        now_ns);
}

/* The record of a task. A task that cannot be read becomes a record too, so that it is in the
 * history and is not tried again. */
static struct entry *enter(struct core *c, const struct wire_task *task, int64_t now_ns,
                           struct why *why, enum status *readable)
{
    struct outbox_record record;
    struct entry *e;

    *readable = ST_OK;
    assert(ledger_open(&c->ledger) < c->profile->open_tasks); /* I14 */
    if (!outbox_record_init(&record, c->fetch_node->id, task->task_id, task->program_id,
                            task->input_count))
        return NULL;
    record.id = c->next_record_id++;
    record.state = OUTBOX_FETCHED;
    record.task_type = task->task_type;
    record.difficulty = task->difficulty;
    record.fetched_wall_s = core_wall_s(c, now_ns);
    memcpy(record.public_key, c->public_key, sizeof record.public_key);
    if (task->input_count == 0)
        *readable = fail(why, ST_INPUT, "the task has no inputs");
    for (size_t i = 0; i < task->input_count && !*readable; i++)
        *readable = task_input(record.inputs[i], task->program_id, task->inputs[i], why);
    e = ledger_add(&c->ledger, &record);
    if (!e) {
        outbox_record_fini(&record);
        return NULL;
    }
    e->arrived_ns = now_ns;
    ledger_touch(e);
    return e;
}

static void say_task(struct core *c, const struct entry *e)
{
    if (e->record.difficulty != c->fetch_asked)
        say(c, LINE_SUCCESS, LINE_INFO, "difficulty_adjusted", &e->record, 0,
            "Server adjusted difficulty: asked %s, assigned %s (by reputation)",
            difficulty_name(c->fetch_asked), difficulty_name(e->record.difficulty));
    say(c, LINE_SUCCESS, LINE_INFO, "task", &e->record, 0, "Step 1 of 4: Got task %s",
        e->record.task_id);
}

bool fetch_enter(struct core *c, const struct wire_task *task, int64_t now_ns)
{
    enum status readable;
    struct why why;
    struct entry *e = enter(c, task, now_ns, &why, &readable);

    if (!e)
        return false;
    c->stats.fetched++;
    c->fetch_node->fetched++;
    c->fetch_node->troubles = 0;
    if (!c->profile->batch)
        say_task(c, e);
    if (readable)
        work_abandon(c, e, now_ns, why.text);
    return true;
}

static void got_task(struct core *c, const struct wire_task *task, struct route_note *note,
                     int64_t now_ns)
{
    if (ledger_knows(&c->ledger, task->task_id)) { /* I8 */
        c->stats.duplicates++;
        note->outcome = ROUTE_ANSWERED;
        note->advice_ns = BACKOFF_NO_ADVICE;
        note->text = "the server handed out a task that we know already";
        fetch_failed(c, true, note, now_ns);
    } else if (!fetch_enter(c, task, now_ns)) {
        note->outcome = ROUTE_ANSWERED;
        note->advice_ns = BACKOFF_NO_ADVICE;
        note->text = "out of memory for the task";
        fetch_failed(c, false, note, now_ns);
    } else {
        fetch_ended(c, note, 0, now_ns);
        backoff_reset(&c->fetch_backoff);
    }
}

void fetch_response(struct core *c, const struct http_response *r, int64_t now_ns)
{
    struct wire_memory memory = {0};
    struct wire_fetched answer;
    char text[PROBLEM_TEXT] = "";
    struct why why;
    struct route_note note = {.outcome = route_outcome_of(r->status),
                              .advice_ns = backoff_advice_ns(r, core_wall_s(c, now_ns)),
                              .response = r,
                              .text = text};

    if (note.outcome == ROUTE_LIMITED && limit_of(r) == LIMIT_NO_TASK)
        note.outcome = ROUTE_ANSWERED;
    if (r->status < 200 || r->status >= 300)
        problem_describe(text, r);
    if (c->profile->batch) {
        batch_response(c, &note, now_ns);
    } else if (r->status < 200 || r->status >= 300) {
        fetch_failed(c, is_denial(r->status), &note, now_ns);
    } else if (wire_decode_fetched(&answer, &memory, r->body, WIRE_MAX_RESPONSE, &why)) {
        fail_within(&why, ST_INPUT, "Decoding error");
        note.outcome = ROUTE_BROKEN;
        note.text = why.text;
        fetch_failed(c, false, &note, now_ns);
    } else if (!answer.has_task || !*answer.task.task_id) {
        note.outcome = ROUTE_BROKEN;
        note.text = "Decoding error: the answer holds no task";
        fetch_failed(c, false, &note, now_ns);
    } else {
        got_task(c, &answer.task, &note, now_ns);
    }
    wire_memory_fini(&memory);
}
