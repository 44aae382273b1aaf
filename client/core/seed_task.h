/* SPDX-License-Identifier: Apache-2.0 */
/* A task on its way through the parts of v0.9.0, and the bounded queues between them.
 *
 * Source:  client.md 12.2, 12.3, 12.8.
 * Owner:   heap; whoever took a task out of a queue frees it or puts it into the next one.
 */
#pragma once
#include "proto/keccak256.h"
#include "proto/wire.h"
#include "client/core/telemetry.h"

#define SEED_TASK_QUEUE   100
#define SEED_RESULT_QUEUE 100
#define SEED_WORKER_QUEUE 8

struct seed_task {
    struct seed_task *next; /* in the list that a fetch collects */
    struct buffer proof;
    char hash[KECCAK256_HEX];
    struct telemetry telemetry;
    uint8_t input[12]; /* the start of public_inputs */
    size_t input_size; /* of all of it */
    const char *program_id;
    char task_id[]; /* both texts lie here */
};

/* NULL: out of memory. */
struct seed_task *seed_task_new(const char *task_id, const char *program_id, struct bytes inputs);
void seed_task_free(struct seed_task *t);

/* fast-fib takes one byte, every other program three numbers in twelve bytes. ST_INPUT: malformed.
 */
enum status MUST_USE seed_task_input(uint32_t out[static 3], const struct seed_task *t,
                                     struct why *why);

struct seed_queue {
    struct seed_task *tasks[SEED_TASK_QUEUE];
    size_t first, count, room;
};

static inline bool seed_queue_full(const struct seed_queue *q)
{
    return q->count == q->room;
}

void seed_queue_put(struct seed_queue *q, struct seed_task *takes); /* there must be room */
struct seed_task *seed_queue_take(struct seed_queue *q);            /* NULL: empty */
void seed_queue_fini(struct seed_queue *q);
