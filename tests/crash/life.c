/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crash/life.h"

#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/prng.h"
#include "tests/crash/power_disk.h"

#define WALL_NS    (1760000000 * NS_PER_S)
#define PROOF_SIZE 5000 /* spans pages */
#define WAITING    16

enum answer {
    TAKE,          /* 200 */
    WAIT,          /* 429, Retry-After: 7 */
    TAKE_SAY_503,  /* credited, but the gateway says 503 */
    TAKE_SILENTLY, /* credited, the answer is lost */
    LOSE,          /* the request is lost, and nobody can tell */
    UNSENT,        /* no connection */
    REFUSE,        /* 422 */
};

/* What the k-th submission of each task meets; the last entry stands for all that follow. */
static const enum answer script[WORLD_TASKS][3] = {
    {TAKE, TAKE, TAKE},          {WAIT, TAKE, TAKE},   {TAKE_SAY_503, TAKE, TAKE},
    {TAKE_SILENTLY, TAKE, TAKE}, {LOSE, UNSENT, TAKE}, {WAIT, REFUSE, REFUSE},
};

struct reply {
    uint64_t id;
    enum core_route route;
    int task; /* of a submission or a fetch; -1: none */
    bool lost, maybe_delivered;
    struct http_response response;
    struct buffer body;
};

struct job {
    uint64_t id;
    int task;
    uint32_t input[3];
};

struct life {
    struct world *w;
    struct outbox_sqlite *outbox;
    struct core *core;
    struct reply replies[WAITING];
    size_t reply_count;
    struct job jobs[WAITING];
    size_t job_count;
    unsigned proved[WORLD_TASKS]; /* inputs, in this life */
    bool stopping;
};

static size_t inputs_of(int task)
{
    return task % 2 ? 2 : 1;
}

static int task_of(const char *id)
{
    return atoi(id + strlen("task-"));
}

static bool all_settled(const struct world *w)
{
    for (int i = 0; i < WORLD_TASKS; i++)
        if (!w->tasks[i].closed || w->tasks[i].promised < OUTBOX_ACKED)
            return false;
    return true;
}

static void handle(struct life *l, struct event *ev)
{
    ev->wall_ns = WALL_NS + l->w->now_ns;
    core_handle(l->core, ev, l->w->now_ns);
}

/* ---- the orchestrator ---- */

static void answer(struct reply *r, unsigned status, const char *retry_after)
{
    r->response.status = status;
    if (retry_after)
        r->response.headers[r->response.header_count++] =
            (struct http_header){"retry-after", retry_after};
}

static void give(struct world *w, struct reply *r, int task)
{
    uint8_t inputs[2][12] = {{0}};
    struct bytes input[2];
    char id[32];
    struct wire_fetched fetched = {.has_task = true};

    for (size_t i = 0; i < inputs_of(task); i++) {
        store_le32(inputs[i], (uint32_t)(10 * task) + (uint32_t)i);
        input[i] = bytes_of(inputs[i], 12);
    }
    snprintf(id, sizeof id, "task-%d", task);
    fetched.task = (struct wire_task){.task_id = id,
                                      .program_id = "fib",
                                      .inputs = input,
                                      .input_count = inputs_of(task),
                                      .task_type = (enum task_type)(task % 3)};
    wire_encode_fetched(&r->body, &fetched);
    w->tasks[task].given++;
    r->task = task;
    answer(r, 200, NULL);
}

static void answer_fetch(struct world *w, struct reply *r)
{
    if (++w->fetches % 4 == 0) {
        answer(r, 429, "5");
        return;
    }
    for (unsigned round = 0; round < 100; round++) /* what was given least */
        for (int i = 0; i < WORLD_TASKS; i++)
            if (w->tasks[i].given == round && !w->tasks[i].closed) {
                give(w, r, i);
                return;
            }
    answer(r, 429, "30");
}

static void close_task(struct world_task *t, bool credit)
{
    t->closed = true;
    t->credits += credit;
}

static void answer_submission(struct world *w, struct reply *r, struct bytes body)
{
    struct wire_submission s;
    struct wire_memory memory;
    struct world_task *t;
    uint8_t digest[32];
    unsigned k;

    assert_int_equal(wire_decode_submission(&s, &memory, body, WIRE_MAX_SUBMISSION, NULL), ST_OK);
    assert_true(signing_verify(NULL, s.public_key, s.signature, s.task_id, s.proof_hash));
    r->task = task_of(s.task_id);
    wire_memory_fini(&memory);
    t = &w->tasks[r->task];
    keccak256(digest, body);
    if (t->submissions == 0)
        memcpy(t->body, digest, sizeof digest);
    w->other_bytes += memcmp(t->body, digest, sizeof digest) != 0; /* I3 */
    w->unjustified += t->settled;
    k = t->submissions < 2 ? t->submissions : 2;
    t->submissions++;
    if (t->credits) {
        answer(r, 404, NULL);
        return;
    }
    switch (script[r->task][k]) {
    case TAKE:
        close_task(t, true);
        answer(r, 200, NULL);
        break;
    case WAIT:
        answer(r, 429, "7");
        break;
    case TAKE_SAY_503:
        close_task(t, true);
        answer(r, 503, NULL);
        break;
    case TAKE_SILENTLY:
        close_task(t, true);
        r->lost = r->maybe_delivered = true;
        break;
    case LOSE:
        r->lost = r->maybe_delivered = true;
        break;
    case UNSENT:
        r->lost = true;
        break;
    case REFUSE:
        close_task(t, false);
        answer(r, 422, NULL);
        break;
    }
}

static void request(struct life *l, const struct action *act)
{
    struct world *w = l->w;
    struct reply *r = &l->replies[l->reply_count++];

    assert_true(l->reply_count <= WAITING);
    *r = (struct reply){.id = act->id, .task = -1};
    buffer_init(&r->body, 0);
    if (strcmp(act->request.path, "/v3/tasks") == 0) {
        r->route = CORE_ROUTE_FETCH;
        answer_fetch(w, r);
    } else if (strcmp(act->request.path, "/v3/tasks/submit") == 0) {
        r->route = CORE_ROUTE_SUBMIT;
        answer_submission(w, r, act->request.body);
    } else {
        r->route = CORE_ROUTE_NODE;
        wire_encode_node(&r->body, &(struct wire_node){.wallet_address = "0x07"});
        answer(r, 200, NULL);
    }
    r->response.body = buffer_bytes(&r->body);
    w->early += w->now_ns < w->held[r->route].until_ns;
}

static bool definite(unsigned status)
{
    return status == 200 || status == 404 || status == 422;
}

/* Hands the oldest answer to the client. */
static void deliver(struct life *l)
{
    struct reply r = l->replies[0];
    struct event ev = {.type = EV_RESPONSE, .id = r.id, .response = &r.response};
    const char *wait;

    memmove(l->replies, l->replies + 1, --l->reply_count * sizeof r);
    if (r.lost) {
        ev.type = EV_TRANSPORT;
        ev.response = NULL;
        ev.transport.maybe_delivered = r.maybe_delivered;
        ev.transport.text = "connection reset";
    } else {
        wait = http_header_of(r.response.headers, r.response.header_count, "retry-after");
        if (wait) {
            l->w->held[r.route].until_ns = l->w->now_ns + atoi(wait) * NS_PER_S;
            l->w->held[r.route].kept = false;
        }
        if (r.route == CORE_ROUTE_SUBMIT && definite(r.response.status))
            l->w->tasks[r.task].answered = true;
    }
    handle(l, &ev);
    buffer_fini(&r.body);
}

/* ---- disk and prover ---- */

static void save(struct life *l, const struct action *act)
{
    const struct outbox_record *r = act->record;
    struct world_task *t = &l->w->tasks[task_of(r->task_id)];
    struct event ev = {.type = EV_SAVED, .id = act->id};
    struct why why;
    enum status st;

    t->wanted = (int)r->state;
    st = outbox_put(&l->outbox->base, r, &why);
    if (disk_dead())
        return; /* whatever it said, nobody lives to hear it */
    if (st) {
        assert_int_equal(st, ST_IO);
        ev.type = EV_UNSAVED;
        ev.unsaved = why.text;
    } else {
        t->promised = (int)r->state;
        t->settled = outbox_state_final(r->state);
    }
    handle(l, &ev);
}

static void hold(struct life *l, const struct action *act)
{
    int64_t until_ns = WALL_NS + act->hold.until_ns;
    enum status st =
        outbox_sqlite_hold(l->outbox, "mock", core_route_name(act->hold.route), until_ns, NULL);

    l->w->held[act->hold.route].kept = st == ST_OK && !disk_dead();
}

static void prove(struct life *l, const struct action *act)
{
    struct job *job = &l->jobs[l->job_count++];
    struct world_task *t;

    assert_true(l->job_count <= WAITING);
    *job = (struct job){.id = act->id, .task = task_of(act->prove.task_id)};
    memcpy(job->input, act->prove.input, sizeof job->input);
    t = &l->w->tasks[job->task];
    l->w->lost += t->promised >= OUTBOX_PROVED; /* it was proved, and that was on disk */
}

static void end_proof(struct life *l)
{
    struct job job = l->jobs[0];
    uint8_t proof[PROOF_SIZE];

    memmove(l->jobs, l->jobs + 1, --l->job_count * sizeof job);
    memset(proof, (int)job.input[0] + 1, sizeof proof);
    if (++l->proved[job.task] == inputs_of(job.task))
        l->w->tasks[job.task].proofs++;
    handle(l, &(struct event){.type = EV_PROVED,
                              .id = job.id,
                              .proved.proof = bytes_of(proof, sizeof proof),
                              .proved.telemetry = {.present = true, .memory_used = 1}});
}

/* ---- one life ---- */

static void listen_to(struct world *w, const struct line *line)
{
    if (strcmp(line->event, "unsaved") == 0) {
        w->told_unsaved++;
        w->told_going_on += strstr(line->text, "going on") != NULL;
    }
}

/* true: the run is over. */
static bool perform(struct life *l, const struct action *act)
{
    switch (act->type) {
    case ACT_LINE:
        listen_to(l->w, &act->line);
        break;
    case ACT_HOLD:
        hold(l, act);
        break;
    case ACT_SAVE:
        save(l, act);
        break;
    case ACT_REQUEST:
        request(l, act);
        break;
    case ACT_PROVE:
        prove(l, act);
        break;
    case ACT_LEARNT: /* a life begins with nothing learnt */
    case ACT_CANCEL:
        break; /* too late: they end as proved */
    case ACT_EXIT:
        return true;
    }
    return false;
}

/* What is on disk is what was promised, or what was being written. */
static enum status restore_one(void *context, struct outbox_record *r, struct why *why)
{
    struct life *l = context;
    struct world_task *t = &l->w->tasks[task_of(r->task_id)];

    if ((int)r->state != t->promised && (int)r->state != t->wanted)
        fail_msg("task %s is %s on disk, %d was promised and %d tried", r->task_id,
                 outbox_state_name(r->state), t->promised, t->wanted);
    if (r->state == OUTBOX_PROVED || r->state == OUTBOX_SENDING)
        for (size_t i = 0; i < r->input_count; i++)
            assert_int_equal(r->proofs[i].data[PROOF_SIZE - 1], r->inputs[i][0] + 1);
    t->promised = t->wanted = (int)r->state;
    t->settled = outbox_state_final(r->state);
    l->proved[task_of(r->task_id)] |= 1u << 31; /* seen */
    return core_restore(l->core, r, why);
}

static enum status begin(struct life *l, struct why *why)
{
    static const char *const node[] = {"7"};
    struct world *w = l->w;
    struct core_options o = {.profile = &profile_current,
                             .node_ids = node,
                             .node_count = 1,
                             .key = w->key,
                             .seed = ++w->lives};
    enum status st = outbox_sqlite_open(&l->outbox, w->path, "none", why);

    if (!st)
        st = outbox_sqlite_prune(l->outbox, (WALL_NS + w->now_ns) / NS_PER_S, why);
    for (int i = 0; i < CORE_ROUTES && !st; i++) {
        st = outbox_sqlite_held(l->outbox, "mock", core_route_name((enum core_route)i),
                                &o.hold_ns[i], why);
        o.hold_ns[i] -= o.hold_ns[i] ? WALL_NS + w->now_ns : 0;
        if (!w->held[i].kept)
            w->held[i].until_ns = 0;
    }
    if (!st)
        st = core_new(&l->core, &o, why);
    if (!st)
        st = outbox_each(&l->outbox->base, restore_one, l, why);
    for (int i = 0; i < WORLD_TASKS && !st; i++) {
        w->lost += w->tasks[i].promised >= 0 && !l->proved[i];
        l->proved[i] = 0;
    }
    if (!st)
        assert_int_equal(l->outbox->damaged, 0);
    return st;
}

static void pass_time(struct life *l)
{
    struct world *w = l->w;
    int64_t deadline_ns = core_deadline_ns(l->core);

    if (w->heal_at_ns && deadline_ns > w->heal_at_ns && w->now_ns < w->heal_at_ns)
        deadline_ns = w->heal_at_ns;
    assert_true(deadline_ns < INT64_MAX);
    if (deadline_ns > w->now_ns)
        w->now_ns = deadline_ns;
    if (w->heal_at_ns && w->now_ns >= w->heal_at_ns) {
        w->heal_at_ns = 0;
        disk_trouble(DISK_WORKS, 0);
    }
    handle(l, &(struct event){.type = EV_TICK});
}

static enum life_end go_on(struct life *l)
{
    const int64_t end_ns = l->w->now_ns + 10 * 3600 * NS_PER_S;
    struct action act;

    handle(l, &(struct event){.type = EV_START});
    while (l->w->now_ns < end_ns) {
        while (core_poll(l->core, &act, l->w->now_ns)) {
            bool over = perform(l, &act);

            if (disk_dead())
                return LIFE_CUT;
            if (over)
                return LIFE_DONE;
        }
        if (!l->stopping && all_settled(l->w)) {
            l->stopping = true;
            handle(l, &(struct event){.type = EV_SHUTDOWN});
        } else if (l->reply_count) {
            deliver(l);
        } else if (l->job_count) {
            end_proof(l);
        } else {
            pass_time(l);
        }
    }
    return LIFE_STUCK;
}

enum life_end world_live(struct world *w)
{
    struct life l = {.w = w};
    enum life_end end;

    if (begin(&l, &w->why))
        end = disk_dead() ? LIFE_CUT : LIFE_REFUSED;
    else
        end = go_on(&l);
    core_free(l.core);
    for (size_t i = 0; i < l.reply_count; i++)
        buffer_fini(&l.replies[i].body);
    if (l.outbox)
        outbox_free(&l.outbox->base);
    if (end == LIFE_DONE && disk_dead())
        end = LIFE_CUT; /* while the outbox was closed */
    w->now_ns += NS_PER_S;
    return end;
}

void world_init(struct world *w, const char *path, uint64_t seed)
{
    static const uint8_t key[SIGNING_SEED_SIZE] = {7};

    *w = (struct world){.now_ns = 1000 * NS_PER_S};
    snprintf(w->path, sizeof w->path, "%s", path);
    for (int i = 0; i < WORLD_TASKS; i++)
        w->tasks[i].promised = w->tasks[i].wanted = -1;
    assert_int_equal(signing_start(NULL), ST_OK);
    assert_int_equal(signing_key_of_seed(&w->key, key, NULL), ST_OK);
    disk_wipe(seed);
}

void world_fini(struct world *w)
{
    signing_key_free(w->key);
}

void world_expect_well(const struct world *w, const char *about)
{
    if (w->lost || w->unjustified || w->early || w->other_bytes)
        fail_msg(
            "%s: %u proofs lost, %u unjustified submissions, %u early requests, %u of other bytes",
            about, w->lost, w->unjustified, w->early, w->other_bytes);
    for (int i = 0; i < WORLD_TASKS; i++) {
        const struct world_task *t = &w->tasks[i];
        /* A no to a second submission does not say what the first one was worth. */
        bool refused =
            t->promised == OUTBOX_REFUSED || (t->promised == OUTBOX_UNKNOWN && t->submissions > 1);
        bool well = i == LAST_TASK ? t->credits == 0 && refused
                                   : t->credits == 1 && (t->promised == OUTBOX_ACKED ||
                                                         t->promised == OUTBOX_UNKNOWN);
        if (!well)
            fail_msg("%s: task %d has %u credits and ends as %d", about, i, t->credits,
                     t->promised);
    }
}
