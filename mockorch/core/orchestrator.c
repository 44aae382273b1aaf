/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/orchestrator.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mix.h"
#include "base/print.h"
#include "mockorch/core/inside.h"
#include "mockorch/core/reputation.h"

/* ---- life ---- */

enum status orchestrator_new(struct orchestrator **out, const struct settings *settings,
                             struct fault_plan *plan, struct store *store, int64_t now_ns,
                             struct why *why)
{
    struct orchestrator *o = calloc(1, sizeof *o);
    enum status st = ST_OK;

    if (!o)
        return fail(why, ST_NO_MEMORY, "orchestrator: out of memory");
    o->settings = *settings;
    o->plan = plan;
    o->store = store;
    o->timeline.wall_at_zero_ns = o->wall_at_start_ns = settings->wall_at_zero_ns;
    o->next_job = 1;
    registry_init(&o->registry);
    assignment_init(&o->assignment, settings->seed);
    allowance_init(&o->by_node, settings->allowance, settings->fetches_per_node.limit,
                   settings->fetches_per_node.window_ns);
    allowance_init(&o->by_key, settings->allowance, settings->fetches_per_key.limit,
                   settings->fetches_per_key.window_ns);
    allowance_init(&o->by_address, settings->allowance, settings->fetches_per_address.limit,
                   settings->fetches_per_address.window_ns);
    credits_init(&o->ledger, settings->credits_kept);
    patience_init(&o->patience, settings->refusal_gap_ns);
    o->saved.due_ns = INT64_MAX;
    journal_init(&o->journal, settings->requests_kept);
    reply_init(&o->reply);
    reply_init(&o->second);
    st = signing_start(why);
    if (!st && store)
        st = persist_load(o, now_ns, why);
    if (st)
        goto out;

    *out = o;
    o = NULL;
out:
    orchestrator_free(o);
    return st;
}

static void job_free(struct job *j)
{
    if (j->orphan && --j->orphan->judging == 0)
        task_free(j->orphan);
    wire_memory_fini(&j->in.memory);
    free(j);
}

void orchestrator_free(struct orchestrator *o)
{
    if (!o)
        return;
    while (o->jobs) {
        struct job *next = o->jobs->next;

        job_free(o->jobs);
        o->jobs = next;
    }
    registry_fini(&o->registry);
    assignment_fini(&o->assignment);
    allowance_fini(&o->by_node);
    allowance_fini(&o->by_key);
    allowance_fini(&o->by_address);
    credits_fini(&o->ledger);
    patience_fini(&o->patience);
    journal_fini(&o->journal);
    free(o->saved.firsts);
    reply_fini(&o->reply);
    reply_fini(&o->second);
    free(o);
}

/* ---- in ---- */

static void decode_body(const struct orchestrator *o, struct incoming *in, struct bytes body)
{
    const size_t small = 65536; /* far above any request but a submission */

    switch (in->call) {
    case CALL_REGISTER_USER:
        in->decoded = wire_decode_register_user(&in->message.register_user, &in->memory, body,
                                                small, &in->why);
        break;
    case CALL_REGISTER_NODE:
        in->decoded = wire_decode_register_node(&in->message.register_node, &in->memory, body,
                                                small, &in->why);
        break;
    case CALL_FETCH:
        in->decoded = wire_decode_fetch(&in->message.fetch, &in->memory, body, small, &in->why);
        break;
    case CALL_LIST_BODY:
        in->decoded = wire_decode_list(&in->message.list, &in->memory, body, small, &in->why);
        break;
    case CALL_SUBMIT:
        in->decoded = wire_decode_submission(&in->message.submission, &in->memory, body,
                                             o->settings.max_submission_bytes, &in->why);
        break;
    default: /* bodies of the other calls are not looked at */
        break;
    }
}

/* "" when nobody can tell. */
static const char *node_of(const struct orchestrator *o, const struct incoming *in)
{
    const struct task *t;
    uint32_t at;

    if (in->decoded)
        return "";
    switch (in->call) {
    case CALL_NODE:
    case CALL_LIST:
        return in->parameter;
    case CALL_FETCH:
        return in->message.fetch.node_id;
    case CALL_LIST_BODY:
        return in->message.list.node_id;
    case CALL_SUBMIT:
        t = assignment_find(&o->assignment, &at, in->message.submission.task_id);
        return t ? o->registry.nodes[t->node].id : "";
    default:
        return "";
    }
}

static void open_request(struct orchestrator *o, struct incoming *in, struct verdict *verdict,
                         const struct http_request *request, int64_t now_ns)
{
    struct fault_subject subject;

    *in = (struct incoming){
        .now_ns = now_ns,
        .method = request->method,
        .port = request->peer_port,
        .body_bytes = request->body.size};
    print_text(in->path, sizeof in->path, "%s", request->path);
    print_text(in->peer, sizeof in->peer, "%s", request->peer ? request->peer : "");
    in->call = call_parse(in->parameter, request->method, request->path);
    if (in->call == CALL_SUBMIT && o->journal.capacity)
        in->body_hash = mix_bytes(request->body.size, request->body);
    decode_body(o, in, request->body);
    subject = (struct fault_subject){
        .call = in->call,
        .node_id = node_of(o, in),
        .named = http_header_of(request->headers, request->header_count, "x-mock-fault"),
    };
    if (o->plan)
        fault_decide(o->plan, &in->orders, &subject, now_ns);

    *verdict = (struct verdict){.call = in->call, .failed = CHECK_NONE};
    print_text(verdict->node_id, sizeof verdict->node_id, "%.23s", subject.node_id);
    if (in->call == CALL_SUBMIT && !in->decoded)
        print_text(verdict->task_id, sizeof verdict->task_id, "%s", in->message.submission.task_id);
    memcpy(verdict->faults, in->orders.names, sizeof verdict->faults);
    verdict->carriage = fault_carriage(&in->orders);
    persist_faults(o);
    o->metrics.requests[in->call]++;
    o->metrics.faults = o->plan ? o->plan->struck : 0;
}

/* ---- out ---- */

static int64_t wall_s(const struct orchestrator *o, int64_t now_ns)
{
    return timeline_shown_ns(&o->timeline, now_ns) / NS_PER_S;
}

/* What the task says and what the submission says, side by side. */
static void write_submission(const struct orchestrator *o, struct journal_entry *e,
                             const struct wire_submission *m)
{
    const struct task *t;
    uint32_t at;

    e->submission = true;
    e->key_bytes = m->public_key.size;
    e->signature_bytes = m->signature.size;
    e->proofs = m->proof_count ? m->proof_count : m->proof.size > 0;
    e->all_proof_hashes = m->all_proof_hash_count;
    print_text(e->proof_hash, sizeof e->proof_hash, "%s", m->proof_hash);
    if (m->public_key.size == SIGNING_PUBLIC_SIZE)
        hex_encode(e->key_got, m->public_key.data, SIGNING_PUBLIC_SIZE);
    t = assignment_find(&o->assignment, &at, m->task_id);
    if (!t)
        return;
    e->task_state = task_state_name(t->state);
    e->inputs = t->input_count;
    e->task_type = (int)t->type;
    hex_encode(e->key_wanted, t->public_key, SIGNING_PUBLIC_SIZE);
}

static int64_t retry_after_of(const struct http_response *r, int64_t now_s)
{
    const char *value = http_header_of(r->headers, r->header_count, "retry-after");
    const char *date = http_header_of(r->headers, r->header_count, "date");
    int64_t wait_s;

    return value && http_retry_after_s(value, date, now_s, &wait_s) ? wait_s : -1;
}

static void write_journal(struct orchestrator *o, struct verdict *verdict,
                          const struct incoming *in, const struct http_response *response,
                          int64_t now_ns)
{
    struct journal_entry *e = journal_add(&o->journal);
    const struct wire_fetch *fetch = &in->message.fetch;

    verdict->number = e ? e->number : 0;
    if (!e)
        return;
    e->at_ns = in->now_ns;
    e->took_ns = now_ns - in->now_ns;
    e->method = in->method;
    memcpy(e->path, in->path, sizeof e->path);
    memcpy(e->peer, in->peer, sizeof e->peer);
    e->body_bytes = in->body_bytes;
    e->answer_bytes = response->body.size;
    e->verdict = *verdict;
    e->port = in->port;
    e->body_hash = in->body_hash;
    e->retry_after_s = retry_after_of(response, wall_s(o, now_ns));
    if (in->call == CALL_FETCH && !in->decoded && fetch->public_key.size == SIGNING_PUBLIC_SIZE)
        hex_encode(e->key_got, fetch->public_key.data, SIGNING_PUBLIC_SIZE);
    if (in->call == CALL_SUBMIT && !in->decoded)
        write_submission(o, e, &in->message.submission);
}

/* Only with the task's own key it is certain whose submission it was. */
static void hold(struct orchestrator *o, struct verdict *verdict, const struct incoming *in)
{
    const struct wire_submission *m = &in->message.submission;
    uint64_t parties[PATIENCE_KINDS] = {0};
    const struct task *t;
    uint32_t at;

    if (in->peer[0])
        parties[PATIENCE_ADDRESS] = patience_party(in->peer, strlen(in->peer));
    if (!in->decoded && m->public_key.size)
        parties[PATIENCE_KEY] = patience_party(m->public_key.data, m->public_key.size);
    if (verdict->passed & 1u << CHECK_KEY) {
        t = assignment_find(&o->assignment, &at, m->task_id);
        if (t)
            parties[PATIENCE_USER] = 1 + o->registry.nodes[t->node].user;
    }
    verdict->held_ns = patience_refused(&o->patience, parties, o->outside_ns);
    verdict->carriage.delay_ns += verdict->held_ns;
}

static void close_request(struct orchestrator *o, struct http_response *response,
                          struct verdict *verdict, const struct incoming *in, int64_t now_ns)
{
    if (!o->grouped)
        persist_commit(o);
    verdict->unsaved = o->unsaved;
    if (o->broken) {
        verdict->why = o->broken_why;
        reply_error(&o->reply, in->call, 500, NULL);
    }
    reply_apply_faults(&o->reply, in->call, &in->orders, wall_s(o, now_ns));
    reply_response(&o->reply, response, wall_s(o, now_ns));
    verdict->status = verdict->carriage.cut_head ? 0 : response->status;
    if (in->call == CALL_SUBMIT && verdict->failed != CHECK_NONE && response->status != 500)
        hold(o, verdict, in); /* 503: nor shall a full judge be asked again and again */
    o->metrics.answers[verdict->status / 100]++;
    if (verdict->unsaved) {
        o->waiting[verdict->status / 100]++;
        if (!o->waiting_from)
            o->waiting_from = o->journal.written + 1;
    }
    write_journal(o, verdict, in, response, now_ns);
    persist_journal_later(o);
}

static bool has(const struct incoming *in, enum fault_effect effect)
{
    return (in->orders.what.effects & effect) != 0;
}

/* The same request once more, behind the first one's back (FAULT_TWICE). */
static void process_again(struct orchestrator *o, struct verdict *verdict,
                          const struct incoming *in)
{
    struct verdict again = {.call = in->call, .failed = CHECK_NONE};

    calls_process(o, &o->second, &again, in);
    if (again.pending || in->orders.what.twice == FAULT_TWICE_FIRST)
        return; /* pending: the first was refused; a judge would say the same of the second */
    struct reply first = o->reply;

    o->reply = o->second;
    o->second = first;
    verdict->failed = again.failed;
    verdict->why = again.why;
}

/* Sets the submission aside until the judge has spoken. false: no memory. */
static bool add_job(struct orchestrator *o, struct verdict *verdict, struct incoming *in)
{
    const struct wire_submission *m = &in->message.submission;
    struct job *j = calloc(1, sizeof *j);
    struct task *t;

    if (!j)
        return false;
    t = assignment_find(&o->assignment, &j->task, m->task_id);
    t->judging++;
    j->id = o->next_job++;
    j->judge_case = (struct judge_case){.program_id = t->program_id,
                                        .type = t->type,
                                        .inputs = t->inputs,
                                        .input_count = t->input_count,
                                        .party = o->registry.nodes[t->node].user,
                                        .node = t->node,
                                        .address = patience_party(in->peer, strlen(in->peer))};
    j->judge_case.credited = o->registry.users[o->registry.nodes[t->node].user].credits > 0;
    j->in = *in;
    in->memory = (struct wire_memory){0}; /* the job's now */
    j->judge_case.count = submission_proofs(&j->in.message.submission, t, &j->judge_case.proofs);
    j->judge_case.proof_hash = j->in.message.submission.proof_hash;
    j->judge_case.proof_hashes = j->in.message.submission.all_proof_hashes;
    verdict->job = j->id;
    j->verdict = *verdict;
    j->next = o->jobs;
    o->jobs = j;
    return true;
}

void orchestrator_answer(struct orchestrator *o, struct http_response *response,
                         struct verdict *verdict, const struct http_request *request,
                         int64_t outside_ns)
{
    int64_t now_ns = timeline_inside_ns(&o->timeline, outside_ns);
    struct incoming in;

    o->outside_ns = outside_ns;
    calls_expire(o, now_ns);
    open_request(o, &in, verdict, request, now_ns);
    *response = (struct http_response){0};
    reply_good(&o->reply);
    if (o->broken) {
        reply_error(&o->reply, in.call, 500, NULL);
    } else if (has(&in, FAULT_LOSE) && in.orders.what.lose == FAULT_LOSE_REQUEST) {
        fail(&verdict->why, ST_OK, "lost before it was processed");
    } else if (has(&in, FAULT_STATUS) && !in.orders.what.processed) {
        fail(&verdict->why, ST_OK, "answered by a fault, not processed");
    } else {
        calls_process(o, &o->reply, verdict, &in);
        if (verdict->pending && !add_job(o, verdict, &in)) {
            verdict->pending = false;
            reply_error(&o->reply, in.call, 500, NULL);
        }
        if (!verdict->pending && has(&in, FAULT_TWICE))
            process_again(o, verdict, &in);
    }
    if (!verdict->pending)
        close_request(o, response, verdict, &in, now_ns);
    wire_memory_fini(&in.memory);
}

/* ---- judged ---- */

static struct job **job_of(struct orchestrator *o, uint64_t id)
{
    struct job **at = &o->jobs;

    while (*at && (*at)->id != id)
        at = &(*at)->next;
    assert(*at); /* each job is judged once */
    return at;
}

const struct judge_case *orchestrator_case(const struct orchestrator *o, uint64_t job)
{
    return &(*job_of((struct orchestrator *)o, job))->judge_case;
}

void orchestrator_judged(struct orchestrator *o, struct http_response *response,
                         struct verdict *verdict, uint64_t job, enum status judged,
                         const struct why *judge_why, int64_t outside_ns)
{
    int64_t now_ns = timeline_inside_ns(&o->timeline, outside_ns);
    struct job **at = job_of(o, job), *j = *at;
    struct task *t;

    o->outside_ns = outside_ns;
    *at = j->next;
    *verdict = j->verdict;
    verdict->pending = false;
    calls_expire(o, now_ns);
    if (j->orphan) {
        calls_forgotten(o, &o->reply, verdict, j->in.message.submission.task_id);
        close_request(o, response, verdict, &j->in, now_ns);
        job_free(j);
        return;
    }
    t = assignment_task(&o->assignment, j->task);
    calls_conclude(o, &o->reply, verdict, j->task, &j->in.message.submission, judged, judge_why,
                   now_ns);
    t->judging--;
    if ((t->state == TASK_OPEN || t->state == TASK_HELD) && t->judging == 0 && j->task < o->assignment.oldest_open)
        o->assignment.oldest_open = j->task; /* it was passed over while it was being judged */
    if (has(&j->in, FAULT_TWICE))
        process_again(o, verdict, &j->in);
    calls_expire(o, now_ns);
    close_request(o, response, verdict, &j->in, now_ns);
    job_free(j);
}

/* ---- the rest ---- */

void orchestrator_delivered(struct orchestrator *o, uint64_t number, bool whole, int64_t outside_ns)
{
    const struct carriage *c;
    struct journal_entry *e;

    if (number < journal_first(&o->journal) || number > o->journal.written)
        return; /* not kept, or forgotten meanwhile */
    e = journal_at(&o->journal, number);
    c = &e->verdict.carriage;
    e->end_ns = timeline_inside_ns(&o->timeline, outside_ns);
    if (c->cut != FAULT_CUT_NONE || c->cut_head || c->head >= FAULT_HEAD_UNREADABLE)
        e->end = JOURNAL_CUT;
    else
        e->end = whole ? JOURNAL_SENT : JOURNAL_LEFT;
}

int64_t orchestrator_deadline_ns(const struct orchestrator *o)
{
    int64_t due_ns = timeline_outside_ns(&o->timeline, assignment_deadline_ns(&o->assignment));

    return o->saved.due_ns < due_ns ? o->saved.due_ns : due_ns;
}

void orchestrator_tick(struct orchestrator *o, int64_t outside_ns)
{
    calls_expire(o, timeline_inside_ns(&o->timeline, outside_ns));
    o->unsaved |= outside_ns >= o->saved.due_ns;
    persist_commit(o);
}

enum status orchestrator_save(struct orchestrator *o, struct why *why)
{
    o->unsaved |= o->saved.due_ns != INT64_MAX;
    return orchestrator_commit(o, why);
}

void orchestrator_group_commits(struct orchestrator *o)
{
    o->grouped = true;
}

enum status orchestrator_commit(struct orchestrator *o, struct why *why)
{
    persist_commit(o);
    return o->broken ? fail(why, ST_IO, "%s", o->broken_why.text) : ST_OK;
}

bool orchestrator_broken(const struct orchestrator *o)
{
    return o->broken;
}

enum status orchestrator_add(struct orchestrator *o, uint32_t *out, const char *node_id,
                             const char *wallet, bool from_start, struct why *why)
{
    uint32_t user, node;
    enum status st = orchestrator_user_of(o, &user, wallet, why);

    if (!st)
        st = registry_add_node(&o->registry, &node, user, NODE_CLI_PROVER, node_id, why);
    if (st)
        return st;
    o->registry.nodes[node].from_start = from_start;
    reputation_start(&o->registry.nodes[node], &o->settings.reputation);
    o->metrics.nodes++;
    persist_node(o, &o->registry.nodes[node]);
    *out = node;
    return ST_OK;
}

enum status orchestrator_user_of(struct orchestrator *o, uint32_t *out, const char *wallet,
                                 struct why *why)
{
    const struct user *u = registry_user_of_wallet(&o->registry, wallet);
    char uuid[REGISTRY_UUID_SIZE];
    enum status st;

    if (u) {
        *out = (uint32_t)(u - o->registry.users);
        return ST_OK;
    }
    registry_uuid_of_wallet(uuid, wallet);
    st = registry_add_user(&o->registry, out, &o->settings, uuid, wallet, why);
    if (st)
        return st;
    o->metrics.users++;
    persist_user(o, &o->registry.users[*out]);
    return ST_OK;
}

enum status orchestrator_add_node(struct orchestrator *o, const char *node_id, const char *wallet,
                                  struct why *why)
{
    uint32_t node;
    enum status st = orchestrator_add(o, &node, node_id, wallet, true, why);

    return st ? st : orchestrator_commit(o, why);
}

const struct orchestrator_metrics *orchestrator_metrics(const struct orchestrator *o)
{
    return &o->metrics;
}

bool orchestrator_accepted(const struct orchestrator *o, const char *task_id)
{
    uint32_t at;
    const struct task *t = assignment_find(&o->assignment, &at, task_id);

    return t && t->state == TASK_ACCEPTED;
}

uint64_t orchestrator_credits(const struct orchestrator *o, const char *wallet)
{
    const struct user *u = registry_user_of_wallet(&o->registry, wallet);

    return u ? u->credits : 0;
}

void orchestrator_verify_by(struct orchestrator *o, const struct submission_tools *tools)
{
    o->tools = *tools;
}

void orchestrator_listen(struct orchestrator *o, struct prng_listener *listener)
{
    o->assignment.prng.listener = listener;
}
