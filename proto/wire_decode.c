/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to messages. Declared in proto/wire.h. */
#include <string.h>

#define PROTOBUF_C__NO_DEPRECATED
#include "orchestrator.pb-c.h"

#include "proto/unpack.h"
#include "proto/wire.h"

#define GENERATED(name)  Nexus__Orchestrator__##name
#define DESCRIPTOR(name) nexus__orchestrator__##name##__descriptor

void wire_memory_fini(struct wire_memory *memory)
{
    struct unpack_memory m = {.chunks = memory->block};

    unpack_fini(&m);
    memory->block = NULL;
}

/* NULL with the reason in *st, or the message. */
static void *open_body(enum status *st, struct unpack_memory *m,
                       const ProtobufCMessageDescriptor *message, struct bytes body, size_t limit,
                       struct why *why)
{
    ProtobufCMessage *unpacked = NULL;

    if (body.size > limit || body.size > SIZE_MAX / (2 * WIRE_ALLOC_FACTOR)) {
        *st = fail(why, ST_INPUT, "%s: body of %zu bytes, at most %zu are allowed",
                   message->short_name, body.size, limit);
        return NULL;
    }
    *m = (struct unpack_memory){.limit = WIRE_ALLOC_BASE + WIRE_ALLOC_FACTOR * body.size};
    *st = unpack_message(&unpacked, m, message, body, why);
    return unpacked;
}

/* An array beside the message; NULL when there is nothing to hold, or with the reason in *st. */
static void *array_of(enum status *st, struct unpack_memory *m, size_t count, size_t size,
                      struct why *why)
{
    void *taken;

    *st = ST_OK;
    if (!count)
        return NULL;
    taken = unpack_take(m, count, size);
    if (!taken)
        *st = fail(why, m->st, "a list of %zu needs too much memory", count);
    return taken;
}

static struct bytes bytes_in(ProtobufCBinaryData b)
{
    return bytes_of(b.data, b.len);
}

static enum status list_in(const struct bytes **out, struct unpack_memory *m,
                           const ProtobufCBinaryData *list, size_t count, struct why *why)
{
    enum status st;
    struct bytes *copy = array_of(&st, m, count, sizeof *copy, why);

    if (st)
        return st;
    for (size_t i = 0; i < count; i++)
        copy[i] = bytes_in(list[i]);
    *out = copy;
    return ST_OK;
}

static enum status node_type_in(enum node_type *out, GENERATED(NodeType) number, struct why *why)
{
    if ((int)number != NODE_WEB_PROVER && (int)number != NODE_CLI_PROVER)
        return fail(why, ST_INPUT, "node_type: unknown value %d", (int)number);
    *out = (enum node_type)number;
    return ST_OK;
}

static enum difficulty difficulty_in(GENERATED(TaskDifficulty) number)
{
    return difficulty_known((int)number) ? (enum difficulty)number : DIFFICULTY_SMALL;
}

static enum status task_in(struct wire_task *out, struct unpack_memory *m,
                           const GENERATED(Task) * task, struct why *why)
{
    if ((int)task->task_type < TASK_PROOF_REQUIRED || (int)task->task_type > TASK_ALL_PROOF_HASHES)
        return fail(why, ST_INPUT, "Task.task_type: unknown value %d", (int)task->task_type);
    if (task->n_public_inputs_list > WIRE_MAX_INPUTS)
        return fail(why, ST_INPUT, "Task.public_inputs_list: %zu inputs, at most %d are allowed",
                    task->n_public_inputs_list, WIRE_MAX_INPUTS);
    *out = (struct wire_task){
        .task_id = task->task_id,
        .program_id = task->program_id,
        .public_inputs = bytes_in(task->public_inputs),
        .created_at_s = task->created_at ? task->created_at->seconds : 0,
        .created_at_ns = task->created_at ? task->created_at->nanos : 0,
        .input_count = task->n_public_inputs_list,
        .task_type = (enum task_type)task->task_type,
        .difficulty = difficulty_in(task->difficulty),
    };
    return list_in(&out->inputs, m, task->public_inputs_list, task->n_public_inputs_list, why);
}

/* The one way out of each decoder: the memory goes to the caller, or back. */
static enum status close_body(struct wire_memory *memory, struct unpack_memory *m, enum status st)
{
    if (st)
        unpack_fini(m);
    else
        memory->block = m->chunks;
    return st;
}

enum status wire_decode_register_user(struct wire_register_user *out, struct wire_memory *memory,
                                      struct bytes body, size_t limit, struct why *why)
{
    struct unpack_memory all;
    enum status st;
    const GENERATED(RegisterUserRequest) *m =
        open_body(&st, &all, &DESCRIPTOR(register_user_request), body, limit, why);

    if (!m)
        return st;
    *out = (struct wire_register_user){.uuid = m->uuid, .wallet_address = m->wallet_address};
    return close_body(memory, &all, ST_OK);
}

enum status wire_decode_register_node(struct wire_register_node *out, struct wire_memory *memory,
                                      struct bytes body, size_t limit, struct why *why)
{
    struct wire_register_node good;
    struct unpack_memory all;
    enum status st;
    const GENERATED(RegisterNodeRequest) *m =
        open_body(&st, &all, &DESCRIPTOR(register_node_request), body, limit, why);

    if (!m)
        return st;
    good.user_id = m->user_id;
    st = node_type_in(&good.node_type, m->node_type, why);
    if (!st)
        *out = good;
    return close_body(memory, &all, st);
}

enum status wire_decode_fetch(struct wire_fetch *out, struct wire_memory *memory, struct bytes body,
                              size_t limit, struct why *why)
{
    struct wire_fetch good;
    struct unpack_memory all;
    enum status st;
    const GENERATED(GetProofTaskRequest) *m =
        open_body(&st, &all, &DESCRIPTOR(get_proof_task_request), body, limit, why);

    if (!m)
        return st;
    good.node_id = m->node_id;
    good.public_key = bytes_in(m->ed25519_public_key);
    good.max_difficulty = difficulty_in(m->max_difficulty);
    st = node_type_in(&good.node_type, m->node_type, why);
    if (!st)
        *out = good;
    return close_body(memory, &all, st);
}

enum status wire_decode_list(struct wire_list *out, struct wire_memory *memory, struct bytes body,
                             size_t limit, struct why *why)
{
    struct unpack_memory all;
    enum status st;
    const GENERATED(GetTasksRequest) *m =
        open_body(&st, &all, &DESCRIPTOR(get_tasks_request), body, limit, why);

    if (!m)
        return st;
    *out = (struct wire_list){.node_id = m->node_id, .next_cursor = m->next_cursor};
    return close_body(memory, &all, ST_OK);
}

static struct wire_telemetry telemetry_in(const GENERATED(NodeTelemetry) * t)
{
    /* a set case equals the field's number; 0 is unset */
    return (struct wire_telemetry){
        .has_flops = t->has_flops_per_sec_case != 0,
        .has_memory_used = t->has_memory_used_case != 0,
        .has_memory_capacity = t->has_memory_capacity_case != 0,
        .flops_per_sec = t->has_flops_per_sec_case ? t->flops_per_sec : 0,
        .memory_used = t->has_memory_used_case ? t->memory_used : 0,
        .memory_capacity = t->has_memory_capacity_case ? t->memory_capacity : 0,
        .location = t->has_location_case ? t->location : NULL,
    };
}

enum status wire_decode_submission(struct wire_submission *out, struct wire_memory *memory,
                                   struct bytes body, size_t limit, struct why *why)
{
    struct wire_submission good = {0};
    struct unpack_memory all;
    enum status st;
    const GENERATED(SubmitProofRequest) *m =
        open_body(&st, &all, &DESCRIPTOR(submit_proof_request), body, limit, why);

    if (!m)
        return st;
    good.proof_hash = m->proof_hash;
    good.has_telemetry = m->node_telemetry != NULL;
    if (m->node_telemetry)
        good.telemetry = telemetry_in(m->node_telemetry);
    good.proof = bytes_in(m->proof);
    good.task_id = m->task_id;
    good.public_key = bytes_in(m->ed25519_public_key);
    good.signature = bytes_in(m->signature);
    good.all_proof_hashes = (const char *const *)m->all_proof_hashes;
    good.all_proof_hash_count = m->n_all_proof_hashes;
    good.proof_count = m->n_proofs;
    st = node_type_in(&good.node_type, m->node_type, why);
    if (!st)
        st = list_in(&good.proofs, &all, m->proofs, m->n_proofs, why);
    if (!st)
        *out = good;
    return close_body(memory, &all, st);
}

enum status wire_decode_node_registered(struct wire_node_registered *out,
                                        struct wire_memory *memory, struct bytes body, size_t limit,
                                        struct why *why)
{
    struct unpack_memory all;
    enum status st;
    const GENERATED(RegisterNodeResponse) *m =
        open_body(&st, &all, &DESCRIPTOR(register_node_response), body, limit, why);

    if (!m)
        return st;
    *out = (struct wire_node_registered){.node_id = m->node_id};
    return close_body(memory, &all, ST_OK);
}

enum status wire_decode_fetched(struct wire_fetched *out, struct wire_memory *memory,
                                struct bytes body, size_t limit, struct why *why)
{
    struct wire_fetched good = {0};
    struct unpack_memory all;
    enum status st;
    const GENERATED(GetProofTaskResponse) *m =
        open_body(&st, &all, &DESCRIPTOR(get_proof_task_response), body, limit, why);

    if (!m)
        return st;
    good.program_id = m->program_id;
    good.public_inputs = bytes_in(m->public_inputs);
    good.task_id = m->task_id;
    good.has_task = m->task != NULL;
    if (m->task)
        st = task_in(&good.task, &all, m->task, why);
    if (!st)
        *out = good;
    return close_body(memory, &all, st);
}

enum status wire_decode_tasks(struct wire_tasks *out, struct wire_memory *memory, struct bytes body,
                              size_t limit, struct why *why)
{
    struct wire_tasks good = {0};
    struct wire_task *tasks;
    struct unpack_memory all;
    enum status st;
    const GENERATED(GetTasksResponse) *m =
        open_body(&st, &all, &DESCRIPTOR(get_tasks_response), body, limit, why);

    if (!m)
        return st;
    tasks = array_of(&st, &all, m->n_tasks, sizeof *tasks, why);
    for (size_t i = 0; !st && i < m->n_tasks; i++)
        st = task_in(&tasks[i], &all, m->tasks[i], why);
    if (!st) {
        good.tasks = tasks;
        good.task_count = m->n_tasks;
        good.next_cursor = m->next_cursor;
        *out = good;
    }
    return close_body(memory, &all, st);
}

enum status wire_decode_node(struct wire_node *out, struct wire_memory *memory, struct bytes body,
                             size_t limit, struct why *why)
{
    struct unpack_memory all;
    enum status st;
    const GENERATED(GetNodeResponse) *m =
        open_body(&st, &all, &DESCRIPTOR(get_node_response), body, limit, why);

    if (!m)
        return st;
    *out = (struct wire_node){.wallet_address = m->wallet_address};
    return close_body(memory, &all, ST_OK);
}

enum status wire_decode_user(struct wire_user *out, struct wire_memory *memory, struct bytes body,
                             size_t limit, struct why *why)
{
    struct wire_user_node *nodes;
    struct unpack_memory all;
    enum status st;
    const GENERATED(UserResponse) *m =
        open_body(&st, &all, &DESCRIPTOR(user_response), body, limit, why);

    if (!m)
        return st;
    nodes = array_of(&st, &all, m->n_nodes, sizeof *nodes, why);
    for (size_t i = 0; !st && i < m->n_nodes; i++) {
        nodes[i].node_id = m->nodes[i]->node_id;
        st = node_type_in(&nodes[i].node_type, m->nodes[i]->node_type, why);
    }
    if (!st)
        *out = (struct wire_user){.user_id = m->user_id,
                                  .wallet_address = m->wallet_address,
                                  .nodes = nodes,
                                  .node_count = m->n_nodes,
                                  .nodes_next_cursor = m->nodes_next_cursor};
    return close_body(memory, &all, st);
}

/* ---- inputs ---- */

enum status wire_task_input(uint32_t out[static 3], struct bytes input, struct why *why)
{
    if (input.size < 12)
        return fail(why, ST_INPUT, "malformed task: an input of %zu bytes, at least 12 are needed",
                    input.size);
    for (int i = 0; i < 3; i++)
        out[i] = load_le32(input.data + 4 * i);
    return ST_OK;
}
