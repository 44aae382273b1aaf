/* SPDX-License-Identifier: Apache-2.0 */
/* The network client 0.10.18, as it is (client.md 5):
 *
 *   GREET --2xx--> READY --allowed--> FETCH --task--> PROVE --all--> MEASURE --> SUBMIT --2xx-->
 * READY |             ^  |  ^             |               |             ^            |  | or STOP
 *     |             |  v  |             |               |             +-- again ---+  |
 *     v             | WAIT|             +--- 1.1 s -----+--- 0.1 s ------- READY <----+ 0.1 s
 *   exit 1          +-----+
 *
 * Any failure of GET /v3/nodes ends it; so does an answer to a fetch without a task, or with an
 * unknown type of one. A failed submission loses the proof.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/payload.h"
#include "client/core/problem.h"
#include "client/core/reference.h"

#define INTERVAL_NS     (120 * NS_PER_S) /* between two fetches, and without advice */
#define EXTRA_S         10               /* on top of Retry-After */
#define ADVICE_CAP_S    600
#define AFTER_FETCH_NS  (1100 * NS_PER_MS) /* when it failed */
#define AFTER_TASK_NS   (100 * NS_PER_MS)
#define FETCH_REQUESTS  2
#define SUBMIT_REQUESTS 5
#define PROMOTE_BELOW_S 420

enum step { NEW, GREET, READY, WAIT, FETCH, PROVE, MEASURE, SUBMIT, STOP, ENDED, OVER };

struct reference_current {
    struct reference base; /* first */
    enum step step;
    int64_t wake_ns; /* READY, WAIT, MEASURE, STOP: nothing happens before */
    char node_path[ENROL_ID_SIZE + 16];
    uint64_t request;  /* under way; 0: none */
    unsigned requests; /* of this FETCH or SUBMIT so far */
    enum core_end end;

    /* The fetch timer (5.3). */
    bool fetched_before, blocked;
    int64_t last_ns, until_ns;

    /* What the last success was (4.7). */
    bool succeeded;
    enum difficulty last, asked;
    int64_t last_s;

    /* The task: input i is proved as job first_job + i. */
    struct outbox_record task;
    int64_t arrived_ns;
    uint64_t first_job;
    size_t begun, ended;
    bool failed; /* one of the inputs */
};

static struct reference_current *of(struct runtime *r)
{
    return (struct reference_current *)r;
}

static void say(struct reference_current *c, enum line_type type, enum line_level level,
                const char *event, const char *format, ...) __attribute__((format(printf, 5, 6)));

static void say(struct reference_current *c, enum line_type type, enum line_level level,
                const char *event, const char *format, ...)
{
    struct line_about about = {
        .type = type, .level = level, .event = event, .task_id = c->task.task_id};
    va_list args;

    va_start(args, format);
    line_queue_say(&c->base.lines, &about, format, args);
    va_end(args);
}

static void go(struct reference_current *c, enum step step, int64_t wake_ns)
{
    c->step = step;
    c->wake_ns = wake_ns;
}

static void leave(struct reference_current *c, enum core_end end)
{
    c->request = 0;
    c->end = end;
    c->step = ENDED;
}

/* ---- the fetch timer ---- */

static void timer_note(struct reference_current *c, const struct http_response *r, bool success,
                       int64_t now_ns)
{
    uint32_t advice_s;

    c->fetched_before = true;
    c->last_ns = now_ns;
    if (success) {
        if (!c->blocked || c->until_ns <= now_ns)
            c->until_ns = now_ns + INTERVAL_NS;
    } else if (r && reference_advice_s(&advice_s, r)) {
        int64_t wait_s = (int64_t)advice_s + EXTRA_S;

        c->until_ns = now_ns + (wait_s < ADVICE_CAP_S ? wait_s : ADVICE_CAP_S) * NS_PER_S;
    } else {
        c->until_ns = now_ns + INTERVAL_NS;
    }
    c->blocked = true;
}

/* First the rest to `until`, in a later round the rest of the interval. 0: a fetch is allowed. */
static int64_t timer_wait_ns(const struct reference_current *c, int64_t now_ns)
{
    if (c->blocked && now_ns < c->until_ns)
        return c->until_ns - now_ns;
    if (c->fetched_before && now_ns - c->last_ns < INTERVAL_NS)
        return c->last_ns + INTERVAL_NS - now_ns;
    return 0;
}

/* ---- fetching ---- */

static enum difficulty ask(const struct reference_current *c)
{
    if (c->base.o.has_max_difficulty)
        return c->base.o.max_difficulty;
    if (!c->succeeded)
        return DIFFICULTY_SMALL_MEDIUM;
    return c->last_s < PROMOTE_BELOW_S ? difficulty_up(c->last) : c->last;
}

static void begin_fetch(struct reference_current *c)
{
    c->step = FETCH;
    c->requests = 0;
    c->asked = ask(c);
}

static void try_timer(struct reference_current *c, int64_t now_ns)
{
    int64_t wait_ns = timer_wait_ns(c, now_ns);

    if (wait_ns > 0) {
        say(c, LINE_WAITING, LINE_INFO, "waiting",
            "Step 1 of 4: Waiting - ready for next task (%lld) seconds",
            (long long)(wait_ns / NS_PER_S));
        go(c, WAIT, now_ns + wait_ns);
        return;
    }
    if (c->step == READY)
        say(c, LINE_REFRESH, LINE_INFO, "fetching", "Step 1 of 4: Fetching task...");
    begin_fetch(c);
}

static void fetch_failed(struct reference_current *c, unsigned status, const char *text,
                         int64_t now_ns)
{
    enum line_level level = LINE_WARN;

    c->base.stats.fetch_errors++;
    if (reference_repeats(status) && c->requests < FETCH_REQUESTS)
        return; /* at once again */
    if (status == 429)
        level = LINE_DEBUG;
    else if (status == 401 || status == 403)
        level = LINE_ERROR_LEVEL;
    say(c, LINE_ERROR, level, "fetch_failed", "Failed to fetch task: %s", text);
    go(c, READY, now_ns + AFTER_FETCH_NS);
}

static void drop_task(struct reference_current *c, int64_t now_ns)
{
    outbox_record_fini(&c->task);
    c->task = (struct outbox_record){0};
    say(c, LINE_STATE_CHANGE, LINE_INFO, "ready", "Ready to fetch next task");
    go(c, READY, now_ns + AFTER_TASK_NS);
}

static void give_up(struct reference_current *c, const char *reason, int64_t now_ns)
{
    c->base.stats.abandoned++;
    say(c, LINE_ERROR, LINE_ERROR_LEVEL, "abandoned", "Task %s failed to prove: %s",
        c->task.task_id, reason);
    drop_task(c, now_ns);
}

static enum status take_inputs(struct outbox_record *r, const struct wire_task *task,
                               struct why *why)
{
    enum status st = ST_OK;

    if (task->input_count == 0)
        return fail(why, ST_INPUT, "Malformed task: no inputs");
    for (size_t i = 0; i < task->input_count && !st; i++)
        st = wire_task_input(r->inputs[i], task->inputs[i], why);
    return st;
}

static void got_task(struct reference_current *c, const struct wire_task *task, int64_t now_ns)
{
    struct why why;

    if (!outbox_record_init(&c->task, c->base.node_id, task->task_id, task->program_id,
                            task->input_count)) {
        c->base.stats.fetch_errors++;
        say(c, LINE_ERROR, LINE_ERROR_LEVEL, "fetch_failed", "out of memory for the task");
        go(c, READY, now_ns + AFTER_FETCH_NS);
        return;
    }
    c->task.task_type = task->task_type;
    c->task.difficulty = task->difficulty;
    memcpy(c->task.public_key, c->base.public_key, sizeof c->task.public_key);
    c->arrived_ns = now_ns;
    c->base.stats.fetched++;
    if (task->difficulty != c->asked)
        say(c, LINE_SUCCESS, LINE_INFO, "difficulty_adjusted",
            "Server adjusted difficulty: asked %s, assigned %s (by reputation)",
            difficulty_name(c->asked), difficulty_name(task->difficulty));
    say(c, LINE_SUCCESS, LINE_INFO, "task", "Step 1 of 4: Got task %s", c->task.task_id);
    if (take_inputs(&c->task, task, &why)) {
        give_up(c, why.text, now_ns);
        return;
    }
    say(c, LINE_STATE_CHANGE, LINE_INFO, "proving", "Step 2 of 4: Proving task %s",
        c->task.task_id);
    c->step = PROVE;
    c->first_job = c->base.last_id + 1;
    c->base.last_id += task->input_count;
    c->begun = c->ended = 0;
    c->failed = false;
}

/* An unknown type of task is no decode error for the reference: it ends (client.md 2). */
static bool is_unknown_type(const struct why *why)
{
    return strstr(why->text, "task_type: unknown value") != NULL;
}

static void fetch_answered(struct reference_current *c, const struct http_response *r,
                           int64_t now_ns)
{
    struct wire_memory memory = {0};
    struct wire_fetched answer;
    char text[PROBLEM_TEXT];
    struct why why = {""};
    bool good = r->status >= 200 && r->status < 300;
    enum status st = ST_OK;

    if (good)
        st = wire_decode_fetched(&answer, &memory, r->body, WIRE_MAX_RESPONSE, &why);
    timer_note(c, r, good && !st, now_ns);
    if (!good) {
        problem_describe(text, r);
        fetch_failed(c, r->status, text, now_ns);
    } else if ((st && is_unknown_type(&why)) || (!st && !answer.has_task)) {
        say(c, LINE_ERROR, LINE_ERROR_LEVEL, "broken", "The client ends on this answer: %s",
            st ? why.text : "it holds no task");
        leave(c, CORE_BROKEN);
    } else if (st) {
        fail_within(&why, ST_INPUT, "Decoding error");
        fetch_failed(c, 0, why.text, now_ns);
    } else {
        got_task(c, &answer.task, now_ns);
    }
    wire_memory_fini(&memory);
}

/* ---- proving ---- */

static void all_ended(struct reference_current *c, int64_t now_ns)
{
    if (c->failed) {
        drop_task(c, now_ns);
    } else if (!payload_hash(&c->task)) {
        give_up(c, "out of memory for the hashes", now_ns);
    } else {
        signing_sign(c->base.o.key, c->task.signature, c->task.task_id, c->task.proof_hash);
        say(c, LINE_SUCCESS, LINE_INFO, "proved", "Proof generated for task %s", c->task.task_id);
        say(c, LINE_STATE_CHANGE, LINE_INFO, "submitting",
            "Step 3 of 4: Submitting proof for task %s...", c->task.task_id);
        c->requests = 0;
        go(c, MEASURE, now_ns + REFERENCE_MEASURE_NS);
    }
}

/* The first failure is told; the others are proved to their end all the same. */
static void input_failed(struct reference_current *c, const char *text)
{
    if (c->failed)
        return;
    c->failed = true;
    c->base.stats.abandoned++;
    say(c, LINE_ERROR, LINE_ERROR_LEVEL, "abandoned", "Task %s failed to prove: %s",
        c->task.task_id, text);
}

static void input_ended(struct reference_current *c, const struct event *ev, int64_t now_ns)
{
    struct outbox_proof *proof;

    if (c->step != PROVE || ev->id < c->first_job || ev->id >= c->first_job + c->begun)
        return;
    proof = &c->task.proofs[ev->id - c->first_job];
    if (ev->type == EV_UNPROVED) {
        input_failed(c, ev->unproved.text);
    } else {
        struct bytes bytes = ev->proved.proof;

        c->base.stats.proofs++;
        c->task.telemetry = ev->proved.telemetry;
        proof->data = malloc(bytes.size);
        if (proof->data) {
            memcpy(proof->data, bytes.data, bytes.size);
            proof->size = bytes.size;
            keccak256_hex(proof->hash, bytes);
        } else {
            input_failed(c, "out of memory for the proof");
        }
    }
    if (++c->ended == c->task.input_count)
        all_ended(c, now_ns);
}

static bool poll_proof(struct reference_current *c, struct action *out)
{
    if (c->step != PROVE || c->begun == c->task.input_count ||
        c->begun - c->ended >= c->base.o.proofs_at_once)
        return false;
    *out = (struct action){.type = ACT_PROVE,
                           .id = c->first_job + c->begun,
                           .prove = {.task_id = c->task.task_id, .program_id = c->task.program_id}};
    memcpy(out->prove.input, c->task.inputs[c->begun++], sizeof out->prove.input);
    return true;
}

/* ---- submitting ---- */

static void submitted(struct reference_current *c, int64_t now_ns)
{
    int64_t seconds = (now_ns - c->arrived_ns) / NS_PER_S;
    struct stats *s = &c->base.stats;
    char attempts[32] = "";

    s->accepted++;
    c->succeeded = true;
    c->last = c->task.difficulty;
    c->last_s = seconds;
    if (c->requests > 1)
        snprintf(attempts, sizeof attempts, " (%u attempts)", c->requests);
    say(c, LINE_SUCCESS, LINE_INFO, "submitted",
        "Step 4 of 4: Proof submitted successfully for task %s%s", c->task.task_id, attempts);
    say(c, LINE_STATE_CHANGE, LINE_INFO, "done", "Task %s completed: %zu input%s, %lld s, %s",
        c->task.task_id, c->task.input_count, c->task.input_count == 1 ? "" : "s",
        (long long)seconds, difficulty_name(c->task.difficulty));
    drop_task(c, now_ns);
    if (c->base.o.max_tasks && s->accepted >= c->base.o.max_tasks)
        go(c, STOP, now_ns + AFTER_TASK_NS);
}

static void submit_failed(struct reference_current *c, unsigned status, const char *text,
                          int64_t now_ns)
{
    if (reference_repeats(status) && c->requests < SUBMIT_REQUESTS) {
        go(c, MEASURE, now_ns + REFERENCE_MEASURE_NS);
        return;
    }
    c->base.stats.lost++;
    say(c, LINE_ERROR, LINE_ERROR_LEVEL, "lost",
        "Failed to submit proof for task %s after %u attempt%s: %s. The proof is thrown away",
        c->task.task_id, c->requests, c->requests == 1 ? "" : "s", text);
    drop_task(c, now_ns);
}

static void submit_answered(struct reference_current *c, const struct http_response *r,
                            int64_t now_ns)
{
    char text[PROBLEM_TEXT];

    if (r->status >= 200 && r->status < 300) {
        submitted(c, now_ns);
        return;
    }
    problem_describe(text, r);
    submit_failed(c, r->status, text, now_ns);
}

/* ---- requests ---- */

static void node_answered(struct reference_current *c, const struct http_response *r,
                          int64_t now_ns)
{
    struct wire_memory memory = {0};
    struct wire_node node;
    char text[PROBLEM_TEXT] = "";
    struct why why = {""};

    if (r->status < 200 || r->status >= 300)
        problem_describe(text, r);
    else if (wire_decode_node(&node, &memory, r->body, WIRE_MAX_RESPONSE, &why))
        snprintf(text, sizeof text, "Decoding error: %s", why.text);
    wire_memory_fini(&memory);
    if (*text) {
        say(c, LINE_ERROR, LINE_ERROR_LEVEL, "node_refused", "Error: %s", text);
        leave(c, CORE_NO_NODE);
        return;
    }
    say(c, LINE_STATE_CHANGE, LINE_INFO, "ready", "Ready to fetch tasks");
    go(c, READY, now_ns);
}

static void answered(struct reference_current *c, const struct event *ev, int64_t now_ns)
{
    if (ev->id != c->request) /* ids begin with 1 */
        return;
    c->request = 0;
    if (c->step == GREET)
        node_answered(c, ev->response, now_ns);
    else if (c->step == FETCH)
        fetch_answered(c, ev->response, now_ns);
    else
        submit_answered(c, ev->response, now_ns);
}

static void unanswered(struct reference_current *c, const struct event *ev, int64_t now_ns)
{
    const char *text = ev->transport.text;

    if (ev->id != c->request) /* ids begin with 1 */
        return;
    c->request = 0;
    if (c->step == GREET) {
        say(c, LINE_ERROR, LINE_ERROR_LEVEL, "node_refused", "Error: %s", text);
        leave(c, CORE_NO_NODE);
    } else if (c->step == FETCH) {
        timer_note(c, NULL, false, now_ns);
        fetch_failed(c, 0, text, now_ns);
    } else {
        submit_failed(c, 0, text, now_ns);
    }
}

static void ask_for_task(struct reference_current *c, struct action *out)
{
    wire_encode_fetch(&c->base.body,
                      &(struct wire_fetch){
                          .node_id = c->base.node_id,
                          .node_type = NODE_CLI_PROVER,
                          .public_key = bytes_of(c->base.public_key, sizeof c->base.public_key),
                          .max_difficulty = c->asked,
                      });
    c->request = reference_request(&c->base, out, HTTP_POST, "/v3/tasks");
    c->requests++;
    c->base.stats.fetch_requests++;
}

static void send_proof(struct reference_current *c, struct action *out, int64_t now_ns)
{
    c->requests++;
    payload_put(&c->base.body, &c->task, false);
    if (!buffer_ok(&c->base.body)) {
        c->requests = SUBMIT_REQUESTS;
        submit_failed(c, 0, "out of memory for the request", now_ns);
        return;
    }
    c->request = reference_request(&c->base, out, HTTP_POST, "/v3/tasks/submit");
    c->base.stats.submit_requests++;
}

static bool poll_request(struct reference_current *c, struct action *out, int64_t now_ns)
{
    if (c->request)
        return false;
    buffer_reset(&c->base.body);
    if (c->step == GREET)
        c->request = reference_request(&c->base, out, HTTP_GET, c->node_path);
    else if (c->step == FETCH)
        ask_for_task(c, out);
    else if (c->step == SUBMIT)
        send_proof(c, out, now_ns);
    return c->request != 0;
}

/* ---- the table ---- */

static void handle(struct runtime *r, const struct event *ev, int64_t now_ns)
{
    struct reference_current *c = of(r);

    c->base.wall_offset_ns = ev->wall_ns - now_ns;
    switch (ev->type) {
    case EV_START:
        assert(c->step == NEW);
        c->step = GREET;
        break;
    case EV_RESPONSE:
        answered(c, ev, now_ns);
        break;
    case EV_TRANSPORT:
        unanswered(c, ev, now_ns);
        break;
    case EV_PROVED:
    case EV_UNPROVED:
        input_ended(c, ev, now_ns);
        break;
    case EV_SHUTDOWN:
        leave(c, CORE_INTERRUPTED);
        break;
    case EV_TICK:
    case EV_SAVED:
    case EV_UNSAVED:
        break;
    }
}

static void advance(struct reference_current *c, int64_t now_ns)
{
    if (now_ns < c->wake_ns)
        return;
    if (c->step == READY || c->step == WAIT)
        try_timer(c, now_ns);
    else if (c->step == MEASURE)
        c->step = SUBMIT;
    else if (c->step == STOP)
        leave(c, CORE_DONE);
}

static bool poll_end(struct reference_current *c, struct action *out)
{
    if (c->step != ENDED)
        return false;
    c->step = OVER;
    *out = (struct action){.type = ACT_EXIT, .end = c->end};
    return true;
}

static bool poll(struct runtime *r, struct action *out, int64_t now_ns)
{
    struct reference_current *c = of(r);

    if (line_queue_poll(&c->base.lines, out))
        return true;
    advance(c, now_ns);
    return line_queue_poll(&c->base.lines, out) || poll_request(c, out, now_ns) ||
           poll_proof(c, out) || line_queue_poll(&c->base.lines, out) || poll_end(c, out);
}

static int64_t deadline_ns(const struct runtime *r)
{
    const struct reference_current *c = (const struct reference_current *)r;
    bool sleeps = c->step == READY || c->step == WAIT || c->step == MEASURE || c->step == STOP;

    return sleeps ? c->wake_ns : INT64_MAX;
}

static size_t open_tasks(const struct runtime *r)
{
    return ((const struct reference_current *)r)->task.task_id != NULL;
}

static void snapshot(const struct runtime *r, struct snapshot *out, int64_t now_ns)
{
    const struct reference_current *c = (const struct reference_current *)r;

    reference_snapshot(&c->base, out, c->step == GREET ? "greeting" : "working");
    out->asks = ask(c);
    out->open = open_tasks(r);
    out->routes[CORE_ROUTE_FETCH].next_wall_ns =
        c->step == WAIT ? now_ns + timer_wait_ns(c, now_ns) + c->base.wall_offset_ns : 0;
}

static void free_client(struct runtime *r)
{
    struct reference_current *c = of(r);

    outbox_record_fini(&c->task);
    reference_fini(&c->base);
    free(c);
}

enum status reference_current_new(struct runtime **out, const struct reference_options *o,
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
    struct reference_current *c = calloc(1, sizeof *c);

    if (!c)
        return fail(why, ST_NO_MEMORY, "client: out of memory");
    c->base.base.ops = &ops;
    reference_init(&c->base, o, &profile_current);
    snprintf(c->node_path, sizeof c->node_path, "/v3/nodes/%s", c->base.node_id);
    *out = &c->base.base;
    return ST_OK;
}
