/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "mockorch/core/lookup.h"
#include "mockorch/core/store.h"

#define NOWHERE UINT32_MAX

struct record {
    char *key; /* NULL: the place is free */
    uint8_t *value;
    size_t size;
    uint32_t before, after; /* in the order of first puts; free places: after is the next free one */
};

struct shelf { /* the records of one kind */
    struct record *records;
    uint32_t used, capacity;
    uint32_t first, last, free;
    struct lookup by_key;
};

struct store_memory {
    struct store base;
    struct shelf shelves[STORE_KINDS];
};

/* A place for one more record: a free one, or a new one. NOWHERE without memory. */
static uint32_t shelf_place(struct shelf *s)
{
    uint32_t at = s->free, capacity = s->capacity ? 2 * s->capacity : 16;
    struct record *records;

    if (at != NOWHERE) {
        s->free = s->records[at].after;
        return at;
    }
    if (s->used == s->capacity) {
        records = realloc(s->records, capacity * sizeof *records);
        if (!records)
            return NOWHERE;
        s->records = records;
        s->capacity = capacity;
    }
    return s->used++;
}

static void shelf_release(struct shelf *s, uint32_t at)
{
    struct record *r = &s->records[at];

    free(r->key);
    free(r->value);
    *r = (struct record){.after = s->free};
    s->free = at;
}

static void shelf_append(struct shelf *s, uint32_t at)
{
    s->records[at].before = s->last;
    s->records[at].after = NOWHERE;
    if (s->last == NOWHERE)
        s->first = at;
    else
        s->records[s->last].after = at;
    s->last = at;
}

static void shelf_unlink(struct shelf *s, uint32_t at)
{
    const struct record *r = &s->records[at];

    if (r->before == NOWHERE)
        s->first = r->after;
    else
        s->records[r->before].after = r->after;
    if (r->after == NOWHERE)
        s->last = r->before;
    else
        s->records[r->after].before = r->before;
}

/* Takes the value. */
static enum status shelf_add(struct shelf *s, const char *key, uint8_t *value, size_t size,
                             struct why *why)
{
    uint32_t at = shelf_place(s);

    if (at == NOWHERE) {
        free(value);
        return fail(why, ST_NO_MEMORY, "store: out of memory");
    }
    s->records[at] =
        (struct record){.key = malloc(strlen(key) + 1), .value = value, .size = size};
    if (!s->records[at].key || lookup_put(&s->by_key, key, at, why)) {
        shelf_release(s, at);
        return fail(why, ST_NO_MEMORY, "store: out of memory");
    }
    strcpy(s->records[at].key, key);
    shelf_append(s, at);
    return ST_OK;
}

static enum status memory_put(struct store *base, enum store_kind kind, const char *key,
                              struct bytes value, struct why *why)
{
    struct shelf *s = &((struct store_memory *)base)->shelves[kind];
    uint8_t *copy = malloc(value.size + 1);
    uint32_t at;

    if (!copy)
        return fail(why, ST_NO_MEMORY, "store: out of memory");
    if (value.size)
        memcpy(copy, value.data, value.size);
    if (!lookup_find(&s->by_key, &at, key))
        return shelf_add(s, key, copy, value.size, why);
    free(s->records[at].value);
    s->records[at].value = copy;
    s->records[at].size = value.size;
    return ST_OK;
}

static enum status memory_remove(struct store *base, enum store_kind kind, const char *key,
                                 struct why *why)
{
    struct shelf *s = &((struct store_memory *)base)->shelves[kind];
    uint32_t at;

    (void)why;
    if (lookup_find(&s->by_key, &at, key)) {
        lookup_remove(&s->by_key, key);
        shelf_unlink(s, at);
        shelf_release(s, at);
    }
    return ST_OK;
}

static enum status memory_commit(struct store *base, struct why *why)
{
    (void)base;
    (void)why;
    return ST_OK;
}

static enum status memory_each(struct store *base, enum store_kind kind, store_visit *visit,
                               void *context, struct why *why)
{
    const struct shelf *s = &((struct store_memory *)base)->shelves[kind];
    enum status st = ST_OK;

    for (uint32_t at = s->first; at != NOWHERE && !st; at = s->records[at].after)
        st = visit(context, s->records[at].key, bytes_of(s->records[at].value, s->records[at].size),
                   why);
    return st;
}

static void memory_free(struct store *base)
{
    struct store_memory *m = (struct store_memory *)base;

    for (int kind = 0; kind < STORE_KINDS; kind++) {
        struct shelf *s = &m->shelves[kind];

        for (uint32_t i = 0; i < s->used; i++) {
            free(s->records[i].key);
            free(s->records[i].value);
        }
        free(s->records);
        lookup_fini(&s->by_key);
    }
    free(m);
}

enum status store_memory_new(struct store **out, struct why *why)
{
    static const struct store_ops ops = {.put = memory_put,
                                         .remove = memory_remove,
                                         .commit = memory_commit,
                                         .each = memory_each,
                                         .free = memory_free};
    struct store_memory *m = calloc(1, sizeof *m);

    if (!m)
        return fail(why, ST_NO_MEMORY, "store: out of memory");
    m->base.ops = &ops;
    for (int kind = 0; kind < STORE_KINDS; kind++)
        m->shelves[kind].first = m->shelves[kind].last = m->shelves[kind].free = NOWHERE;
    *out = &m->base;
    return ST_OK;
}
