/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/lookup.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buggify.h"
#include "base/mix.h"

void lookup_fini(struct lookup *l)
{
    for (size_t i = 0; i < l->capacity; i++)
        free(l->slots[i].key);
    free(l->slots);
    *l = (struct lookup){0};
}

static uint32_t hash_of(const char *key)
{
    return (uint32_t)mix_bytes(0, bytes_of_text(key));
}

/* Where a key of that hash would like to stand. */
static size_t home_of(const struct lookup *l, uint32_t hash)
{
    return hash & (l->capacity - 1);
}

/* The slot of the key, or the free one where it belongs. capacity > count, so the walk ends. */
static struct lookup_slot *slot_of(const struct lookup *l, const char *key, uint32_t hash)
{
    size_t at = home_of(l, hash);

    while (l->slots[at].key && (l->slots[at].hash != hash || strcmp(l->slots[at].key, key) != 0))
        at = (at + 1) & (l->capacity - 1);
    return &l->slots[at];
}

bool lookup_find(const struct lookup *l, uint32_t *value, const char *key)
{
    const struct lookup_slot *slot;

    if (l->count == 0)
        return false;
    slot = slot_of(l, key, hash_of(key));
    if (slot->key)
        *value = slot->value;
    return slot->key != NULL;
}

static enum status lookup_grow(struct lookup *l, struct why *why)
{
    size_t first = BUGGIFY(SMALL_LOOKUP) ? 2 : 16;
    struct lookup bigger = {.capacity = l->capacity ? 2 * l->capacity : first, .count = l->count};

    bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
    if (!bigger.slots)
        return fail(why, ST_NO_MEMORY, "lookup of %zu names: out of memory", l->count);
    for (size_t i = 0; i < l->capacity; i++)
        if (l->slots[i].key)
            *slot_of(&bigger, l->slots[i].key, l->slots[i].hash) = l->slots[i];
    free(l->slots);
    *l = bigger;
    return ST_OK;
}

enum status lookup_put(struct lookup *l, const char *key, uint32_t value, struct why *why)
{
    uint32_t hash = hash_of(key);
    struct lookup_slot *slot;
    char *copy;

    if (2 * (l->count + 1) > l->capacity) {
        enum status st = lookup_grow(l, why);

        if (st)
            return st;
    }
    copy = malloc(strlen(key) + 1);
    if (!copy)
        return fail(why, ST_NO_MEMORY, "lookup: out of memory");
    strcpy(copy, key);
    slot = slot_of(l, key, hash);
    assert(!slot->key);
    *slot = (struct lookup_slot){.key = copy, .value = value, .hash = hash};
    l->count++;
    return ST_OK;
}

/* Whoever stands behind the gap moves into it, unless his home lies behind it: no walk may end at a
 * free slot before it has come to its key. */
bool lookup_remove(struct lookup *l, const char *key)
{
    size_t mask = l->capacity - 1, gap;
    struct lookup_slot *slot;

    if (l->count == 0)
        return false;
    slot = slot_of(l, key, hash_of(key));
    if (!slot->key)
        return false;
    free(slot->key);
    gap = (size_t)(slot - l->slots);
    for (size_t at = (gap + 1) & mask; l->slots[at].key; at = (at + 1) & mask) {
        size_t home = home_of(l, l->slots[at].hash);

        if (((at - home) & mask) >= ((at - gap) & mask)) {
            l->slots[gap] = l->slots[at];
            gap = at;
        }
    }
    l->slots[gap] = (struct lookup_slot){0};
    l->count--;
    return true;
}
