/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buggify.h"
#include "mockorch/core/consensus.h"
#include "mockorch/core/gates.h"
#include "mockorch/core/record.h"

/* ---- out ---- */

/* The first failure breaks the orchestrator (store.h). */
void persist_put_text(struct orchestrator *o, enum store_kind kind, const char *key,
                      struct bytes text)
{
    if (store_put(o->store, kind, key, text, &o->broken_why))
        o->broken = true;
    o->unsaved = true;
}

void persist_put(struct orchestrator *o, enum store_kind kind, const char *key, json_t *takes)
{
    char *text = takes ? record_text(takes, JSON_COMPACT) : NULL;

    json_decref(takes);
    if (text) {
        persist_put_text(o, kind, key, bytes_of_text(text));
    } else {
        fail(&o->broken_why, ST_NO_MEMORY, "store: out of memory");
        o->broken = o->unsaved = true;
    }
    free(text);
}

/* A broken store is left alone: memory and store do not agree any more. */
static bool keeps(const struct orchestrator *o)
{
    return o->store && !o->broken;
}

/* What was answered since the last commit and will not go out that way (store.h). */
static void take_back(struct orchestrator *o)
{
    uint64_t number = journal_first(&o->journal);

    for (size_t i = 0; i < 6; i++) {
        o->metrics.answers[i] -= o->waiting[i];
        o->metrics.answers[5] += o->waiting[i];
    }
    if (o->waiting_from > number)
        number = o->waiting_from;
    for (; o->waiting_from && number <= o->journal.written; number++) {
        struct verdict *v = &journal_at(&o->journal, number)->verdict;

        v->status = 500;
        v->credited = v->held = false;
        v->why = o->broken_why;
    }
}

void persist_commit(struct orchestrator *o)
{
    if (!o->unsaved)
        return;
    if (BUGGIFY(ALL_WRITTEN))
        persist_all(o);
    if (!o->broken)
        persist_journal(o);
    o->unsaved = false;
    if (!o->broken)
        o->broken = store_commit(o->store, &o->broken_why) != ST_OK;
    if (o->broken) {
        take_back(o);
        o->saved.due_ns = INT64_MAX; /* or it would be due for ever */
    }
    memset(o->waiting, 0, sizeof o->waiting);
    o->waiting_from = 0;
}

void persist_user(struct orchestrator *o, const struct user *u)
{
    if (keeps(o))
        persist_put(o, STORE_USER, u->uuid, record_of_user(u));
}

void persist_node(struct orchestrator *o, const struct node *n)
{
    if (keeps(o))
        persist_put(o, STORE_NODE, n->id, record_of_node(o, n));
}

void persist_task(struct orchestrator *o, const struct task *t)
{
    if (keeps(o))
        persist_put(o, STORE_TASK, t->task_id, record_of_task(o, t));
}

void persist_credit(struct orchestrator *o, const struct credits_entry *e)
{
    char key[24];

    record_credit_key(key, e->number);
    if (keeps(o))
        persist_put(o, STORE_CREDIT, key, record_of_credit(o, e));
}

void persist_forget_credit(struct orchestrator *o, uint64_t number)
{
    char key[24];

    record_credit_key(key, number);
    persist_forget(o, STORE_CREDIT, key);
}

void persist_forget(struct orchestrator *o, enum store_kind kind, const char *key)
{
    if (!keeps(o))
        return;
    o->broken = store_remove(o->store, kind, key, &o->broken_why) != ST_OK;
    o->unsaved = true;
}

/* How far the line is ahead of this process, the next one must not add to its own distance from the
 * first start: kept is by how much it is ahead of the wall clock. */
void persist_timeline(struct orchestrator *o)
{
    struct timeline kept = o->timeline;
    int64_t since_first_ns = o->wall_at_start_ns - kept.wall_at_zero_ns;

    if (since_first_ns > 0)
        kept.ahead_ns -= since_first_ns;
    if (keeps(o))
        persist_put(o, STORE_STATE, RECORD_TIMELINE, record_of_timeline(&kept));
}

void persist_faults(struct orchestrator *o)
{
    if (keeps(o) && o->plan && o->plan->touched)
        persist_put(o, STORE_STATE, RECORD_FAULTS, record_of_faults(o->plan, o->settings.seed));
    if (o->plan)
        o->plan->touched = false;
}

/* ---- all of it ---- */

/* Of each task: the ones with a place in their order, then the minted ones. */
static void each_task(struct orchestrator *o,
                      void (*visit)(struct orchestrator *o, const struct task *t))
{
    for (uint32_t place = o->assignment.first; place < o->assignment.count; place++)
        if (assignment_task(&o->assignment, place))
            visit(o, assignment_task(&o->assignment, place));
    for (const struct task *t = o->assignment.minted_first; t; t = t->next)
        visit(o, t);
}

void persist_all(struct orchestrator *o)
{
    persist_timeline(o);
    persist_faults(o);
    for (uint32_t i = 0; i < o->registry.user_count; i++)
        persist_user(o, &o->registry.users[i]);
    for (uint32_t i = 0; i < o->registry.node_count; i++)
        persist_node(o, &o->registry.nodes[i]);
    each_task(o, persist_task);
    for (uint32_t i = 0; i < o->ledger.count; i++)
        persist_credit(o, credits_at(&o->ledger, i));
}

static void forget_task(struct orchestrator *o, const struct task *t)
{
    persist_forget(o, STORE_TASK, t->task_id);
}

void persist_forget_all(struct orchestrator *o)
{
    persist_forget(o, STORE_STATE, RECORD_FAULTS);
    for (uint32_t i = 0; i < o->registry.user_count; i++)
        persist_forget(o, STORE_USER, o->registry.users[i].uuid);
    for (uint32_t i = 0; i < o->registry.node_count; i++)
        persist_forget(o, STORE_NODE, o->registry.nodes[i].id);
    each_task(o, forget_task);
    for (uint32_t i = 0; i < o->ledger.count; i++)
        persist_forget_credit(o, credits_at(&o->ledger, i)->number);
}

/* ---- in ---- */

struct loading {
    struct orchestrator *o;
    enum store_kind kind;
};

static enum status load(void *context, const char *key, struct bytes value, struct why *why)
{
    const struct loading *loading = context;
    json_t *record = json_loadb((const char *)value.data, value.size, 0, NULL);
    enum status st = record_load(loading->o, loading->kind, key, record, why);

    if (st == ST_EXISTS) /* it says of itself what another one says */
        st = fail_within(why, ST_INPUT, "store: record '%.64s'", key);
    json_decref(record);
    return st;
}

struct happening { /* to a task */
    int64_t at_ns;
    struct task *task;
};

static int by_time(const void *a, const void *b)
{
    const struct happening *x = a, *y = b;

    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return x->task->place < y->task->place ? -1 : 1;
}

static struct user *user_of(const struct orchestrator *o, const struct task *t)
{
    return &o->registry.users[o->registry.nodes[t->node].user];
}

static void replay_closings(struct orchestrator *o, struct happening *list)
{
    const struct assignment *a = &o->assignment;
    uint32_t count = 0;

    for (uint32_t place = 0; place < a->count; place++) {
        struct task *t = assignment_task(a, place);

        if (t->state != TASK_OPEN && t->state != TASK_HELD)
            list[count++] = (struct happening){.at_ns = t->closed_ns, .task = t};
    }
    qsort(list, count, sizeof *list, by_time);
    for (uint32_t i = 0; i < count; i++)
        assignment_close(&o->assignment, list[i].task, list[i].task->state, list[i].at_ns);
}

static void replay_submissions(struct orchestrator *o, struct happening *list)
{
    const struct assignment *a = &o->assignment;
    uint32_t count = 0;

    for (uint32_t place = 0; place < a->count; place++) {
        struct task *t = assignment_task(a, place);

        if (t->proof_hash[0])
            list[count++] = (struct happening){.at_ns = t->handed_ns, .task = t};
    }
    qsort(list, count, sizeof *list, by_time);
    for (uint32_t i = 0; i < count; i++)
        quota_replay(&user_of(o, list[i].task)->submissions, list[i].at_ns);
}

/* What happened, once more and in its order: allowances go on where they were (a restart gives
 * nobody more), and closed tasks are forgotten in their turn. */
enum status persist_replay(struct orchestrator *o, int64_t now_ns, struct why *why)
{
    const struct assignment *a = &o->assignment;
    struct happening *list = malloc(((size_t)a->count + 1) * sizeof *list);
    enum status st = ST_OK;

    if (!list)
        return fail(why, ST_NO_MEMORY, "allowances: out of memory");
    for (uint32_t i = 0; i < o->registry.user_count; i++)
        quota_settle(&o->registry.users[i].refusals, now_ns);
    for (uint32_t i = 0; i < o->registry.node_count; i++) {
        const struct node *n = &o->registry.nodes[i];

        if (n->registered)
            quota_replay(&o->registry.users[n->user].registrations, n->registered_ns);
    }
    for (uint32_t place = 0; place < a->count && !st; place++)
        st = gates_replay(o, assignment_task(a, place), why);
    replay_closings(o, list);
    replay_submissions(o, list);
    consensus_settle(&o->assignment);
    free(list);
    return st;
}

#define FARTHEST_NS (INT64_MAX / 8) /* 36 years: the times of a record end there */

/* Since the last start the line has gone on with the wall clock, or, if that was set back, from the
 * last thing that happened. A machine that believed in 1970 then and knows better now moves the zero. */
static void go_on(struct orchestrator *o, const struct settings *settings, int64_t outside_ns)
{
    struct timeline *t = &o->timeline;
    int64_t last_ns = 0, slept_ns = settings->wall_at_zero_ns - t->wall_at_zero_ns;

    for (uint32_t place = 0; place < o->assignment.count; place++) {
        const struct task *task = assignment_task(&o->assignment, place);

        last_ns = task->assigned_ns > last_ns ? task->assigned_ns : last_ns;
        last_ns = task->closed_ns > last_ns ? task->closed_ns : last_ns;
        last_ns = task->handed_ns > last_ns ? task->handed_ns : last_ns;
    }
    if (t->ahead_ns + slept_ns > FARTHEST_NS) {
        t->wall_at_zero_ns += slept_ns;
        slept_ns = 0;
    }
    t->ahead_ns += slept_ns;
    if (outside_ns + t->ahead_ns < last_ns)
        t->ahead_ns = last_ns - outside_ns;
}

enum status persist_load(struct orchestrator *o, int64_t outside_ns, struct why *why)
{
    static const enum store_kind order[] = {STORE_STATE, STORE_USER,   STORE_NODE,
                                            STORE_TASK,  STORE_CREDIT, STORE_REQUESTS};
    const struct settings settings = o->settings;
    struct loading loading = {.o = o};
    enum status st = ST_OK;

    for (size_t i = 0; i < sizeof order / sizeof *order && !st; i++) {
        loading.kind = order[i];
        st = store_each(o->store, order[i], load, &loading, why);
    }
    if (st)
        return st;
    persist_journal_loaded(o);
    go_on(o, &settings, outside_ns);
    o->settings.wall_at_zero_ns = o->timeline.wall_at_zero_ns;
    persist_timeline(o);
    st = orchestrator_commit(o, why);
    if (st)
        return st;
    /* Ids go on from where chance stood; a fork by the number of tasks never repeats one. */
    if (o->metrics.tasks_made)
        o->assignment.prng = prng_fork(&o->assignment.prng, o->metrics.tasks_made);
    return persist_replay(o, timeline_inside_ns(&o->timeline, outside_ns), why);
}
