/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/proto/wire_json.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Defaults are left out, as in the vectors. */
static void put_text(json_t *to, const char *name, const char *text)
{
    if (text && *text)
        json_object_set_new(to, name, json_string(text));
}

static json_t *base64(struct bytes b)
{
    size_t room = sodium_base64_ENCODED_LEN(b.size, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(room);
    json_t *out;

    sodium_bin2base64(text, room, b.data, b.size, sodium_base64_VARIANT_ORIGINAL);
    out = json_string(text);
    free(text);
    return out;
}

static void put_bytes(json_t *to, const char *name, struct bytes b)
{
    if (b.size)
        json_object_set_new(to, name, base64(b));
}

static void put_list(json_t *to, const char *name, const struct bytes *list, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, base64(list[i]));
    if (count)
        json_object_set(to, name, array);
    json_decref(array);
}

static void put_node_type(json_t *to, enum node_type type)
{
    put_text(to, "node_type", type == NODE_CLI_PROVER ? "CLI_PROVER" : "");
}

static void put_difficulty(json_t *to, const char *name, enum difficulty d)
{
    put_text(to, name, d == DIFFICULTY_SMALL ? "" : difficulty_name(d));
}

static json_t *task_json(const struct wire_task *task)
{
    static const char *const types[] = {"", "PROOF_HASH", "ALL_PROOF_HASHES"};
    json_t *to = json_object();

    put_text(to, "task_id", task->task_id);
    put_text(to, "program_id", task->program_id);
    put_bytes(to, "public_inputs", task->public_inputs);
    if (task->created_at_s || task->created_at_ns) {
        time_t seconds = task->created_at_s;
        struct tm tm;
        char day[32], text[64];

        strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
        snprintf(text, sizeof text, "%s.%03dZ", day, task->created_at_ns / 1000000);
        put_text(to, "created_at", text);
    }
    put_list(to, "public_inputs_list", task->inputs, task->input_count);
    put_text(to, "task_type", types[task->task_type]);
    put_difficulty(to, "difficulty", task->difficulty);
    return to;
}

static void register_user_json(json_t *to, const struct wire_register_user *m)
{
    put_text(to, "uuid", m->uuid);
    put_text(to, "wallet_address", m->wallet_address);
}

static void register_node_json(json_t *to, const struct wire_register_node *m)
{
    put_node_type(to, m->node_type);
    put_text(to, "user_id", m->user_id);
}

static void fetch_json(json_t *to, const struct wire_fetch *m)
{
    put_text(to, "node_id", m->node_id);
    put_node_type(to, m->node_type);
    put_bytes(to, "ed25519_public_key", m->public_key);
    put_difficulty(to, "max_difficulty", m->max_difficulty);
}

static void list_json(json_t *to, const struct wire_list *m)
{
    put_text(to, "node_id", m->node_id);
    put_text(to, "next_cursor", m->next_cursor);
}

static void submission_json(json_t *to, const struct wire_submission *m)
{
    const struct wire_telemetry *t = &m->telemetry;
    json_t *telemetry = json_object(), *hashes = json_array();

    put_node_type(to, m->node_type);
    put_text(to, "proof_hash", m->proof_hash);
    if (t->has_flops)
        json_object_set_new(telemetry, "flops_per_sec", json_integer(t->flops_per_sec));
    if (t->has_memory_used)
        json_object_set_new(telemetry, "memory_used", json_integer(t->memory_used));
    if (t->has_memory_capacity)
        json_object_set_new(telemetry, "memory_capacity", json_integer(t->memory_capacity));
    if (t->location)
        json_object_set_new(telemetry, "location", json_string(t->location));
    if (m->has_telemetry)
        json_object_set(to, "node_telemetry", telemetry);
    json_decref(telemetry);
    put_bytes(to, "proof", m->proof);
    put_text(to, "task_id", m->task_id);
    put_bytes(to, "ed25519_public_key", m->public_key);
    put_bytes(to, "signature", m->signature);
    for (size_t i = 0; i < m->all_proof_hash_count; i++)
        json_array_append_new(hashes, json_string(m->all_proof_hashes[i]));
    if (m->all_proof_hash_count)
        json_object_set(to, "all_proof_hashes", hashes);
    json_decref(hashes);
    put_list(to, "proofs", m->proofs, m->proof_count);
}

static void node_registered_json(json_t *to, const struct wire_node_registered *m)
{
    put_text(to, "node_id", m->node_id);
}

static void fetched_json(json_t *to, const struct wire_fetched *m)
{
    put_text(to, "program_id", m->program_id);
    put_bytes(to, "public_inputs", m->public_inputs);
    put_text(to, "task_id", m->task_id);
    if (m->has_task)
        json_object_set_new(to, "task", task_json(&m->task));
}

static void tasks_json(json_t *to, const struct wire_tasks *m)
{
    json_t *array = json_array();

    for (size_t i = 0; i < m->task_count; i++)
        json_array_append_new(array, task_json(&m->tasks[i]));
    if (m->task_count)
        json_object_set(to, "tasks", array);
    json_decref(array);
    put_text(to, "next_cursor", m->next_cursor);
}

static void node_json(json_t *to, const struct wire_node *m)
{
    put_text(to, "wallet_address", m->wallet_address);
}

static void user_json(json_t *to, const struct wire_user *m)
{
    json_t *array = json_array();

    for (size_t i = 0; i < m->node_count; i++) {
        json_t *node = json_object();

        put_text(node, "node_id", m->nodes[i].node_id);
        put_node_type(node, m->nodes[i].node_type);
        json_array_append_new(array, node);
    }
    if (m->node_count)
        json_object_set(to, "nodes", array);
    json_decref(array);
    put_text(to, "nodes_next_cursor", m->nodes_next_cursor);
    put_text(to, "user_id", m->user_id);
    put_text(to, "wallet_address", m->wallet_address);
}

static const char *schema_name(const char *ours)
{
    static const char *const names[][2] = {
        {"register_user", "RegisterUserRequest"},
        {"register_node", "RegisterNodeRequest"},
        {"fetch", "GetProofTaskRequest"},
        {"list", "GetTasksRequest"},
        {"submission", "SubmitProofRequest"},
        {"node_registered", "RegisterNodeResponse"},
        {"fetched", "GetProofTaskResponse"},
        {"tasks", "GetTasksResponse"},
        {"node", "GetNodeResponse"},
        {"user", "UserResponse"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], ours) == 0)
            return names[i][1];
    abort();
}

json_t *wire_json_decode(const char *message, struct bytes body, struct buffer *again,
                         struct why *why)
{
#define TRY(name)                                                                                  \
    if (strcmp(schema_name(#name), message) == 0) {                                                \
        struct wire_##name m;                                                                      \
        struct wire_memory memory = {0};                                                           \
        json_t *to;                                                                                \
                                                                                                   \
        if (wire_decode_##name(&m, &memory, body, WIRE_MAX_RESPONSE, why))                         \
            return NULL;                                                                           \
        to = json_object();                                                                        \
        name##_json(to, &m);                                                                       \
        wire_encode_##name(again, &m);                                                             \
        wire_memory_fini(&memory);                                                                 \
        return to;                                                                                 \
    }
    WIRE_MESSAGES(TRY)
#undef TRY
    fail(why, ST_NOT_FOUND, "no message %s", message);
    return NULL;
}
