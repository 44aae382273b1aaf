/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <assert.h>
#include <string.h>

static size_t round_up(size_t size)
{
    return (size + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
}

struct arena arena_of(void *memory, size_t size)
{
    assert((uintptr_t)memory % ARENA_ALIGN == 0);
    return (struct arena){.base = memory, .size = size};
}

void *arena_take(struct arena *a, size_t size)
{
    void *piece = a->base + a->used;

    assert(size <= a->size - a->used && round_up(size) <= a->size - a->used);
    a->used += round_up(size);
    if (a->used > a->peak)
        a->peak = a->used;
    return piece;
}

void *arena_take_zeroed(struct arena *a, size_t size)
{
    return memset(arena_take(a, size), 0, size);
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){.used = a->used};
}

void arena_rewind(struct arena *a, struct arena_mark mark)
{
    assert(mark.used <= a->used);
    a->used = mark.used;
}

void arena_plan_take(struct arena_plan *p, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - ARENA_ALIGN ||
        __builtin_add_overflow(p->used, round_up(bytes), &p->used)) {
        p->overflow = 1;
        return;
    }
    if (p->used > p->peak)
        p->peak = p->used;
}

struct arena_mark arena_plan_mark(const struct arena_plan *p)
{
    return (struct arena_mark){.used = p->used};
}

void arena_plan_rewind(struct arena_plan *p, struct arena_mark mark)
{
    assert(mark.used <= p->used || p->overflow);
    p->used = mark.used;
}

enum status arena_plan_bytes(const struct arena_plan *p, size_t *bytes, struct why *why)
{
    if (p->overflow)
        return fail(why, ST_LIMIT, "the workspace would not fit this machine's addresses");
    *bytes = p->peak;
    return ST_OK;
}
