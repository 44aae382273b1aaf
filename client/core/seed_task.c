/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/seed_task.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/core/task_input.h"

struct seed_task *seed_task_new(const char *task_id, const char *program_id, struct bytes inputs)
{
    size_t id_size = strlen(task_id) + 1, program_size = strlen(program_id) + 1;
    struct seed_task *t = calloc(1, sizeof *t + id_size + program_size);

    if (!t)
        return NULL;
    memcpy(t->task_id, task_id, id_size);
    memcpy(t->task_id + id_size, program_id, program_size);
    t->program_id = t->task_id + id_size;
    t->input_size = inputs.size;
    if (inputs.size > 0)
        memcpy(t->input, inputs.data,
               inputs.size < sizeof t->input ? inputs.size : sizeof t->input);
    buffer_init(&t->proof, 0);
    return t;
}

void seed_task_free(struct seed_task *t)
{
    if (!t)
        return;
    buffer_fini(&t->proof);
    free(t);
}

enum status seed_task_input(uint32_t out[static 3], const struct seed_task *t, struct why *why)
{
    if (t->input_size == 0)
        return fail(why, ST_INPUT, "Malformed task: no public inputs");
    return task_input(out, t->program_id,
                      bytes_of(t->input, t->input_size < 12 ? t->input_size : 12), why);
}

void seed_queue_put(struct seed_queue *q, struct seed_task *t)
{
    assert(!seed_queue_full(q));
    q->tasks[(q->first + q->count++) % q->room] = t;
}

struct seed_task *seed_queue_take(struct seed_queue *q)
{
    struct seed_task *t;

    if (q->count == 0)
        return NULL;
    t = q->tasks[q->first];
    q->first = (q->first + 1) % q->room;
    q->count--;
    return t;
}

void seed_queue_fini(struct seed_queue *q)
{
    while (q->count > 0)
        seed_task_free(seed_queue_take(q));
}
