/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/credits.h"

#include <assert.h>
#include <stdlib.h>

void credits_init(struct credits *l, uint32_t kept)
{
    assert(kept);
    *l = (struct credits){.kept = kept};
}

void credits_fini(struct credits *l)
{
    free(l->entries);
    *l = (struct credits){.kept = 0};
}

/* It grows only while nothing has been forgotten, so the oldest is at the front. */
enum status credits_reserve(struct credits *l, struct why *why)
{
    uint32_t capacity = l->capacity ? 2 * l->capacity : 64;
    struct credits_entry *entries;

    if (l->count < l->capacity || l->capacity == l->kept)
        return ST_OK;
    if (capacity > l->kept)
        capacity = l->kept;
    entries = realloc(l->entries, capacity * sizeof *entries);
    if (!entries)
        return fail(why, ST_NO_MEMORY, "ledger: out of memory");
    l->entries = entries;
    l->capacity = capacity;
    return ST_OK;
}

uint64_t credits_leaving(const struct credits *l)
{
    return l->count == l->kept ? l->entries[l->first].number : 0;
}

const struct credits_entry *credits_add(struct credits *l, const struct credits_entry *entry)
{
    struct credits_entry *to;

    if (l->count < l->capacity) {
        to = &l->entries[l->count++];
    } else {
        assert(l->count == l->kept);
        to = &l->entries[l->first];
        l->first = (l->first + 1) % l->capacity;
    }
    *to = *entry;
    if (!to->number)
        to->number = l->written + 1;
    assert(to->number > l->written);
    l->written = to->number;
    return to;
}

const struct credits_entry *credits_at(const struct credits *l, uint32_t i)
{
    assert(i < l->count);
    return &l->entries[(l->first + i) % l->capacity];
}
