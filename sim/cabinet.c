/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/cabinet.h"

#include <stdlib.h>

#include "sim/memory.h"
#include "sim/scarcity.h"

struct change {
    enum store_kind kind;
    char *key;
    uint8_t *value; /* NULL: it is removed */
    size_t size;
};

struct cabinet {
    struct store base; /* first, so that a cast back is valid */
    struct store *kept;
    struct change *changes; /* since the last commit */
    size_t count, capacity;
    enum cabinet_trouble trouble;
};

static void add(struct cabinet *c, const struct change *takes)
{
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? 2 * c->capacity : 16;
        c->changes = memory_grown(c->changes, c->capacity, sizeof *c->changes);
    }
    c->changes[c->count++] = *takes;
}

static enum status cabinet_put(struct store *s, enum store_kind kind, const char *key,
                               struct bytes value, struct why *why)
{
    struct cabinet *c = (struct cabinet *)s;

    if (c->trouble == CABINET_FULL)
        return fail(why, ST_IO, "store: the disk is full");
    if (scarcity_strikes())
        return fail(why, ST_NO_MEMORY, "store: out of memory");
    add(c, &(struct change){.kind = kind,
                            .key = memory_text(key),
                            .value = memory_bytes(value),
                            .size = value.size});
    return ST_OK;
}

static enum status cabinet_remove(struct store *s, enum store_kind kind, const char *key,
                                  struct why *why)
{
    struct cabinet *c = (struct cabinet *)s;

    if (c->trouble == CABINET_FULL)
        return fail(why, ST_IO, "store: the disk is full");
    add(c, &(struct change){.kind = kind, .key = memory_text(key)});
    return ST_OK;
}

static void forget(struct cabinet *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->changes[i].key);
        free(c->changes[i].value);
    }
    c->count = 0;
}

/* All of it, or nothing. */
static enum status cabinet_commit(struct store *s, struct why *why)
{
    struct cabinet *c = (struct cabinet *)s;
    enum status st = ST_OK;
    bool paused;

    if (c->trouble == CABINET_BROKEN)
        return fail(why, ST_IO, "store: the disk is broken");
    paused = scarcity_pause();
    for (size_t i = 0; i < c->count && !st; i++) {
        const struct change *change = &c->changes[i];

        st = change->value ? store_put(c->kept, change->kind, change->key,
                                       bytes_of(change->value, change->size), why)
                           : store_remove(c->kept, change->kind, change->key, why);
    }
    forget(c);
    if (!st)
        st = store_commit(c->kept, why);
    scarcity_resume(paused);
    return st;
}

static enum status cabinet_each(struct store *s, enum store_kind kind, store_visit *visit,
                                void *context, struct why *why)
{
    return store_each(((struct cabinet *)s)->kept, kind, visit, context, why);
}

static void cabinet_free(struct store *s)
{
    struct cabinet *c = (struct cabinet *)s;

    forget(c);
    free(c->changes);
    store_free(c->kept);
    free(c);
}

void cabinet_trouble(struct store *cabinet, enum cabinet_trouble trouble)
{
    ((struct cabinet *)cabinet)->trouble = trouble;
}

void cabinet_drop(struct store *cabinet)
{
    forget((struct cabinet *)cabinet);
}

enum status cabinet_new(struct store **out, struct why *why)
{
    static const struct store_ops ops = {.put = cabinet_put,
                                         .remove = cabinet_remove,
                                         .commit = cabinet_commit,
                                         .each = cabinet_each,
                                         .free = cabinet_free};
    struct cabinet *c = memory_new(sizeof *c);
    enum status st = store_memory_new(&c->kept, why);

    if (st) {
        free(c);
        return st;
    }
    c->base.ops = &ops;
    *out = &c->base;
    return ST_OK;
}
