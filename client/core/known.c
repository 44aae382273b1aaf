/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/known.h"

#include <stdlib.h>

#include "base/mix.h"

#define FIRST_ROOM 64

struct known_task {
    uint64_t hash[2];
    uint16_t next; /* of the same place, older; as in heads */
};

void known_fini(struct known *k)
{
    free(k->tasks);
    free(k->heads);
    *k = (struct known){0};
}

static void hash_of(uint64_t out[static 2], const char *task_id)
{
    struct bytes id = bytes_of_text(task_id);

    out[0] = mix_bytes(1, id);
    out[1] = mix_bytes(2, id);
}

static void link_task(struct known *k, size_t number)
{
    uint16_t *head = &k->heads[k->tasks[number].hash[0] & (k->capacity - 1)];

    k->tasks[number].next = *head;
    *head = (uint16_t)(number + 1); /* number < 4096 */
}

/* The oldest of all is the last of its place. */
static void forget(struct known *k, size_t number)
{
    uint16_t *at = &k->heads[k->tasks[number].hash[0] & (k->capacity - 1)];

    while (*at != number + 1)
        at = &k->tasks[*at - 1].next;
    *at = 0;
}

static void make_room(struct known *k, size_t capacity)
{
    uint16_t *heads = calloc(capacity, sizeof *heads);
    struct known_task *tasks = heads ? realloc(k->tasks, capacity * sizeof *tasks) : NULL;

    if (!tasks) {
        free(heads);
        return;
    }
    free(k->heads);
    *k = (struct known){
        .tasks = tasks, .heads = heads, .capacity = capacity, .count = k->count};
    for (size_t i = 0; i < k->count; i++)
        link_task(k, i);
}

bool known_init(struct known *k)
{
    *k = (struct known){0};
    make_room(k, FIRST_ROOM);
    return k->capacity > 0;
}

/* Room is asked for long before it is needed, and again with each task: a shortage that passes
 * costs nothing. A ring that has begun anew stays as it is. */
void known_put(struct known *k, const char *task_id)
{
    size_t number;

    if (k->count >= k->capacity / 2 && k->count <= k->capacity && k->capacity < KNOWN_TASKS)
        make_room(k, 2 * k->capacity);
    number = k->count & (k->capacity - 1);
    if (k->count >= k->capacity)
        forget(k, number);
    hash_of(k->tasks[number].hash, task_id);
    link_task(k, number);
    k->count++;
}

bool known_has(const struct known *k, const char *task_id)
{
    uint64_t hash[2];

    hash_of(hash, task_id);
    for (uint16_t at = k->heads[hash[0] & (k->capacity - 1)]; at; at = k->tasks[at - 1].next)
        if (k->tasks[at - 1].hash[0] == hash[0] && k->tasks[at - 1].hash[1] == hash[1])
            return true;
    return false;
}
