/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/admin_call.h"

static double seconds(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

json_t *admin_state(struct admin_call *c)
{
    return state_of_all(c->o, c->now_ns);
}

/* ---- users ---- */

struct user *admin_user_of(const struct admin_call *c, const char *name)
{
    struct user *u = registry_user_of_uuid(&c->o->registry, name);

    return u ? u : registry_user_of_wallet(&c->o->registry, name);
}

json_t *admin_users(struct admin_call *c)
{
    const struct registry *r = &c->o->registry;
    struct admin_page page;
    json_t *error = admin_page_start(&page, c);

    if (error)
        return error;
    for (uint32_t i = 0; i < r->user_count; i++)
        if (admin_page_wants(&page))
            json_array_append_new(page.items, state_user(c->o, &r->users[i], c->now_ns));
    return admin_page_end(&page);
}

json_t *admin_user(struct admin_call *c)
{
    const struct user *u = admin_user_of(c, c->name);

    return u ? state_user(c->o, u, c->now_ns)
             : admin_error(c, 404, "no user has this id or wallet");
}

/* ---- nodes ---- */

/* A filter ?user= as a place; UINT32_MAX: any. false: nobody is called so. */
static bool user_filter(struct admin_call *c, uint32_t *place)
{
    char name[ADMIN_NAME];
    const struct user *u;

    *place = UINT32_MAX;
    if (!admin_query(c, "user", name, sizeof name))
        return true;
    u = admin_user_of(c, name);
    if (u)
        *place = (uint32_t)(u - c->o->registry.users);
    return u != NULL;
}

json_t *admin_nodes(struct admin_call *c)
{
    const struct registry *r = &c->o->registry;
    struct admin_page page;
    json_t *error = admin_page_start(&page, c);
    uint32_t user;
    bool known = user_filter(c, &user);

    if (error)
        return error;
    for (uint32_t i = 0; known && i < r->node_count; i++)
        if ((user == UINT32_MAX || r->nodes[i].user == user) && admin_page_wants(&page))
            json_array_append_new(page.items, state_node(c->o, &r->nodes[i]));
    return admin_page_end(&page);
}

json_t *admin_node(struct admin_call *c)
{
    const struct node *n = registry_node(&c->o->registry, c->name);

    return n ? state_node(c->o, n) : admin_error(c, 404, "no such node");
}

/* ---- tasks ---- */

struct task_filter {
    char state[32], node[32], program[SETTINGS_PROGRAM_SIZE], type[32], difficulty[32];
    bool by_state, by_node, by_program, by_type, by_difficulty;
    uint32_t user;
};

static bool task_fits(const struct orchestrator *o, const struct task_filter *f,
                      const struct task *t)
{
    const struct node *n = t->node == TASK_FOR_ANYBODY ? NULL : &o->registry.nodes[t->node];
    const char *state = t->judging ? "judging" : task_state_name(t->state);

    return (!f->by_state || strcmp(f->state, state) == 0) &&
           (!f->by_node || strcmp(f->node, n ? n->id : "") == 0) &&
           (!f->by_program || strcmp(f->program, t->program_id) == 0) &&
           (!f->by_type || strcmp(f->type, task_type_name(t->type)) == 0) &&
           (!f->by_difficulty || strcmp(f->difficulty, difficulty_name(t->difficulty)) == 0) &&
           (f->user == UINT32_MAX || (n && n->user == f->user));
}

/* The newest last; the minted ones behind them. */
json_t *admin_tasks(struct admin_call *c)
{
    const struct assignment *a = &c->o->assignment;
    struct task_filter f;
    struct admin_page page;
    json_t *error = admin_page_start(&page, c);
    bool known = user_filter(c, &f.user);

    f.by_state = admin_query(c, "state", f.state, sizeof f.state);
    f.by_node = admin_query(c, "node", f.node, sizeof f.node);
    f.by_program = admin_query(c, "program", f.program, sizeof f.program);
    f.by_type = admin_query(c, "type", f.type, sizeof f.type);
    f.by_difficulty = admin_query(c, "difficulty", f.difficulty, sizeof f.difficulty);
    if (error)
        return error;
    for (uint32_t place = a->first; known && place < a->count; place++) {
        const struct task *t = assignment_task(a, place);

        if (t && task_fits(c->o, &f, t) && admin_page_wants(&page))
            json_array_append_new(page.items, state_task(c->o, t, c->now_ns));
    }
    for (const struct task *t = known ? a->minted_first : NULL; t; t = t->next)
        if (task_fits(c->o, &f, t) && admin_page_wants(&page))
            json_array_append_new(page.items, state_task(c->o, t, c->now_ns));
    return admin_page_end(&page);
}

struct task *admin_task_of(const struct admin_call *c)
{
    uint32_t at;
    struct task *t = assignment_find(&c->o->assignment, &at, c->name);

    if (t)
        return t;
    for (t = c->o->assignment.minted_first; t; t = t->next)
        if (strcmp(t->task_id, c->name) == 0)
            return t;
    return NULL;
}

json_t *admin_task(struct admin_call *c)
{
    const struct task *t = admin_task_of(c);

    return t ? state_task(c->o, t, c->now_ns) : admin_error(c, 404, "no such task");
}

/* ---- credits ---- */

json_t *admin_credits(struct admin_call *c)
{
    const struct registry *r = &c->o->registry;
    struct admin_page page;
    json_t *error = admin_page_start(&page, c);
    uint32_t user;
    bool known = user_filter(c, &user), by_node;
    char node[32];

    by_node = admin_query(c, "node", node, sizeof node);
    if (error)
        return error;
    for (uint32_t i = 0; known && i < c->o->ledger.count; i++) {
        const struct credits_entry *e = credits_at(&c->o->ledger, i);
        const char *id = e->node == CREDITS_BY_HAND ? "" : r->nodes[e->node].id;

        if ((user != UINT32_MAX && e->user != user) || (by_node && strcmp(node, id) != 0) ||
            !admin_page_wants(&page))
            continue;
        json_array_append_new(page.items,
                              json_pack("{so sf ss ss sI so ss ss}", "number",
                                        state_counter(e->number), "at_s", seconds(e->at_ns),
                                        "user_id", r->users[e->user].uuid, "node_id", id, "amount",
                                        (json_int_t)e->amount, "balance", state_counter(e->balance),
                                        "task_id", e->task_id, "reason", e->reason));
    }
    return admin_page_end(&page);
}

/* ---- rules ---- */

static json_t *rule_json(const struct fault_rule *r)
{
    const char *call =
        r->where.call == FAULT_ANY_CALL ? "any" : call_name((enum call)r->where.call);
    json_t *rule = json_pack("{ss ss ss so so ss}", "name", r->name, "call", call, "node",
                             r->where.node_id, "seen", state_counter(r->seen), "struck",
                             state_counter(r->struck), "from", r->written ? "admin" : "start");

    if (rule && r->written)
        json_object_set_new(rule, "rule", json_loads(r->written, 0, NULL));
    return rule;
}

json_t *admin_rules(struct admin_call *c)
{
    const struct fault_plan *p = c->o->plan;
    struct admin_page page;
    json_t *error = admin_page_start(&page, c);

    if (error)
        return error;
    for (size_t i = 0; p && i < p->count; i++)
        if (!p->rules[i].disabled && admin_page_wants(&page))
            json_array_append_new(page.items, rule_json(&p->rules[i]));
    return admin_page_end(&page);
}

/* ---- clock ---- */

json_t *admin_clock(struct admin_call *c)
{
    const struct timeline *t = &c->o->timeline;
    int64_t now_ns = timeline_inside_ns(t, c->outside_ns);
    int64_t wall_ns = timeline_shown_ns(t, now_ns);
    char date[30];

    http_date_format(date, wall_ns / NS_PER_S);
    return json_pack("{sf sb sf sf ss}", "now_s", seconds(now_ns), "frozen", t->frozen, "skew_s",
                     seconds(t->skew_ns), "wall_s", seconds(wall_ns), "date", date);
}
