/* SPDX-License-Identifier: Apache-2.0 */
/* Of the calls the one that is worth something: a submission, its judgement and its credit. */
#include <assert.h>
#include <string.h>

#include "base/buggify.h"
#include "base/clock.h"
#include "base/print.h"
#include "mockorch/core/consensus.h"
#include "mockorch/core/inside.h"
#include "mockorch/core/reputation.h"

#define JUDGE_RETRY_NS (2 * NS_PER_S) /* a full judge has moved on by then */

static void refuse_submission(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                              struct task *t, enum check failed, unsigned status, int64_t now_ns)
{
    bool wrong = t && failed > CHECK_REFUSALS && (status == 400 || status == 422);

    verdict->failed = failed;
    verdict->passed &= ~(1u << failed);
    o->metrics.refused[failed]++;
    fail_within(&verdict->why, ST_INVALID, "%s", check_name(failed));
    if (wrong) { /* and signed by the one who fetched it */
        struct node *n = &o->registry.nodes[t->node];
        struct user *u = &o->registry.users[n->user];

        quota_replay(&u->refusals, now_ns);
        persist_user(o, u);
        if (status == 422) {
            reputation_refused(n, &o->settings.reputation);
            persist_node(o, n);
        }
    }
    if (t) {
        print_text(t->refusal, sizeof t->refusal, "%.*s", (int)sizeof t->refusal - 1,
                 verdict->why.text);
        persist_task(o, t);
    }
    /* The network's own words where they are known, ours where they help. */
    reply_error(reply, verdict->call, status,
                status == 400 || status == 403 ? verdict->why.text : NULL);
}

void calls_credit(struct orchestrator *o, const struct credits_entry *entry)
{
    struct user *u = &o->registry.users[entry->user];
    uint64_t leaving = credits_leaving(&o->ledger);
    struct credits_entry e = *entry;

    u->credits += (uint64_t)e.amount; /* modulo 2^64: the caller has seen that it fits */
    e.balance = u->credits;
    if (leaving)
        persist_forget_credit(o, leaving);
    persist_credit(o, credits_add(&o->ledger, &e));
    persist_user(o, u);
}

/* There must be room in the ledger. */
static void credit_task(struct orchestrator *o, struct task *t, int64_t now_ns)
{
    struct node *n = &o->registry.nodes[t->node];
    struct credits_entry entry = {
        .at_ns = now_ns, .user = n->user, .node = t->node, .amount = 1, .reason = "accepted"};

    if (t->state == TASK_OPEN)
        registry_close_task(n, t->place);
    assignment_close(&o->assignment, t, TASK_ACCEPTED, now_ns);
    n->credited++;
    reputation_accepted(n, &o->settings.reputation);
    o->metrics.tasks_accepted++;
    print_text(entry.task_id, sizeof entry.task_id, "%.63s", t->task_id);
    calls_credit(o, &entry);
    consensus_left(&o->assignment, t);
    persist_task(o, t);
    persist_node(o, n);
}

static void refuse_minority(struct orchestrator *o, struct task *t, int64_t now_ns)
{
    struct node *n = &o->registry.nodes[t->node];

    print_text(t->refusal, sizeof t->refusal, "consensus: most nodes agree on another hash");
    assignment_close(&o->assignment, t, TASK_REFUSED, now_ns);
    reputation_refused(n, &o->settings.reputation);
    o->metrics.refused[CHECK_CONSENSUS]++;
    consensus_left(&o->assignment, t);
    persist_task(o, t);
    persist_node(o, n);
}

/* Credits and refuses what is held, once the majority has spoken. Without memory for the ledger the
 * rest stays held. */
static void settle(struct orchestrator *o, struct consensus *g, int64_t now_ns)
{
    struct task *members[SETTINGS_MOST_CONSENSUS];
    uint32_t count = g->count;
    char decided[KECCAK256_HEX];

    if (!consensus_decide(g))
        return;
    memcpy(members, g->members, sizeof members); /* the group may end with its last one */
    memcpy(decided, g->decided, sizeof decided);
    for (uint32_t i = 0; i < count; i++) {
        if (members[i]->state != TASK_HELD)
            continue;
        if (strcmp(members[i]->proof_hash, decided) != 0)
            refuse_minority(o, members[i], now_ns);
        else if (!credits_reserve(&o->ledger, NULL))
            credit_task(o, members[i], now_ns);
    }
}

static void accept_submission(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                              uint32_t at, const struct wire_submission *m, int64_t now_ns)
{
    struct task *t = assignment_task(&o->assignment, at);
    struct node *n = &o->registry.nodes[t->node];
    struct user *u = &o->registry.users[n->user];
    struct consensus *g = t->group;

    if (BUGGIFY(NO_ROOM_FOR_CREDIT) || credits_reserve(&o->ledger, &verdict->why)) {
        reply_error(reply, verdict->call, 500, NULL);
        return;
    }
    verdict->passed |= 1u << CHECK_LIMIT;
    quota_spend(&u->submissions, now_ns);
    memcpy(t->proof_hash, m->proof_hash, sizeof t->proof_hash); /* its form was checked */
    t->handed_ns = now_ns;
    if (g && !g->decided[0]) {
        t->state = TASK_HELD;
        registry_close_task(n, at);
        persist_task(o, t);
        settle(o, g, now_ns);
    } else {
        credit_task(o, t, now_ns);
    }
    verdict->held = t->state == TASK_HELD;
    verdict->credited = t->state == TASK_ACCEPTED;
    if (t->state == TASK_ACCEPTED)
        fail(&verdict->why, ST_OK, "accepted: credit %llu of user %s",
             (unsigned long long)u->credits, u->uuid);
    else
        fail(&verdict->why, ST_OK, "%s: the word of other nodes counts too",
             task_state_name(t->state));
    reply_good(reply);
    reply->content_type = NULL;
    if (u->submissions.limit)
        reply_rate_limit(reply, o->settings.rate_limit_fields, "submissions", &u->submissions,
                         now_ns);
}

/* An allowance is used up: of submissions, or of wrong ones. */
static void refuse_for_now(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                           struct task *t, enum check failed, const struct quota *q, int64_t now_ns)
{
    refuse_submission(o, reply, verdict, t, failed, 429, now_ns);
    calls_retry_after(o, reply, quota_wait_ns(q, now_ns), now_ns);
    reply_rate_limit(reply, o->settings.rate_limit_fields,
                     failed == CHECK_LIMIT ? "submissions" : check_name(failed), q, now_ns);
}

static unsigned status_of_judgement(enum status judged)
{
    switch (judged) {
    case ST_INVALID:
    case ST_INPUT:
        return 422;
    case ST_LIMIT:
        return 503;
    default:
        return 500;
    }
}

void calls_conclude(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                    uint32_t at, const struct wire_submission *m, enum status judged,
                    const struct why *judge_why, int64_t now_ns)
{
    struct task *t = assignment_task(&o->assignment, at);
    const struct user *u = &o->registry.users[o->registry.nodes[t->node].user];

    if (t->state != TASK_OPEN) { /* another submission of it was faster at the judge */
        fail(&verdict->why, ST_NOT_FOUND, "Task not found");
        refuse_submission(o, reply, verdict, NULL, CHECK_TASK, 404, now_ns);
        return;
    }
    if (BUGGIFY(JUDGE_FULL))
        judged = fail(&verdict->why, ST_LIMIT, "the judge takes no more for now");
    else if (judged)
        verdict->why = *judge_why;
    if (judged) {
        refuse_submission(o, reply, verdict, t,
                          t->type == TASK_PROOF_REQUIRED ? CHECK_PROOF : CHECK_HASH,
                          status_of_judgement(judged), now_ns);
        if (judged == ST_LIMIT)
            calls_retry_after(o, reply, JUDGE_RETRY_NS, now_ns);
        return;
    }
    verdict->passed |= 1u << CHECK_PROOF;
    if (t->group && t->group->decided[0] && strcmp(t->group->decided, m->proof_hash) != 0) {
        fail(&verdict->why, ST_INVALID, "most nodes agree on %s", t->group->decided);
        refuse_submission(o, reply, verdict, t, CHECK_CONSENSUS, 422, now_ns);
        return;
    }
    verdict->passed |= 1u << CHECK_CONSENSUS;
    if (quota_wait_ns(&u->submissions, now_ns)) {
        fail(&verdict->why, ST_LIMIT, "user %s has had %u accepted in this window", u->uuid,
             u->submissions.limit);
        refuse_for_now(o, reply, verdict, t, CHECK_LIMIT, &u->submissions, now_ns);
        return;
    }
    accept_submission(o, reply, verdict, at, m, now_ns);
}

void calls_forgotten(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                     const char *task_id)
{
    uint32_t at;

    if (assignment_find(&o->assignment, &at, task_id)) { /* it may be sent again, and judged */
        fail(&verdict->why, ST_NOT_FOUND, "another state was read while it was judged");
        refuse_submission(o, reply, verdict, NULL, CHECK_TASK, 503, 0);
        return;
    }
    fail(&verdict->why, ST_NOT_FOUND, "Task not found: forgotten while it was judged");
    refuse_submission(o, reply, verdict, NULL, CHECK_TASK, 404, 0);
}

void calls_submit(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                  const struct incoming *in)
{
    const struct wire_submission *m = &in->message.submission;
    uint32_t at = 0;
    struct task *t = assignment_find(&o->assignment, &at, m->task_id);
    const struct quota *refusals = NULL;
    enum check failed;

    verdict->passed |= 1u << CHECK_BODY;
    if (t)
        t->submissions++;
    if (t && t->state != TASK_OPEN) {
        persist_task(o, t);
        t = NULL;
    }
    if (t)
        refusals = &o->registry.users[o->registry.nodes[t->node].user].refusals;
    failed = submission_check(m, t, refusals, in->now_ns, o->settings.judging, &o->tools,
                              &verdict->passed, &verdict->why);
    if (failed == CHECK_REFUSALS)
        refuse_for_now(o, reply, verdict, t, failed, refusals, in->now_ns);
    else if (failed != CHECK_NONE)
        refuse_submission(o, reply, verdict, t, failed, check_status(failed), in->now_ns);
    else if (o->settings.judging == JUDGING_FULL)
        verdict->pending = true;
    else
        calls_conclude(o, reply, verdict, at, m, ST_OK, NULL, in->now_ns);
}
