/* SPDX-License-Identifier: Apache-2.0 */
/* Submitting: a finished proof is sent until there is a definite answer.
 *
 * Lost answers. When bytes of a submission may have arrived and no answer came, the same bytes are
 * sent again (I3); the protocol has no question that would tell us more. If the task is gone then,
 * the first submission has probably been counted: the record ends as UNKNOWN, not as refused. So it
 * does when the answer is any other no: it is one to the second copy, and the network's answer to a
 * duplicate is not fixed (client.md 13.3). */
#include "client/core/submit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buggify.h"
#include "base/clock.h"
#include "base/mix.h"
#include "base/print.h"
#include "client/core/payload.h"
#include "client/core/problem.h"
#include "client/core/state.h"

enum submit_verdict submit_judge(unsigned status)
{
    if ((status >= 200 && status < 300) || status == 409)
        return SUBMIT_ACCEPTED;
    if (status == 404 || status == 410)
        return SUBMIT_GONE;
    if (status < 400 || status >= 500 || status == 408 || status == 425 || status == 429)
        return SUBMIT_LATER;
    return SUBMIT_REFUSED;
}

bool submit_maybe_delivered(unsigned status)
{
    return status >= 500;
}

/* ---- endings ---- */

static void finish(struct core *c, struct entry *e, enum outbox_state to, int64_t now_ns)
{
    e->record.finished_wall_s = core_wall_s(c, now_ns);
    ledger_move(e, to);
    if (c->phase <= PHASE_WORKING && c->max_tasks && c->stats.accepted >= c->max_tasks)
        core_stop(c, CORE_DONE, now_ns);
}

static void end_doubt(struct core *c)
{
    struct route *fetch = &c->routes[CORE_ROUTE_FETCH];

    if (doubt_probes(&c->doubt)) {
        fetch->bar_ns = 0;
        core_hold(c, CORE_ROUTE_FETCH, route_due_ns(fetch));
    }
    doubt_accepted(&c->doubt);
}

static void accepted(struct core *c, struct entry *e, unsigned status, int64_t now_ns)
{
    const struct outbox_record *r = &e->record;
    /* From arrival to acceptance, without the waits that the server asked for. */
    int64_t seconds = ((e->proved_ns - e->arrived_ns) + (now_ns - e->sent_ns)) / NS_PER_S;
    struct core_node *node = node_find(c, r->node_id);
    char attempts[32] = "";

    c->stats.accepted++;
    end_doubt(c);
    if (status != 409) /* then it lived when an earlier attempt arrived */
        lifespan_accepted(&c->learnt.life, r->difficulty,
                      core_age_s(e, now_ns) - (now_ns - e->sent_ns) / NS_PER_S);
    c->learnt_changed = true;
    if (node)
        node->accepted++;
    if (r->attempts > 1)
        print_text(attempts, sizeof attempts, " (%u attempts)", r->attempts);
    say(c, LINE_SUCCESS, LINE_INFO, "submitted", r, status,
        "Step 4 of 4: Proof submitted successfully for task %s%s", r->task_id, attempts);
    if (!e->restored) {
        ladder_success(&c->learnt.ladder, r->difficulty, seconds);
        say(c, LINE_STATE_CHANGE, LINE_INFO, "done", r, 0,
            "Completed task %s: %zu input%s in %lld s, difficulty %s", r->task_id, r->input_count,
            r->input_count == 1 ? "" : "s", (long long)seconds, difficulty_name(r->difficulty));
    }
    finish(c, e, OUTBOX_ACKED, now_ns);
}

static void gone(struct core *c, struct entry *e, unsigned status, const char *text,
                 int64_t now_ns)
{
    const struct outbox_record *r = &e->record;

    if (r->maybe_delivered) {
        c->stats.unknown++;
        say(c, LINE_SUCCESS, LINE_WARN, "unknown", r, status,
            "Task %s is closed (%s) after an answer to its proof was lost: probably credited",
            r->task_id, text);
        finish(c, e, OUTBOX_UNKNOWN, now_ns);
        return;
    }
    c->stats.refused++;
    if (status) {
        ladder_failure(&c->learnt.ladder, r->difficulty);
        lifespan_gone(&c->learnt.life, r->difficulty, core_age_s(e, now_ns));
        c->learnt_changed = true;
    }
    say(c, LINE_ERROR, LINE_ERROR_LEVEL, "expired", r, status,
        "Task %s expired before its proof was accepted: %s", r->task_id, text);
    finish(c, e, OUTBOX_REFUSED, now_ns);
}

static void refused(struct core *c, struct entry *e, unsigned status, const char *text,
                    int64_t now_ns)
{
    const struct outbox_record *r = &e->record;
    struct route *fetch = &c->routes[CORE_ROUTE_FETCH];
    int64_t hold_ns = doubt_refused_ns(&c->doubt);

    if (r->maybe_delivered) {
        c->stats.unknown++;
        say(c, LINE_ERROR, LINE_WARN, "unknown", r, status,
            "The proof of task %s is refused (%s) after an answer to it was lost: it may have been "
            "credited",
            r->task_id, text);
    } else {
        c->stats.refused++;
        say(c, LINE_ERROR, LINE_ERROR_LEVEL, "refused", r, status,
            "The proof of task %s is refused after %u attempt%s: %s", r->task_id, r->attempts,
            r->attempts == 1 ? "" : "s", text);
    }
    if (hold_ns > 0) {
        fetch->bar_ns = now_ns + hold_ns;
        core_hold(c, CORE_ROUTE_FETCH, route_due_ns(fetch));
        say(c, LINE_ERROR, LINE_ERROR_LEVEL, "doubt", NULL, status,
            "%u proofs in a row were refused, so something is wrong here or with this node; nothing "
            "is fetched for %lld s. `nxp outbox export` keeps a refused proof for a look at it",
            c->doubt.refusals, whole_seconds(hold_ns));
        say_wait(c, hold_ns);
    }
    finish(c, e, r->maybe_delivered ? OUTBOX_UNKNOWN : OUTBOX_REFUSED, now_ns);
}

/* status 0: no answer. */
static void later(struct core *c, struct entry *e, int64_t advice_ns, unsigned status,
                  const char *text, int64_t now_ns)
{
    const struct outbox_record *r = &e->record;
    const struct route *route = &c->routes[CORE_ROUTE_SUBMIT];
    int64_t wait_ns = backoff_fail_ns(&e->backoff, &c->rng, advice_ns);
    int64_t due_ns = route_wait_ns(route, now_ns);

    c->stats.submit_waits++;
    e->next_try_ns = now_ns + wait_ns;
    /* The allowance is the user's, not the task's: nothing else is submitted either (I5). */
    if (advice_ns > 0) {
        pace_hold(&c->routes[CORE_ROUTE_SUBMIT].pace, now_ns + wait_ns);
        core_hold(c, CORE_ROUTE_SUBMIT, route_due_ns(route));
    }
    say(c, LINE_ERROR, LINE_WARN, "submit_later", r, status,
        "The proof of task %s is kept after attempt %u: %s; %s, again in %lld s", r->task_id,
        r->attempts, text, status ? backoff_advice_words(advice_ns) : "no answer",
        whole_seconds(wait_ns > due_ns ? wait_ns : due_ns));
    say_wait(c, wait_ns > due_ns ? wait_ns : due_ns);
    ledger_move(e, OUTBOX_PROVED);
}

/* ---- choosing ---- */

static bool too_old(const struct core *c, const struct entry *e, int64_t now_ns)
{
    return core_age_s(e, now_ns) > c->profile->submit_life_ns / NS_PER_S;
}

/* Seconds until it expires, by what has been learnt; a proof that is probably too late is sent all
 * the same. */
static int64_t left_s(const struct core *c, const struct entry *e, int64_t now_ns)
{
    int64_t life = lifespan_s(&c->learnt.life, e->record.difficulty);
    int64_t longest = c->profile->submit_life_ns / NS_PER_S;

    return (life < longest ? life : longest) - core_age_s(e, now_ns);
}

/* The one that expires first. */
static struct entry *next_due(const struct core *c, int64_t now_ns)
{
    struct entry *next = NULL;

    for (size_t i = 0; i < c->ledger.count; i++) {
        struct entry *e = c->ledger.entries[i];

        if (e->record.state == OUTBOX_PROVED && e->next_try_ns <= now_ns &&
            ledger_durable(&c->ledger, e) && (!next || left_s(c, e, now_ns) < left_s(c, next, now_ns)))
            next = e;
    }
    return next;
}

void submit_decide(struct core *c, int64_t now_ns)
{
    struct entry *e;

    if (c->submit_record || route_wait_ns(&c->routes[CORE_ROUTE_SUBMIT], now_ns) > 0) /* I5, I6 */
        return;
    e = next_due(c, now_ns);
    if (!e)
        return;
    if (too_old(c, e, now_ns)) {
        gone(c, e, 0, "it is older than any task lives", now_ns);
        return;
    }
    if (BUGGIFY(HESITANT_SUBMISSION)) {
        e->next_try_ns = now_ns + prng_between(&c->rng, 1, 60 * NS_PER_S);
        return;
    }
    e->record.attempts++;
    ledger_move(e, OUTBOX_SENDING);
    c->submit_record = e->record.id;
}

/* ---- the request ---- */

static void assert_same_bytes(struct entry *e, struct bytes body)
{
    uint64_t hash[2] = {mix_bytes(1, body), mix_bytes(2, body)};

    if (e->body_sent)
        assert(memcmp(hash, e->body_hash, sizeof hash) == 0); /* I3 */
    memcpy(e->body_hash, hash, sizeof hash);
    e->body_sent = true;
}

bool submit_poll(struct core *c, struct action *out, int64_t now_ns)
{
    struct entry *e;

    if (!c->submit_record || c->submit_request)
        return false;
    e = ledger_find(&c->ledger, c->submit_record);
    assert(e && e->record.state == OUTBOX_SENDING);
    if (!ledger_durable(&c->ledger, e)) /* I2 */
        return false;
    assert(work_inputs_of(c, e->record.id) == 0); /* I16 */
    buffer_reset(&c->body);
    payload_put(&c->body, &e->record, c->profile->proof_once);
    if (!buffer_ok(&c->body)) {
        c->submit_record = 0;
        later(c, e, BACKOFF_NO_ADVICE, 0, "out of memory for the request", now_ns);
        return false;
    }
    assert_same_bytes(e, buffer_bytes(&c->body));
    route_spend(&c->routes[CORE_ROUTE_SUBMIT], now_ns);
    e->sent_ns = now_ns;
    assert(!c->submit_request); /* I6 */
    c->submit_request = core_request(c, out, HTTP_POST, "/v3/tasks/submit");
    c->stats.submit_requests++;
    say(c, LINE_STATE_CHANGE, LINE_INFO, "submitting", &e->record, 0,
        "Step 3 of 4: Submitting proof for task %s...", e->record.task_id);
    return true;
}

/* ---- answers ---- */

static struct entry *answered(struct core *c)
{
    struct entry *e = ledger_find(&c->ledger, c->submit_record);

    assert(e && e->record.state == OUTBOX_SENDING);
    c->submit_request = 0;
    c->submit_record = 0;
    return e;
}

void submit_response(struct core *c, const struct http_response *r, int64_t now_ns)
{
    struct entry *e = answered(c);
    char text[PROBLEM_TEXT];
    struct route_note note = {.outcome = submit_judge(r->status) == SUBMIT_ACCEPTED
                                             ? ROUTE_WELCOME
                                             : route_outcome_of(r->status),
                              .advice_ns = backoff_advice_ns(r, core_wall_s(c, now_ns)),
                              .response = r,
                              .text = text};

    problem_describe(text, r);
    core_note(c, CORE_ROUTE_SUBMIT, &note, now_ns);
    e->record.last_status = r->status;
    switch (submit_judge(r->status)) {
    case SUBMIT_ACCEPTED:
        accepted(c, e, r->status, now_ns);
        break;
    case SUBMIT_GONE:
        gone(c, e, r->status, text, now_ns);
        break;
    case SUBMIT_REFUSED:
        refused(c, e, r->status, text, now_ns);
        break;
    case SUBMIT_LATER:
        if (submit_maybe_delivered(r->status))
            e->record.maybe_delivered = true;
        later(c, e, note.advice_ns, r->status, text, now_ns);
        break;
    }
}

void submit_transport(struct core *c, const struct event *ev, int64_t now_ns)
{
    struct entry *e = answered(c);

    core_note(c, CORE_ROUTE_SUBMIT,
              &(struct route_note){.outcome = ROUTE_BROKEN,
                                   .advice_ns = BACKOFF_NO_ADVICE,
                                   .text = ev->transport.text},
              now_ns);
    e->record.last_status = 0;
    if (ev->transport.maybe_delivered)
        e->record.maybe_delivered = true;
    later(c, e, BACKOFF_NO_ADVICE, 0, ev->transport.text, now_ns);
}

void submit_stop(struct core *c)
{
    struct entry *e;

    if (!c->submit_record || c->submit_request)
        return;
    e = ledger_find(&c->ledger, c->submit_record);
    e->record.attempts--;
    ledger_move(e, OUTBOX_PROVED);
    c->submit_record = 0;
}

int64_t submit_deadline_ns(const struct core *c)
{
    int64_t due = route_due_ns(&c->routes[CORE_ROUTE_SUBMIT]);
    int64_t deadline = INT64_MAX;

    if (c->submit_record)
        return INT64_MAX;
    for (size_t i = 0; i < c->ledger.count; i++) {
        const struct entry *e = c->ledger.entries[i];
        int64_t at = e->next_try_ns > due ? e->next_try_ns : due;

        if (e->record.state == OUTBOX_PROVED && ledger_durable(&c->ledger, e) && at < deadline)
            deadline = at;
    }
    return deadline;
}
