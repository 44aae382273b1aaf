/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockorch/core/consensus.h"

#define MAX_INPUT_BYTES 13 /* a fault makes them one too long */

/* ---- out ---- */

json_t *record_append(json_t *list, json_t *takes)
{
    if (json_array_append_new(list, takes) == 0)
        return list;
    json_decref(list);
    return NULL;
}

json_t *record_set(json_t *object, const char *key, json_t *takes)
{
    if (json_object_set_new(object, key, takes) == 0)
        return object;
    json_decref(object);
    return NULL;
}

char *record_text(const json_t *value, size_t flags)
{
    const size_t size = json_dumpb(value, NULL, 0, flags);
    char *text = size ? malloc(size + 1) : NULL;

    if (text && json_dumpb(value, text, size, flags) != size) {
        free(text);
        return NULL;
    }
    if (text)
        text[size] = 0;
    return text;
}

json_t *record_of_user(const struct user *u)
{
    json_t *record =
        json_pack("{ss sI}", "wallet", u->wallet, "credits", (json_int_t)u->credits);

    if (u->refusals.full_ns > 0) /* the bucket has been used */
        record = record_set(record, "refusals", json_integer(u->refusals.full_ns));
    return record;
}

json_t *record_of_node(const struct orchestrator *o, const struct node *n)
{
    json_t *record = json_pack(
        "{ss si sI sI sI sI si si si}", "user", o->registry.users[n->user].uuid, "type",
        (int)n->type, "assigned", (json_int_t)n->assigned, "credited", (json_int_t)n->credited,
        "expired", (json_int_t)n->expired, "refused", (json_int_t)n->refused, "standing",
        (int)n->standing, "streak", (int)n->streak, "strikes", (int)n->strikes);

    if (n->from_start)
        record = record_set(record, "start", json_true());
    if (n->registered)
        record = record_set(record, "registered", json_integer(n->registered_ns));
    return record;
}

static json_t *inputs_json(const struct task *t)
{
    json_t *list = json_array();

    for (size_t i = 0; i < t->input_count; i++) {
        char hex[2 * MAX_INPUT_BYTES + 1];

        hex_encode(hex, t->inputs[i].data, t->inputs[i].size);
        list = record_append(list, json_string(hex));
    }
    return list;
}

json_t *record_of_task(const struct orchestrator *o, const struct task *t)
{
    char key[2 * SIGNING_PUBLIC_SIZE + 1];
    const char *node = "";
    json_t *record;

    hex_encode(key, t->public_key, sizeof t->public_key);
    if (t->node != TASK_FOR_ANYBODY)
        node = o->registry.nodes[t->node].id;
    record =
        json_pack("{ss so si si si ss ss ss sI sI sI sI sI ss ss}", "program", t->program_id,
                  "inputs", inputs_json(t), "type", (int)t->type, "difficulty", (int)t->difficulty,
                  "state", (int)t->state, "node", node, "key", key, "peer", t->peer, "assigned",
                  (json_int_t)t->assigned_ns, "expires", (json_int_t)t->expires_ns, "closed",
                  (json_int_t)t->closed_ns, "handed", (json_int_t)t->handed_ns, "submissions",
                  (json_int_t)t->submissions, "hash", t->proof_hash, "refusal", t->refusal);
    if (t->group) {
        record = record_set(record, "group", json_string(t->group->members[0]->task_id));
        record = record_set(record, "seats", json_integer(t->group->wanted));
    }
    return record;
}

/* As wide as any, so that they are in order when they are read by hand. */
void record_credit_key(char out[static 24], uint64_t number)
{
    snprintf(out, 24, "%020" PRIu64, number);
}

json_t *record_of_credit(const struct orchestrator *o, const struct credits_entry *e)
{
    const char *node = e->node == CREDITS_BY_HAND ? "" : o->registry.nodes[e->node].id;

    return json_pack("{sI ss ss sI sI ss ss}", "at", (json_int_t)e->at_ns, "user",
                     o->registry.users[e->user].uuid, "node", node, "amount", (json_int_t)e->amount,
                     "balance", (json_int_t)e->balance, "task", e->task_id, "reason", e->reason);
}

json_t *record_of_timeline(const struct timeline *t)
{
    return json_pack("{sI sI sb sI sI}", "zero", (json_int_t)t->wall_at_zero_ns, "ahead",
                     (json_int_t)t->ahead_ns, "frozen", t->frozen, "at", (json_int_t)t->frozen_ns,
                     "skew", (json_int_t)t->skew_ns);
}

json_t *record_of_faults(const struct fault_plan *p, uint64_t seed)
{
    json_t *rules = json_array(), *chance = json_array();

    for (size_t i = 0; i < p->count; i++) {
        const struct fault_rule *r = &p->rules[i];
        json_t *rule = json_pack("{ss sI sI sb}", "name", r->name, "seen", (json_int_t)r->seen,
                                 "struck", (json_int_t)r->struck, "disabled", r->disabled);

        if (r->written)
            rule = record_set(rule, "rule", json_string(r->written));
        rules = record_append(rules, rule);
    }
    for (size_t i = 0; i < 4; i++)
        chance = record_append(chance, json_integer((json_int_t)p->prng.s[i]));
    return json_pack("{sI so so sI}", "seed", (json_int_t)seed, "chance", chance, "rules", rules,
                     "struck", (json_int_t)p->struck);
}

/* ---- in ---- */

/* Within 36 years; dates end in 2116. Sums of a date and three times fit into 64 bits. */
static bool is_time(int64_t ns)
{
    return ns >= -INT64_MAX / 8 && ns <= INT64_MAX / 8;
}

static bool is_date(int64_t ns)
{
    return ns >= 0 && ns <= INT64_MAX / 2;
}

/* One that goes on from here stays a number that can be written down, and so do sums of many. */
static bool is_counter(int64_t n)
{
    return n >= 0 && n <= INT64_MAX >> 20;
}

static bool is_streak(int n)
{
    return n >= 0 && n <= INT32_MAX / 2;
}

static enum status bad_record(struct why *why, const char *kind, const char *key)
{
    return fail(why, ST_INPUT, "store: the record of %s '%s' is damaged", kind, key);
}

static enum status load_user(struct orchestrator *o, const char *key, const json_t *record,
                             struct why *why)
{
    const json_t *refusals = json_object_get(record, "refusals");
    const char *wallet;
    json_int_t credits;
    uint32_t at;
    enum status st;

    if (json_unpack((json_t *)record, "{ss sI}", "wallet", &wallet, "credits", &credits) ||
        !is_counter(credits) ||
        (refusals && !(json_is_integer(refusals) && is_time(json_integer_value(refusals)))))
        return bad_record(why, "user", key);
    st = registry_add_user(&o->registry, &at, &o->settings, key, wallet, why);
    if (st)
        return st;
    o->registry.users[at].credits = (uint64_t)credits;
    if (refusals)
        o->registry.users[at].refusals.full_ns = json_integer_value(refusals);
    o->metrics.users++;
    return ST_OK;
}

static enum status load_node(struct orchestrator *o, const char *key, const json_t *record,
                             struct why *why)
{
    const json_t *registered = json_object_get(record, "registered");
    json_int_t assigned, credited, expired, refused;
    int type, standing, streak, strikes;
    const struct user *u = NULL;
    const char *user;
    struct node *n;
    uint32_t at;
    enum status st;

    if (json_unpack((json_t *)record, "{ss si sI sI sI sI si si si}", "user", &user, "type", &type,
                    "assigned", &assigned, "credited", &credited, "expired", &expired, "refused",
                    &refused, "standing", &standing, "streak", &streak, "strikes", &strikes) == 0)
        u = registry_user_of_uuid(&o->registry, user);
    if (!u || (type != NODE_WEB_PROVER && type != NODE_CLI_PROVER) || credited < 0 || expired < 0 ||
        !is_counter(refused) || !difficulty_known(standing) || !is_streak(streak) ||
        !is_streak(strikes) || !is_counter(assigned) ||
        credited > assigned || expired > assigned - credited ||
        (registered && !(json_is_integer(registered) && is_time(json_integer_value(registered)))))
        return bad_record(why, "node", key);
    st = registry_add_node(&o->registry, &at, (uint32_t)(u - o->registry.users),
                           (enum node_type)type, key, why);
    if (st)
        return st;
    n = &o->registry.nodes[at];
    n->assigned = (uint64_t)assigned;
    n->credited = (uint64_t)credited;
    n->expired = (uint64_t)expired;
    n->refused = (uint64_t)refused;
    n->standing = (enum difficulty)standing;
    n->streak = (uint32_t)streak;
    n->strikes = (uint32_t)strikes;
    n->from_start = json_is_true(json_object_get(record, "start"));
    n->registered = registered != NULL;
    n->registered_ns = json_integer_value(registered);
    o->metrics.nodes++;
    o->metrics.tasks_made += n->assigned;
    o->metrics.tasks_accepted += n->credited;
    o->metrics.tasks_expired += n->expired;
    return ST_OK;
}

/* Everything about a task but its inputs; false: not a task of ours. */
static bool unpack_task(struct orchestrator *o, struct task *t, const json_t *record)
{
    const char *program, *node, *key, *peer, *hash, *refusal;
    const struct node *n;
    int type, difficulty, state;
    json_int_t assigned, expires, closed, handed, submissions;

    if (json_unpack((json_t *)record, "{ss si si si ss ss ss sI sI sI sI sI ss ss}", "program",
                    &program, "type", &type, "difficulty", &difficulty, "state", &state, "node",
                    &node, "key", &key, "peer", &peer, "assigned", &assigned, "expires", &expires,
                    "closed", &closed, "handed", &handed, "submissions", &submissions, "hash",
                    &hash, "refusal", &refusal))
        return false;
    n = registry_node(&o->registry, node);
    if ((!n && !(state == TASK_MINTED && !*node)) || strlen(program) >= sizeof t->program_id ||
        strlen(hash) >= sizeof t->proof_hash || strlen(refusal) >= sizeof t->refusal ||
        strlen(peer) >= sizeof t->peer || type < 0 || type > TASK_ALL_PROOF_HASHES ||
        !difficulty_known(difficulty) || state < 0 || state >= TASK_STATES || submissions < 0 ||
        submissions > UINT32_MAX || !is_time(assigned) || !is_time(expires) || !is_time(closed) ||
        !is_time(handed) || !hex_decode(t->public_key, sizeof t->public_key, key))
        return false;
    strcpy(t->program_id, program);
    strcpy(t->proof_hash, hash);
    strcpy(t->refusal, refusal);
    strcpy(t->peer, peer);
    t->type = (enum task_type)type;
    t->difficulty = (enum difficulty)difficulty;
    t->state = (enum task_state)state;
    t->node = n ? (uint32_t)(n - o->registry.nodes) : TASK_FOR_ANYBODY;
    t->assigned_ns = assigned;
    t->expires_ns = expires;
    t->closed_ns = closed;
    t->handed_ns = handed;
    t->submissions = (uint32_t)submissions;
    return true;
}

/* false: not a list of inputs. */
static bool input_sizes(size_t sizes[static WIRE_MAX_INPUTS], const json_t *inputs)
{
    if (!json_is_array(inputs) || json_array_size(inputs) > WIRE_MAX_INPUTS)
        return false;
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const char *hex = json_string_value(json_array_get(inputs, i));

        if (!hex || strlen(hex) > 2 * MAX_INPUT_BYTES)
            return false;
        sizes[i] = strlen(hex) / 2;
    }
    return true;
}

static bool unpack_inputs(struct task *t, const json_t *inputs)
{
    for (size_t i = 0; i < t->input_count; i++)
        if (!hex_decode((uint8_t *)t->inputs[i].data, t->inputs[i].size,
                        json_string_value(json_array_get(inputs, i))))
            return false;
    return true;
}

/* Each will be credited, expired or refused: more of them than were assigned cannot be. */
static bool is_owed(struct orchestrator *o, const struct task *t)
{
    struct node *n;

    if (t->state != TASK_OPEN && t->state != TASK_HELD)
        return true;
    n = &o->registry.nodes[t->node];
    return n->unsettled++ < n->assigned - n->credited - n->expired;
}

/* Groups whose first task is gone are over. */
static enum status load_group(struct orchestrator *o, struct task *t, const json_t *record,
                              struct why *why)
{
    const char *id = json_string_value(json_object_get(record, "group"));
    json_int_t seats = json_integer_value(json_object_get(record, "seats"));
    const struct task *first;
    uint32_t at;

    if (!id)
        return ST_OK;
    if (seats < 2 || seats > SETTINGS_MOST_CONSENSUS)
        return bad_record(why, "task", t->task_id);
    if (strcmp(id, t->task_id) == 0)
        return consensus_start(&o->assignment, t, (uint32_t)seats, why);
    first = assignment_find(&o->assignment, &at, id);
    if (first && first->group && first->group->count < first->group->wanted)
        consensus_join(first->group, t);
    return ST_OK;
}

static enum status load_task(struct orchestrator *o, const char *key, const json_t *record,
                             struct why *why)
{
    const json_t *inputs = json_object_get(record, "inputs");
    size_t sizes[WIRE_MAX_INPUTS];
    struct task *t;
    uint32_t at;
    enum status st;

    if (!input_sizes(sizes, inputs))
        return bad_record(why, "task", key);
    t = task_new(key, sizes, json_array_size(inputs));
    if (!t)
        return fail(why, ST_NO_MEMORY, "task: out of memory");
    if (!unpack_inputs(t, inputs) || !unpack_task(o, t, record) ||
        assignment_find(&o->assignment, &at, key) || !is_owed(o, t)) {
        task_free(t);
        return bad_record(why, "task", key);
    }
    if (t->state == TASK_MINTED) {
        assignment_mint_again(&o->assignment, t);
        return ST_OK;
    }
    st = assignment_restore(&o->assignment, &at, t, why);
    if (!st && t->state == TASK_OPEN)
        st = registry_open_task(&o->registry.nodes[t->node], at, why);
    return st ? st : load_group(o, t, record, why);
}

static enum status load_credit(struct orchestrator *o, const char *key, const json_t *record,
                               struct why *why)
{
    const char *user, *node, *task, *reason;
    json_int_t at, amount, balance;
    struct credits_entry e = {.number = strtoull(key, NULL, 10)};
    const struct user *u;
    const struct node *n;

    if (json_unpack((json_t *)record, "{sI ss ss sI sI ss ss}", "at", &at, "user", &user, "node",
                    &node, "amount", &amount, "balance", &balance, "task", &task, "reason",
                    &reason))
        return bad_record(why, "credit", key);
    u = registry_user_of_uuid(&o->registry, user);
    n = registry_node(&o->registry, node);
    if (!u || (*node && !n) || !is_time(at) || balance < 0 || e.number <= o->ledger.written ||
        e.number > INT64_MAX || strlen(task) >= sizeof e.task_id ||
        strlen(reason) >= sizeof e.reason)
        return bad_record(why, "credit", key);
    e.at_ns = at;
    e.user = (uint32_t)(u - o->registry.users);
    e.node = n ? (uint32_t)(n - o->registry.nodes) : CREDITS_BY_HAND;
    e.amount = amount;
    e.balance = (uint64_t)balance;
    strcpy(e.task_id, task);
    strcpy(e.reason, reason);
    if (credits_reserve(&o->ledger, why))
        return ST_NO_MEMORY;
    credits_add(&o->ledger, &e);
    return ST_OK;
}

static enum status load_timeline(struct orchestrator *o, const json_t *record, struct why *why)
{
    json_int_t zero, ahead, at, skew;
    int frozen;

    if (json_unpack((json_t *)record, "{sI sI sb sI sI}", "zero", &zero, "ahead", &ahead, "frozen",
                    &frozen, "at", &at, "skew", &skew) ||
        !is_date(zero) || !is_time(ahead) || !is_time(at) || !is_time(skew))
        return bad_record(why, "state", RECORD_TIMELINE);
    o->timeline = (struct timeline){.wall_at_zero_ns = zero,
                                    .ahead_ns = ahead,
                                    .frozen = frozen,
                                    .frozen_ns = at,
                                    .skew_ns = skew};
    return ST_OK;
}

/* Rules that are still what they were go on counting, written ones come back, others begin. */
static enum status load_rule(struct fault_plan *p, const json_t *record, struct why *why)
{
    const char *name, *written = json_string_value(json_object_get(record, "rule"));
    struct fault_rule *rule;
    json_int_t seen, struck;
    enum status st;
    int disabled;

    if (json_unpack((json_t *)record, "{ss sI sI sb}", "name", &name, "seen", &seen, "struck",
                    &struck, "disabled", &disabled) ||
        struck < 0 || seen < struck)
        return bad_record(why, "state", RECORD_FAULTS);
    if (!p)
        return ST_OK;
    rule = fault_plan_find(p, name);
    if (!rule && written) {
        st = fault_plan_write(p, written, why);
        if (st)
            return fail_within(why, st, "store: rule '%s'", name);
        rule = &p->rules[p->count - 1];
        snprintf(rule->name, sizeof rule->name, "%s", name);
    }
    if (!rule)
        return ST_OK;
    rule->seen = (uint64_t)seen;
    rule->struck = (uint64_t)struck;
    rule->disabled = disabled;
    return ST_OK;
}

static enum status load_faults(struct orchestrator *o, const json_t *record, struct why *why)
{
    const json_t *rules = json_object_get(record, "rules");
    json_int_t seed, struck, chance[4];
    struct fault_plan *p = o->plan;
    enum status st = ST_OK;

    if (json_unpack((json_t *)record, "{sI s[IIII] sI}", "seed", &seed, "chance", &chance[0],
                    &chance[1], &chance[2], &chance[3], "struck", &struck) ||
        struck < 0 || !json_is_array(rules))
        return bad_record(why, "state", RECORD_FAULTS);
    for (size_t i = 0; i < json_array_size(rules) && !st; i++)
        st = load_rule(p, json_array_get(rules, i), why);
    if (st || !p)
        return st;
    p->struck = (uint64_t)struck;
    o->metrics.faults = p->struck;
    for (size_t i = 0; i < 4 && (uint64_t)seed == o->settings.seed; i++)
        p->prng.s[i] = (uint64_t)chance[i];
    return ST_OK;
}

enum status record_load(struct orchestrator *o, enum store_kind kind, const char *key,
                        const json_t *record, struct why *why)
{
    switch (kind) {
    case STORE_USER:
        return load_user(o, key, record, why);
    case STORE_NODE:
        return load_node(o, key, record, why);
    case STORE_TASK:
        return load_task(o, key, record, why);
    case STORE_CREDIT:
        return load_credit(o, key, record, why);
    case STORE_STATE:
        if (strcmp(key, RECORD_TIMELINE) == 0)
            return load_timeline(o, record, why);
        if (strcmp(key, RECORD_FAULTS) == 0)
            return load_faults(o, record, why);
        if (strcmp(key, RECORD_COUNTERS) == 0 && persist_load_counters(o, record))
            return ST_OK;
        break;
    case STORE_REQUESTS:
        return persist_load_requests(o, key, record) ? ST_OK : bad_record(why, "requests", key);
    }
    return bad_record(why, "state", key);
}
