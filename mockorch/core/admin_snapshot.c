/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/admin_call.h"

#define VERSION 1

/* ---- another state in place of this one ---- */

/* A judge may be reading the inputs of a task: it stays with its job. */
static void orphan_jobs(struct orchestrator *o)
{
    for (struct job *j = o->jobs; j; j = j->next)
        if (!j->orphan)
            j->orphan = assignment_task(&o->assignment, j->task);
    for (struct job *j = o->jobs; j; j = j->next)
        if (j->task != TASK_FOR_ANYBODY)
            assignment_release(&o->assignment, j->orphan);
    for (struct job *j = o->jobs; j; j = j->next)
        j->task = TASK_FOR_ANYBODY;
}

/* fresh has no store; what was here is freed with it. */
static void take_over(struct orchestrator *o, struct orchestrator *fresh, struct fault_plan *plan)
{
    struct orchestrator old = *o;

    persist_forget_all(o);
    orphan_jobs(o);
    o->registry = fresh->registry;
    o->assignment = fresh->assignment;
    o->ledger = fresh->ledger;
    o->by_node = fresh->by_node;
    o->by_key = fresh->by_key;
    o->by_address = fresh->by_address;
    o->timeline = fresh->timeline;
    o->settings.wall_at_zero_ns = fresh->timeline.wall_at_zero_ns;
    o->metrics = fresh->metrics;
    fresh->registry = old.registry;
    fresh->assignment = old.assignment;
    fresh->ledger = old.ledger;
    fresh->by_node = old.by_node;
    fresh->by_key = old.by_key;
    fresh->by_address = old.by_address;
    if (o->plan) {
        struct fault_plan before = *o->plan;

        *o->plan = *plan;
        o->plan->touched = true;
        *plan = before;
    }
    patience_fini(&o->patience);
    patience_init(&o->patience, o->settings.refusal_gap_ns);
    journal_clear(&o->journal);
    persist_forget_journal(o);
    persist_all(o);
}

/* A state with nothing in it, and the plan as it was at the start. */
static enum status begin(struct admin_call *c, struct orchestrator **fresh, struct fault_plan *plan,
                         struct why *why)
{
    struct orchestrator *o = c->o;
    enum status st;

    *plan = (struct fault_plan){.heal_ns = 0};
    st = o->plan ? fault_plan_again(plan, o->plan, o->settings.seed, why) : ST_OK;
    if (!st)
        st = orchestrator_new(fresh, &o->settings, plan, NULL, 0, why);
    if (st)
        fault_plan_fini(plan);
    return st;
}

static void end(struct orchestrator *fresh, struct fault_plan *plan)
{
    orchestrator_free(fresh);
    fault_plan_fini(plan);
}

/* The line shows inside_ns now; the wall clock is what it really is. */
static void set_line(struct admin_call *c, struct timeline *t, int64_t inside_ns)
{
    t->wall_at_zero_ns = c->o->wall_at_start_ns + c->outside_ns - inside_ns;
    t->ahead_ns = inside_ns - c->outside_ns;
    t->frozen_ns = inside_ns;
}

/* ---- reset ---- */

static enum status add_first_nodes(struct orchestrator *fresh, const struct registry *r,
                                   struct why *why)
{
    enum status st = ST_OK;

    for (uint32_t i = 0; i < r->node_count && !st; i++) {
        const struct user *u = &r->users[r->nodes[i].user];
        uint32_t user, node;

        if (!r->nodes[i].from_start)
            continue;
        st = orchestrator_user_of(fresh, &user, u->wallet, why);
        if (!st)
            st = orchestrator_add(fresh, &node, r->nodes[i].id, u->wallet, true, why);
    }
    return st;
}

json_t *admin_reset(struct admin_call *c)
{
    struct orchestrator *fresh = NULL;
    struct fault_plan plan;
    struct why why;
    enum status st = begin(c, &fresh, &plan, &why);

    if (st)
        return admin_failed(c, st, &why);
    st = add_first_nodes(fresh, &c->o->registry, &why);
    if (!st) {
        fresh->timeline = (struct timeline){.wall_at_zero_ns = 0};
        set_line(c, &fresh->timeline, 0);
        take_over(c->o, fresh, &plan);
    }
    end(fresh, &plan);
    return st ? admin_failed(c, st, &why) : json_pack("{sb}", "reset", 1);
}

/* ---- snapshot ---- */

static json_t *pair(const char *key, json_t *takes)
{
    return json_pack("[so]", key, takes);
}

static json_t *tasks_json(const struct orchestrator *o)
{
    const struct assignment *a = &o->assignment;
    json_t *tasks = json_array();

    for (uint32_t place = a->first; place < a->count; place++) {
        const struct task *t = assignment_task(a, place);

        if (t)
            tasks = record_append(tasks, pair(t->task_id, record_of_task(o, t)));
    }
    for (const struct task *t = a->minted_first; t; t = t->next)
        tasks = record_append(tasks, pair(t->task_id, record_of_task(o, t)));
    return tasks;
}

static json_t *credits_json(const struct orchestrator *o)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < o->ledger.count; i++) {
        const struct credits_entry *e = credits_at(&o->ledger, i);
        char key[24];

        record_credit_key(key, e->number);
        list = record_append(list, pair(key, record_of_credit(o, e)));
    }
    return list;
}

json_t *admin_snapshot(struct admin_call *c)
{
    const struct orchestrator *o = c->o;
    json_t *users = json_array(), *nodes = json_array(), *state = json_array(), *chance;

    for (uint32_t i = 0; i < o->registry.user_count; i++) {
        const struct user *u = &o->registry.users[i];

        users = record_append(users, pair(u->uuid, record_of_user(u)));
    }
    for (uint32_t i = 0; i < o->registry.node_count; i++) {
        const struct node *n = &o->registry.nodes[i];

        nodes = record_append(nodes, pair(n->id, record_of_node(o, n)));
    }
    state = record_append(state, pair(RECORD_TIMELINE, record_of_timeline(&o->timeline)));
    if (o->plan)
        state = record_append(state,
                              pair(RECORD_FAULTS, record_of_faults(o->plan, o->settings.seed)));
    chance = json_pack("[IIII]", (json_int_t)o->assignment.prng.s[0],
                       (json_int_t)o->assignment.prng.s[1], (json_int_t)o->assignment.prng.s[2],
                       (json_int_t)o->assignment.prng.s[3]);
    return json_pack("{si sI so so so so so so}", "snapshot", VERSION, "now_ns",
                     (json_int_t)c->now_ns, "chance", chance, "state", state, "users", users,
                     "nodes", nodes, "tasks", tasks_json(o), "credits", credits_json(o));
}

/* ---- restore ---- */

static enum status load_list(struct orchestrator *fresh, const struct admin_call *c,
                             const char *name, enum store_kind kind, struct why *why)
{
    const json_t *list = json_object_get(c->body, name);
    enum status st = ST_OK;

    if (!json_is_array(list))
        return fail(why, ST_INPUT, "%s: a list is needed", name);
    for (size_t i = 0; i < json_array_size(list) && !st; i++) {
        const char *key;
        json_t *record;

        if (json_unpack(json_array_get(list, i), "[so]", &key, &record))
            return fail(why, ST_INPUT, "%s: entry %zu is not [key, record]", name, i + 1);
        st = record_load(fresh, kind, key, record, why);
    }
    return st == ST_EXISTS ? ST_INPUT : st; /* two records of one key */
}

static enum status load_all(struct orchestrator *fresh, struct admin_call *c, struct why *why)
{
    static const struct {
        const char *name;
        enum store_kind kind;
    } lists[] = {{"state", STORE_STATE},
                 {"users", STORE_USER},
                 {"nodes", STORE_NODE},
                 {"tasks", STORE_TASK},
                 {"credits", STORE_CREDIT}};
    json_int_t now_ns, chance[4];
    int version;
    enum status st = ST_OK;

    if (json_unpack(c->body, "{si sI s[IIII]}", "snapshot", &version, "now_ns", &now_ns, "chance",
                    &chance[0], &chance[1], &chance[2], &chance[3]) ||
        version != VERSION || now_ns < 0 || now_ns > INT64_MAX / 8)
        return fail(why, ST_INPUT, "not a snapshot of version %d", VERSION);
    for (size_t i = 0; i < sizeof lists / sizeof *lists && !st; i++)
        st = load_list(fresh, c, lists[i].name, lists[i].kind, why);
    if (!st)
        st = persist_replay(fresh, now_ns, why);
    for (size_t i = 0; i < 4; i++)
        fresh->assignment.prng.s[i] = (uint64_t)chance[i];
    set_line(c, &fresh->timeline, now_ns);
    return st;
}

json_t *admin_restore(struct admin_call *c)
{
    struct orchestrator *fresh = NULL;
    struct fault_plan plan;
    struct why why;
    enum status st = begin(c, &fresh, &plan, &why);

    if (st)
        return admin_failed(c, st, &why);
    st = load_all(fresh, c, &why);
    if (!st)
        take_over(c->o, fresh, &plan);
    end(fresh, &plan);
    return st ? admin_failed(c, st, &why) : json_pack("{sb}", "restored", 1);
}
