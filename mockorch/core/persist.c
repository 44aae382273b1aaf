/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the store: JSON objects with short names; times are wall clock nanoseconds, because
 * the monotonic clock starts anew with the process. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "mockorch/core/inside.h"

/* ---- out ---- */

/* Takes the object. The first failure breaks the orchestrator (store.h). */
static void put(struct orchestrator *o, enum store_kind kind, const char *key, json_t *takes)
{
    char *text = takes ? json_dumps(takes, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

    json_decref(takes);
    if (!o->store || o->broken) {
        free(text);
        return;
    }
    if (!text)
        fail(&o->broken_why, ST_NO_MEMORY, "store: out of memory");
    if (!text || store_put(o->store, kind, key, bytes_of_text(text), &o->broken_why))
        o->broken = true;
    o->unsaved = true;
    free(text);
}

void persist_commit(struct orchestrator *o)
{
    if (!o->unsaved || o->broken)
        return;
    o->unsaved = false;
    if (store_commit(o->store, &o->broken_why))
        o->broken = true;
}

void persist_user(struct orchestrator *o, const struct user *u)
{
    if (o->store)
        put(o, STORE_USER, u->uuid,
            json_pack("{ss sI}", "wallet", u->wallet, "credits", (json_int_t)u->credits));
}

void persist_node(struct orchestrator *o, const struct node *n)
{
    if (o->store)
        put(o, STORE_NODE, n->id,
            json_pack("{ss si}", "user", o->registry.users[n->user].uuid, "type", (int)n->type));
}

static json_t *inputs_json(const struct task *t)
{
    json_t *list = json_array();

    for (size_t i = 0; i < t->input_count; i++) {
        char hex[2 * 64 + 1];

        hex_encode(hex, t->inputs[i].data, t->inputs[i].size); /* at most 13 bytes */
        json_array_append_new(list, json_string(hex));
    }
    return list;
}

void persist_task(struct orchestrator *o, const struct task *t)
{
    int64_t zero_ns = o->settings.wall_at_zero_ns;
    char key[2 * SIGNING_PUBLIC_SIZE + 1];

    if (!o->store)
        return;
    hex_encode(key, t->public_key, sizeof t->public_key);
    put(o, STORE_TASK, t->task_id,
        json_pack("{ss so si si si ss ss sI sI ss ss}", "program", t->program_id, "inputs",
                  inputs_json(t), "type", (int)t->type, "difficulty", (int)t->difficulty, "state",
                  (int)t->state, "node", o->registry.nodes[t->node].id, "key", key, "assigned",
                  (json_int_t)(zero_ns + t->assigned_ns), "expires",
                  (json_int_t)(zero_ns + t->expires_ns), "hash", t->proof_hash, "refusal",
                  t->refusal));
}

/* ---- in ---- */

struct loading {
    struct orchestrator *o;
    int64_t now_ns;
};

static enum status bad_record(struct why *why, const char *kind, const char *key)
{
    return fail(why, ST_INPUT, "store: the record of %s '%s' is damaged", kind, key);
}

static enum status load_user(void *context, const char *key, struct bytes value, struct why *why)
{
    struct orchestrator *o = ((struct loading *)context)->o;
    json_t *record = json_loadb((const char *)value.data, value.size, 0, NULL);
    const char *wallet;
    json_int_t credits;
    uint32_t at;
    enum status st = ST_OK;

    if (json_unpack(record, "{ss sI}", "wallet", &wallet, "credits", &credits)) {
        st = bad_record(why, "user", key);
        goto out;
    }
    st = registry_add_user(&o->registry, &at, &o->settings, key, wallet, why);
    if (st)
        goto out;
    o->registry.users[at].credits = (uint64_t)credits;
    o->metrics.users++;
out:
    json_decref(record);
    return st;
}

static enum status load_node(void *context, const char *key, struct bytes value, struct why *why)
{
    struct orchestrator *o = ((struct loading *)context)->o;
    json_t *record = json_loadb((const char *)value.data, value.size, 0, NULL);
    const struct user *u = NULL;
    const char *user;
    uint32_t at;
    int type;
    enum status st = ST_OK;

    if (json_unpack(record, "{ss si}", "user", &user, "type", &type) == 0)
        u = registry_user_of_uuid(&o->registry, user);
    if (!u || (type != NODE_WEB_PROVER && type != NODE_CLI_PROVER)) {
        st = bad_record(why, "node", key);
        goto out;
    }
    st = registry_add_node(&o->registry, &at, (uint32_t)(u - o->registry.users),
                           (enum node_type)type, key, why);
    o->metrics.nodes += !st;
out:
    json_decref(record);
    return st;
}

/* Everything about a task but its inputs; false: not a task of ours. */
static bool unpack_task(struct orchestrator *o, struct task *t, json_t *record)
{
    const char *program, *node, *key, *hash, *refusal;
    const struct node *n;
    int type, difficulty, state;
    json_int_t assigned, expires;

    if (json_unpack(record, "{ss si si si ss ss sI sI ss ss}", "program", &program, "type", &type,
                    "difficulty", &difficulty, "state", &state, "node", &node, "key", &key,
                    "assigned", &assigned, "expires", &expires, "hash", &hash, "refusal", &refusal))
        return false;
    n = registry_node(&o->registry, node);
    if (!n || strlen(program) >= sizeof t->program_id || strlen(hash) >= sizeof t->proof_hash ||
        strlen(refusal) >= sizeof t->refusal || type < 0 || type > TASK_ALL_PROOF_HASHES ||
        !difficulty_known(difficulty) || state < 0 || state > TASK_EXPIRED ||
        !hex_decode(t->public_key, sizeof t->public_key, key))
        return false;
    strcpy(t->program_id, program);
    strcpy(t->proof_hash, hash);
    strcpy(t->refusal, refusal);
    t->type = (enum task_type)type;
    t->difficulty = (enum difficulty)difficulty;
    t->state = (enum task_state)state;
    t->node = (uint32_t)(n - o->registry.nodes);
    t->assigned_ns = assigned - o->settings.wall_at_zero_ns;
    t->expires_ns = expires - o->settings.wall_at_zero_ns;
    return true;
}

static struct task *unpack_inputs(const char *key, const json_t *inputs)
{
    size_t sizes[WIRE_MAX_INPUTS], count = json_array_size(inputs);
    struct task *t;

    if (count > WIRE_MAX_INPUTS)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const char *hex = json_string_value(json_array_get(inputs, i));

        if (!hex || strlen(hex) > 26)
            return NULL;
        sizes[i] = strlen(hex) / 2;
    }
    t = task_new(key, sizes, count);
    for (size_t i = 0; t && i < count; i++)
        if (!hex_decode((uint8_t *)t->inputs[i].data, sizes[i],
                        json_string_value(json_array_get(inputs, i)))) {
            task_free(t);
            return NULL;
        }
    return t;
}

static enum status load_task(void *context, const char *key, struct bytes value, struct why *why)
{
    struct loading *loading = context;
    struct orchestrator *o = loading->o;
    json_t *record = json_loadb((const char *)value.data, value.size, 0, NULL);
    struct task *t = unpack_inputs(key, json_object_get(record, "inputs"));
    struct node *n;
    uint32_t at;
    enum status st = ST_OK;

    if (!t || !unpack_task(o, t, record)) {
        st = bad_record(why, "task", key);
        task_free(t);
        goto out;
    }
    st = assignment_restore(&o->assignment, &at, t, why);
    if (st)
        goto out;
    n = &o->registry.nodes[t->node];
    n->assigned++;
    n->credited += t->state == TASK_ACCEPTED;
    n->expired += t->state == TASK_EXPIRED;
    o->metrics.tasks_made++;
    o->metrics.tasks_accepted += t->state == TASK_ACCEPTED;
    o->metrics.tasks_expired += t->state == TASK_EXPIRED;
    if (t->state == TASK_OPEN)
        st = registry_open_task(n, at, why);
    /* The allowance goes on where it was: a restart gives nobody more. Records come in the order in
     * which tasks were made; one from the future (a clock set back) counts as made now. */
    if (!st) {
        struct quota *q = &o->registry.users[n->user].fetches;
        int64_t made_ns = t->assigned_ns < loading->now_ns ? t->assigned_ns : loading->now_ns;

        if (quota_wait_ns(q, made_ns) == 0)
            quota_spend(q, made_ns);
    }
out:
    json_decref(record);
    return st;
}

enum status persist_load(struct orchestrator *o, int64_t now_ns, struct why *why)
{
    struct loading loading = {.o = o, .now_ns = now_ns};
    enum status st = store_each(o->store, STORE_USER, load_user, &loading, why);

    if (!st)
        st = store_each(o->store, STORE_NODE, load_node, &loading, why);
    if (!st)
        st = store_each(o->store, STORE_TASK, load_task, &loading, why);
    /* Ids go on from where chance stood; a fork by the number of tasks never repeats one. */
    if (!st && o->assignment.count)
        o->assignment.prng = prng_fork(&o->assignment.prng, o->assignment.count);
    return st;
}
