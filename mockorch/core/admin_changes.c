/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/admin_call.h"

#define MOST_MINTED 10000                /* by one request */
#define LONGEST_S   (10.0 * 365 * 86400) /* of an advance or a skew */

/* ---- users and nodes ---- */

json_t *admin_add_user(struct admin_call *c)
{
    const char *wallet = "", *id = NULL;
    char made[REGISTRY_UUID_SIZE];
    struct why why;
    enum status st;
    uint32_t at;

    if (admin_text(c, "wallet_address", &wallet) <= 0 || admin_text(c, "user_id", &id) < 0)
        return admin_error(c, 400, "wallet_address: a text is needed (user_id: a text, or none)");
    if (!id) {
        registry_uuid_of_wallet(made, wallet);
        id = made;
    }
    st = registry_add_user(&c->o->registry, &at, &c->o->settings, id, wallet, &why);
    if (st)
        return admin_failed(c, st, &why);
    c->o->metrics.users++;
    persist_user(c->o, &c->o->registry.users[at]);
    c->status = 201;
    return state_user(c->o, &c->o->registry.users[at], c->now_ns);
}

json_t *admin_add_node(struct admin_call *c)
{
    const char *wallet = "", *id = NULL;
    struct why why;
    enum status st;
    uint32_t at;

    if (admin_text(c, "wallet_address", &wallet) <= 0 || admin_text(c, "node_id", &id) < 0)
        return admin_error(c, 400, "wallet_address: a text is needed (node_id: a text, or none)");
    st = orchestrator_add(c->o, &at, id, wallet, false, &why);
    if (st)
        return admin_failed(c, st, &why);
    c->status = 201;
    return state_node(c->o, &c->o->registry.nodes[at]);
}

json_t *admin_grant(struct admin_call *c)
{
    struct credits_entry entry = {.at_ns = c->now_ns, .node = CREDITS_BY_HAND};
    const struct user *u = admin_user_of(c, c->name);
    const char *reason = "by hand";
    struct why why;

    if (!u)
        return admin_error(c, 404, "no user has this id or wallet");
    if (admin_integer(c, "amount", &entry.amount) <= 0 || entry.amount == 0)
        return admin_error(c, 400, "amount: a whole number other than 0 is needed");
    if (admin_text(c, "reason", &reason) < 0 || strlen(reason) >= sizeof entry.reason)
        return admin_error(c, 400, "reason: a text of at most %zu bytes", sizeof entry.reason - 1);
    if (entry.amount < 0 ? u->credits < 0 - (uint64_t)entry.amount
                         : u->credits > (uint64_t)(INT64_MAX - entry.amount))
        return admin_error(c, 409, "amount: the user has %llu credits",
                           (unsigned long long)u->credits);
    if (credits_reserve(&c->o->ledger, &why))
        return admin_failed(c, ST_NO_MEMORY, &why);
    entry.user = (uint32_t)(u - c->o->registry.users);
    strcpy(entry.reason, reason);
    calls_credit(c->o, &entry);
    return state_user(c->o, u, c->now_ns);
}

/* ---- minting ---- */

struct minting {
    struct assignment_mint mint;
    int64_t count;
    uint8_t words[WIRE_MAX_INPUTS][12];
    struct bytes inputs[WIRE_MAX_INPUTS];
};

/* false: not [[n, a, b], …] of words of 32 bits. */
static bool read_inputs(struct minting *m, const json_t *list)
{
    if (!json_is_array(list) || json_array_size(list) > WIRE_MAX_INPUTS)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *input = json_array_get(list, i);

        if (json_array_size(input) != 3)
            return false;
        for (size_t k = 0; k < 3; k++) {
            json_int_t word = json_integer_value(json_array_get(input, k));

            if (!json_is_integer(json_array_get(input, k)) || word < 0 || word > UINT32_MAX)
                return false;
            store_le32(m->words[i] + 4 * k, (uint32_t)word);
        }
        m->inputs[i] = bytes_of(m->words[i], 12);
    }
    m->mint.inputs = m->inputs;
    m->mint.input_count = json_array_size(list);
    return true;
}

/* NULL, or what is wrong. */
static json_t *read_work(struct minting *m, struct admin_call *c)
{
    const json_t *inputs = json_object_get(c->body, "inputs");
    const char *type = NULL, *difficulty = NULL;
    enum difficulty d;

    if (admin_text(c, "program_id", &m->mint.program_id) < 0 ||
        (m->mint.program_id && strlen(m->mint.program_id) >= SETTINGS_PROGRAM_SIZE))
        return admin_error(c, 400, "program_id: a text of at most %d bytes",
                           SETTINGS_PROGRAM_SIZE - 1);
    if (inputs && !read_inputs(m, inputs))
        return admin_error(c, 400, "inputs: [[n, a, b], ...], at most %d of 32-bit words",
                           WIRE_MAX_INPUTS);
    if (admin_text(c, "task_type", &type) < 0)
        type = "";
    for (int t = TASK_PROOF_REQUIRED; type && t <= TASK_ALL_PROOF_HASHES; t++)
        if (strcmp(type, task_type_name((enum task_type)t)) == 0)
            m->mint.type = t;
    if (type && m->mint.type < 0)
        return admin_error(c, 400, "task_type: PROOF_REQUIRED, PROOF_HASH or ALL_PROOF_HASHES");
    if (admin_text(c, "difficulty", &difficulty) < 0)
        difficulty = "";
    if (difficulty && difficulty_parse(&d, difficulty, NULL))
        return admin_error(c, 400, "difficulty: SMALL to EXTRA_LARGE_5");
    if (difficulty)
        m->mint.difficulty = (int)d;
    return NULL;
}

json_t *admin_mint(struct admin_call *c)
{
    struct minting m = {.count = 1,
                        .mint = {.node = TASK_FOR_ANYBODY, .type = -1, .difficulty = -1}};
    json_t *error = read_work(&m, c), *items;
    const char *node_id = NULL;
    const struct node *n;

    if (error)
        return error;
    if (admin_integer(c, "count", &m.count) < 0 || m.count < 1 || m.count > MOST_MINTED)
        return admin_error(c, 400, "count: 1 to %d are possible", MOST_MINTED);
    if (admin_text(c, "node_id", &node_id) < 0)
        node_id = "";
    n = node_id ? registry_node(&c->o->registry, node_id) : NULL;
    if (node_id && !n)
        return admin_error(c, 404, "no such node");
    if (n)
        m.mint.node = (uint32_t)(n - c->o->registry.nodes);
    items = json_array();
    for (int64_t i = 0; i < m.count; i++) {
        struct task *t;
        struct why why;

        if (assignment_mint(&c->o->assignment, &t, &c->o->settings, &m.mint, c->now_ns, &why)) {
            json_decref(items);
            return admin_failed(c, ST_NO_MEMORY, &why);
        }
        persist_task(c->o, t);
        json_array_append_new(items, state_task(c->o, t, c->now_ns));
    }
    c->status = 201;
    return json_pack("{so}", "items", items);
}

json_t *admin_expire(struct admin_call *c)
{
    struct task *t = admin_task_of(c);

    if (!t)
        return admin_error(c, 404, "no such task");
    if (t->state == TASK_MINTED) {
        persist_forget(c->o, STORE_TASK, t->task_id);
        assignment_withdraw(&c->o->assignment, t);
        return json_pack("{ss}", "task_id", c->name);
    }
    if (t->state != TASK_OPEN || t->judging)
        return admin_error(c, 409, "the task is %s",
                           t->judging ? "before the judge" : task_state_name(t->state));
    calls_expire_task(c->o, t, c->now_ns);
    persist_task(c->o, t);
    persist_node(c->o, &c->o->registry.nodes[t->node]);
    return state_task(c->o, t, c->now_ns);
}

/* ---- rules ---- */

json_t *admin_add_rule(struct admin_call *c)
{
    struct fault_plan *p = c->o->plan;
    char *text = record_text(c->body, 0);
    struct why why = {"a rule is needed"};
    enum status st = ST_INPUT;

    if (text && p)
        st = fault_plan_write(p, text, &why);
    free(text);
    if (st)
        return admin_failed(c, st, &why);
    p->touched = true;
    persist_faults(c->o);
    c->status = 201;
    return json_pack("{ss}", "name", p->rules[p->count - 1].name);
}

json_t *admin_remove_rule(struct admin_call *c)
{
    struct fault_rule *rule = c->o->plan ? fault_plan_find(c->o->plan, c->name) : NULL;

    if (!rule || rule->disabled)
        return admin_error(c, 404, "no such rule");
    fault_plan_remove(c->o->plan, rule);
    persist_faults(c->o);
    return json_pack("{ss}", "name", c->name);
}

json_t *admin_remove_rules(struct admin_call *c)
{
    struct fault_plan *p = c->o->plan;
    int removed = 0;

    for (size_t i = p ? p->count : 0; i-- > 0;) {
        if (p->rules[i].disabled)
            continue;
        fault_plan_remove(p, &p->rules[i]);
        removed++;
    }
    persist_faults(c->o);
    return json_pack("{si}", "removed", removed);
}

/* ---- clock ---- */

/* Seconds, with a fraction or without. 0: not there, 1: read, -1: bad. */
static int read_seconds(const struct admin_call *c, const char *key, double least, int64_t *ns)
{
    const json_t *value = json_object_get(c->body, key);
    double s = json_number_value(value);

    if (!value)
        return 0;
    if (!json_is_number(value) || !(s >= least && s <= LONGEST_S))
        return -1;
    *ns = (int64_t)(s * (double)NS_PER_S);
    return 1;
}

json_t *admin_set_clock(struct admin_call *c)
{
    struct timeline *t = &c->o->timeline;
    const json_t *freeze = json_object_get(c->body, "freeze");
    int64_t advance_ns = 0, skew_ns = t->skew_ns;

    if (read_seconds(c, "advance_s", 0, &advance_ns) < 0)
        return admin_error(c, 400, "advance_s: a number of seconds, not below 0");
    if (read_seconds(c, "skew_s", -LONGEST_S, &skew_ns) < 0)
        return admin_error(c, 400, "skew_s: a number of seconds");
    if (freeze && !json_is_boolean(freeze))
        return admin_error(c, 400, "freeze: true or false");
    if (json_is_true(freeze))
        timeline_freeze(t, c->outside_ns);
    if (json_is_false(freeze))
        timeline_thaw(t, c->outside_ns);
    timeline_advance(t, advance_ns);
    t->skew_ns = skew_ns;
    persist_timeline(c->o);
    calls_expire(c->o, timeline_inside_ns(t, c->outside_ns));
    return admin_clock(c);
}
