/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of the orchestrator protocol and how they become bytes.
 *
 * Source:  client.md 1.3, 2, 3, 4 and the schema proto/orchestrator.proto.
 * Owner:   encoders append to the caller's buffer. Decoding fills a struct wire_memory with all
 *          that the message points at (wire_memory_fini, safe on a zeroed value); texts are
 *          NUL-terminated and valid UTF-8, absent ones are "" unless a comment says NULL.
 * Errors:  ST_INPUT with the field in the words. Decoding refuses bodies above the caller's limit
 *          before it looks at them, and never takes more memory than WIRE_ALLOC_FACTOR bytes for
 *          each of the body plus WIRE_ALLOC_BASE. Unknown fields are skipped; zero bytes decode to
 *          a message of defaults. Of unknown enum values a difficulty reads as SMALL, the others
 *          are refused (client.md 2).
 */
#pragma once
#include <stdbool.h>

#include "base/bytes.h"

#define WIRE_ALLOC_FACTOR   16
#define WIRE_ALLOC_BASE     4096
#define WIRE_MAX_RESPONSE   ((size_t)4 << 20)
#define WIRE_MAX_SUBMISSION ((size_t)256 << 20)
#define WIRE_MAX_INPUTS     1024

enum node_type { NODE_WEB_PROVER = 0, NODE_CLI_PROVER = 1 };

enum task_type { TASK_PROOF_REQUIRED = 0, TASK_PROOF_HASH = 1, TASK_ALL_PROOF_HASHES = 2 };

enum difficulty {
    DIFFICULTY_SMALL = 0,
    DIFFICULTY_SMALL_MEDIUM = 3,
    DIFFICULTY_MEDIUM = 5,
    DIFFICULTY_LARGE = 10,
    DIFFICULTY_EXTRA_LARGE = 15,
    DIFFICULTY_EXTRA_LARGE_2 = 16,
    DIFFICULTY_EXTRA_LARGE_3 = 17,
    DIFFICULTY_EXTRA_LARGE_4 = 18,
    DIFFICULTY_EXTRA_LARGE_5 = 19,
};

const char *difficulty_name(enum difficulty d); /* "SMALL_MEDIUM"; NULL for a reserved number */
/* Any case, blanks around trimmed (client.md 4.7). */
enum status MUST_USE difficulty_parse(enum difficulty *out, const char *text, struct why *why);
bool difficulty_known(int number);
unsigned difficulty_rung(enum difficulty d);        /* 0 for SMALL, 1, 2 …; 0 when it is none */
enum difficulty difficulty_up(enum difficulty d);   /* the next bucket, or the same at the top */
enum difficulty difficulty_down(enum difficulty d);

struct wire_task {
    const char *task_id;
    const char *program_id;
    struct bytes public_inputs; /* deprecated field 3 */
    int64_t created_at_s;       /* 0 when absent */
    int32_t created_at_ns;
    const struct bytes *inputs; /* field 5 */
    size_t input_count;
    enum task_type task_type;
    enum difficulty difficulty; /* unknown numbers read as SMALL (client.md 2) */
};

struct wire_telemetry {
    bool has_flops, has_memory_used, has_memory_capacity;
    int32_t flops_per_sec, memory_used, memory_capacity;
    const char *location; /* NULL: absent */
};

/* Requests */
struct wire_register_user {
    const char *uuid, *wallet_address;
};
struct wire_register_node {
    enum node_type node_type;
    const char *user_id;
};
struct wire_fetch { /* GetProofTaskRequest */
    const char *node_id;
    enum node_type node_type;
    struct bytes public_key;
    enum difficulty max_difficulty;
};
struct wire_list { /* GetTasksRequest, seed profile */
    const char *node_id, *next_cursor;
};
struct wire_submission { /* SubmitProofRequest */
    enum node_type node_type;
    const char *proof_hash;
    struct wire_telemetry telemetry;
    bool has_telemetry;
    struct bytes proof; /* field 5 */
    const char *task_id;
    struct bytes public_key, signature;
    const char *const *all_proof_hashes;
    size_t all_proof_hash_count;
    const struct bytes *proofs; /* field 10 */
    size_t proof_count;
};

/* Responses */
struct wire_node_registered {
    const char *node_id;
};
struct wire_fetched { /* GetProofTaskResponse: deprecated fields and the task */
    const char *program_id;
    struct bytes public_inputs;
    const char *task_id;
    bool has_task;
    struct wire_task task;
};
struct wire_tasks { /* GetTasksResponse */
    const struct wire_task *tasks;
    size_t task_count;
    const char *next_cursor;
};
struct wire_node {
    const char *wallet_address;
};
struct wire_user_node {
    const char *node_id;
    enum node_type node_type;
};
struct wire_user {
    const char *user_id, *wallet_address;
    const struct wire_user_node *nodes; /* clients ignore them */
    size_t node_count;
    const char *nodes_next_cursor;
};

#define WIRE_MESSAGES(X)                                                                           \
    X(register_user)                                                                               \
    X(register_node)                                                                               \
    X(fetch)                                                                                       \
    X(list)                                                                                        \
    X(submission)                                                                                  \
    X(node_registered)                                                                             \
    X(fetched)                                                                                     \
    X(tasks)                                                                                       \
    X(node)                                                                                        \
    X(user)

/* wire_encode_fetch(&buffer, &message): a failed buffer is the only error. Texts may be NULL.
 * wire_decode_fetch(&out, &memory, body, limit, why): the message and what its pointers need. */
struct wire_memory {
    void *block;
};

#define WIRE_DECLARE(name)                                                                         \
    void wire_encode_##name(struct buffer *out, const struct wire_##name *message);                \
    enum status MUST_USE wire_decode_##name(struct wire_##name *out, struct wire_memory *memory,   \
                                            struct bytes body, size_t limit, struct why *why);
WIRE_MESSAGES(WIRE_DECLARE)
#undef WIRE_DECLARE

void wire_memory_fini(struct wire_memory *memory);

/* ---- tasks (client.md 4.1, 4.3) ---- */

/* The triple of one input: at least 12 bytes, the rest ignored. */
enum status MUST_USE wire_task_input(uint32_t out[static 3], struct bytes input, struct why *why);
