/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/wire.h"

#include <stdlib.h>
#include <string.h>

#define PROTOBUF_C__NO_DEPRECATED /* old clients read the deprecated fields, so we fill them */
#include "orchestrator.pb-c.h"

#include "proto/unpack.h"

/* The generated names are long and all alike. */
#define GENERATED(name) Nexus__Orchestrator__##name

/* ---- encoding: borrowed pointers are laid out as protobuf-c wants them, then packed ---- */

struct packer {
    ProtobufCBuffer base;
    struct buffer *out;
};

static void packer_append(ProtobufCBuffer *base, size_t size, const uint8_t *data)
{
    buffer_put(((struct packer *)base)->out, data, size);
}

static void pack(struct buffer *out, const ProtobufCMessage *message)
{
    struct packer packer = {.base.append = packer_append, .out = out};

    protobuf_c_message_pack_to_buffer(message, &packer.base);
}

/* protobuf-c never writes through these when it packs. */
static char *text_out(const char *text)
{
    return (char *)(text ? text : "");
}

static ProtobufCBinaryData bytes_out(struct bytes b)
{
    return (ProtobufCBinaryData){.len = b.size, .data = (uint8_t *)b.data};
}

/* Scratch of one encoding. A failed take fails the buffer, and the array counts as empty. */
static void *scratch(struct buffer *out, struct unpack_memory *m, size_t count, size_t size)
{
    void *taken = unpack_take(m, count, size);

    if (!taken)
        out->failed = true;
    return taken;
}

static struct unpack_memory scratch_memory(void)
{
    return (struct unpack_memory){.limit = SIZE_MAX / 4};
}

static ProtobufCBinaryData *list_out(struct buffer *out, struct unpack_memory *m,
                                     const struct bytes *list, size_t count)
{
    ProtobufCBinaryData *copy = scratch(out, m, count, sizeof *copy);

    for (size_t i = 0; copy && i < count; i++)
        copy[i] = bytes_out(list[i]);
    return copy;
}

struct task_out {
    GENERATED(Task) task;
    Google__Protobuf__Timestamp created_at;
};

static void task_out(struct buffer *out, struct unpack_memory *m, struct task_out *to,
                     const struct wire_task *from)
{
    GENERATED(Task) *task = &to->task;

    nexus__orchestrator__task__init(task);
    google__protobuf__timestamp__init(&to->created_at);
    task->task_id = text_out(from->task_id);
    task->program_id = text_out(from->program_id);
    task->public_inputs = bytes_out(from->public_inputs);
    if (from->created_at_s || from->created_at_ns) {
        to->created_at.seconds = from->created_at_s;
        to->created_at.nanos = from->created_at_ns;
        task->created_at = &to->created_at;
    }
    task->public_inputs_list = list_out(out, m, from->inputs, from->input_count);
    task->n_public_inputs_list = task->public_inputs_list ? from->input_count : 0;
    task->task_type = (GENERATED(TaskType))from->task_type;
    task->difficulty = (GENERATED(TaskDifficulty))from->difficulty;
}

void wire_encode_register_user(struct buffer *out, const struct wire_register_user *message)
{
    GENERATED(RegisterUserRequest) m = NEXUS__ORCHESTRATOR__REGISTER_USER_REQUEST__INIT;

    m.uuid = text_out(message->uuid);
    m.wallet_address = text_out(message->wallet_address);
    pack(out, &m.base);
}

void wire_encode_register_node(struct buffer *out, const struct wire_register_node *message)
{
    GENERATED(RegisterNodeRequest) m = NEXUS__ORCHESTRATOR__REGISTER_NODE_REQUEST__INIT;

    m.node_type = (GENERATED(NodeType))message->node_type;
    m.user_id = text_out(message->user_id);
    pack(out, &m.base);
}

void wire_encode_fetch(struct buffer *out, const struct wire_fetch *message)
{
    GENERATED(GetProofTaskRequest) m = NEXUS__ORCHESTRATOR__GET_PROOF_TASK_REQUEST__INIT;

    m.node_id = text_out(message->node_id);
    m.node_type = (GENERATED(NodeType))message->node_type;
    m.ed25519_public_key = bytes_out(message->public_key);
    m.max_difficulty = (GENERATED(TaskDifficulty))message->max_difficulty;
    pack(out, &m.base);
}

void wire_encode_list(struct buffer *out, const struct wire_list *message)
{
    GENERATED(GetTasksRequest) m = NEXUS__ORCHESTRATOR__GET_TASKS_REQUEST__INIT;

    m.node_id = text_out(message->node_id);
    m.next_cursor = text_out(message->next_cursor);
    pack(out, &m.base);
}

/* Each member of NodeTelemetry is a oneof of itself: its case is its field number, or 0. */
static void telemetry_out(GENERATED(NodeTelemetry) * to, const struct wire_telemetry *from)
{
    nexus__orchestrator__node_telemetry__init(to);
    if (from->has_flops) {
        to->has_flops_per_sec_case =
            NEXUS__ORCHESTRATOR__NODE_TELEMETRY__HAS_FLOPS_PER_SEC_FLOPS_PER_SEC;
        to->flops_per_sec = from->flops_per_sec;
    }
    if (from->has_memory_used) {
        to->has_memory_used_case = NEXUS__ORCHESTRATOR__NODE_TELEMETRY__HAS_MEMORY_USED_MEMORY_USED;
        to->memory_used = from->memory_used;
    }
    if (from->has_memory_capacity) {
        to->has_memory_capacity_case =
            NEXUS__ORCHESTRATOR__NODE_TELEMETRY__HAS_MEMORY_CAPACITY_MEMORY_CAPACITY;
        to->memory_capacity = from->memory_capacity;
    }
    if (from->location) {
        to->has_location_case = NEXUS__ORCHESTRATOR__NODE_TELEMETRY__HAS_LOCATION_LOCATION;
        to->location = text_out(from->location);
    }
}

void wire_encode_submission(struct buffer *out, const struct wire_submission *message)
{
    GENERATED(SubmitProofRequest) m = NEXUS__ORCHESTRATOR__SUBMIT_PROOF_REQUEST__INIT;
    GENERATED(NodeTelemetry) telemetry;
    struct unpack_memory memory = scratch_memory();
    char **hashes = scratch(out, &memory, message->all_proof_hash_count, sizeof *hashes);

    for (size_t i = 0; hashes && i < message->all_proof_hash_count; i++)
        hashes[i] = text_out(message->all_proof_hashes[i]);
    m.node_type = (GENERATED(NodeType))message->node_type;
    m.proof_hash = text_out(message->proof_hash);
    telemetry_out(&telemetry, &message->telemetry);
    m.node_telemetry = message->has_telemetry ? &telemetry : NULL;
    m.proof = bytes_out(message->proof);
    m.task_id = text_out(message->task_id);
    m.ed25519_public_key = bytes_out(message->public_key);
    m.signature = bytes_out(message->signature);
    m.all_proof_hashes = hashes;
    m.n_all_proof_hashes = hashes ? message->all_proof_hash_count : 0;
    m.proofs = list_out(out, &memory, message->proofs, message->proof_count);
    m.n_proofs = m.proofs ? message->proof_count : 0;
    pack(out, &m.base);
    unpack_fini(&memory);
}

void wire_encode_node_registered(struct buffer *out, const struct wire_node_registered *message)
{
    GENERATED(RegisterNodeResponse) m = NEXUS__ORCHESTRATOR__REGISTER_NODE_RESPONSE__INIT;

    m.node_id = text_out(message->node_id);
    pack(out, &m.base);
}

void wire_encode_fetched(struct buffer *out, const struct wire_fetched *message)
{
    GENERATED(GetProofTaskResponse) m = NEXUS__ORCHESTRATOR__GET_PROOF_TASK_RESPONSE__INIT;
    struct unpack_memory memory = scratch_memory();
    struct task_out task;

    m.program_id = text_out(message->program_id);
    m.public_inputs = bytes_out(message->public_inputs);
    m.task_id = text_out(message->task_id);
    if (message->has_task) {
        task_out(out, &memory, &task, &message->task);
        m.task = &task.task;
    }
    pack(out, &m.base);
    unpack_fini(&memory);
}

void wire_encode_tasks(struct buffer *out, const struct wire_tasks *message)
{
    GENERATED(GetTasksResponse) m = NEXUS__ORCHESTRATOR__GET_TASKS_RESPONSE__INIT;
    struct unpack_memory memory = scratch_memory();
    struct task_out *tasks = scratch(out, &memory, message->task_count, sizeof *tasks);
    GENERATED(Task) **pointers = scratch(out, &memory, message->task_count, sizeof *pointers);

    if (tasks && pointers) {
        for (size_t i = 0; i < message->task_count; i++) {
            task_out(out, &memory, &tasks[i], &message->tasks[i]);
            pointers[i] = &tasks[i].task;
        }
        m.tasks = pointers;
        m.n_tasks = message->task_count;
    }
    m.next_cursor = text_out(message->next_cursor);
    pack(out, &m.base);
    unpack_fini(&memory);
}

void wire_encode_node(struct buffer *out, const struct wire_node *message)
{
    GENERATED(GetNodeResponse) m = NEXUS__ORCHESTRATOR__GET_NODE_RESPONSE__INIT;

    m.wallet_address = text_out(message->wallet_address);
    pack(out, &m.base);
}

void wire_encode_user(struct buffer *out, const struct wire_user *message)
{
    GENERATED(UserResponse) m = NEXUS__ORCHESTRATOR__USER_RESPONSE__INIT;
    struct unpack_memory memory = scratch_memory();
    GENERATED(Node) *nodes = scratch(out, &memory, message->node_count, sizeof *nodes);
    GENERATED(Node) **pointers = scratch(out, &memory, message->node_count, sizeof *pointers);

    if (nodes && pointers) {
        for (size_t i = 0; i < message->node_count; i++) {
            nexus__orchestrator__node__init(&nodes[i]);
            nodes[i].node_id = text_out(message->nodes[i].node_id);
            nodes[i].node_type = (GENERATED(NodeType))message->nodes[i].node_type;
            pointers[i] = &nodes[i];
        }
        m.nodes = pointers;
        m.n_nodes = message->node_count;
    }
    m.nodes_next_cursor = text_out(message->nodes_next_cursor);
    m.user_id = text_out(message->user_id);
    m.wallet_address = text_out(message->wallet_address);
    pack(out, &m.base);
    unpack_fini(&memory);
}
