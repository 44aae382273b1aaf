/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/allowance.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LEAST 64

void allowance_init(struct allowance *a, enum quota_shape shape, uint32_t limit, int64_t window_ns)
{
    *a = (struct allowance){.shape = shape, .limit = limit, .window_ns = window_ns};
}

static void slot_fini(struct allowance_slot *s)
{
    free(s->name);
    quota_fini(&s->quota);
}

void allowance_fini(struct allowance *a)
{
    for (uint32_t i = 0; i < a->count; i++)
        slot_fini(&a->slots[i]);
    free(a->slots);
    lookup_fini(&a->by_name);
    *a = (struct allowance){.limit = 0};
}

/* A name behind the gap would have to move, and with it its number: so all are numbered anew. */
static enum status forget_untouched(struct allowance *a, int64_t now_ns, struct why *why)
{
    enum status st = ST_OK;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < a->count; i++) {
        if (quota_left(&a->slots[i].quota, now_ns) == a->limit)
            slot_fini(&a->slots[i]);
        else
            a->slots[kept++] = a->slots[i];
    }
    a->count = kept;
    lookup_fini(&a->by_name);
    for (uint32_t i = 0; i < kept && !st; i++)
        st = lookup_put(&a->by_name, a->slots[i].name, i, why);
    return st;
}

static enum status make_room(struct allowance *a, int64_t now_ns, struct why *why)
{
    uint32_t capacity = a->capacity ? 2 * a->capacity : LEAST;
    struct allowance_slot *slots;
    enum status st = ST_OK;

    if (a->count < a->capacity)
        return ST_OK;
    if (a->count)
        st = forget_untouched(a, now_ns, why);
    if (st || a->count < a->capacity / 2)
        return st;
    slots = realloc(a->slots, capacity * sizeof *slots);
    if (!slots)
        return fail(why, ST_NO_MEMORY, "allowances: out of memory");
    a->slots = slots;
    a->capacity = capacity;
    return ST_OK;
}

enum status allowance_of(struct allowance *a, struct quota **out, const char *name, int64_t now_ns,
                         struct why *why)
{
    struct allowance_slot slot = {.name = NULL};
    enum status st;
    uint32_t at;

    assert(a->limit);
    if (lookup_find(&a->by_name, &at, name)) {
        *out = &a->slots[at].quota;
        return ST_OK;
    }
    st = make_room(a, now_ns, why);
    if (st)
        return st;
    st = quota_init(&slot.quota, a->shape, a->limit, a->window_ns, why);
    if (st)
        return st;
    slot.name = malloc(strlen(name) + 1);
    if (!slot.name || lookup_put(&a->by_name, name, a->count, why)) {
        slot_fini(&slot);
        return fail(why, ST_NO_MEMORY, "allowances: out of memory");
    }
    strcpy(slot.name, name);
    a->slots[a->count] = slot;
    *out = &a->slots[a->count++].quota;
    return ST_OK;
}
