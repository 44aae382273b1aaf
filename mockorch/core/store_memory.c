/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "mockorch/core/lookup.h"
#include "mockorch/core/store.h"

struct record {
    char *key;
    uint8_t *value;
    size_t size;
};

struct shelf { /* the records of one kind, in their order */
    struct record *records;
    size_t count, capacity;
    struct lookup by_key;
};

struct store_memory {
    struct store base;
    struct shelf shelves[STORE_KINDS];
};

static enum status shelf_add(struct shelf *s, const char *key, struct record *fresh,
                             struct why *why)
{
    struct record *records = s->records;
    size_t capacity = s->capacity;
    enum status st;

    if (s->count == capacity) {
        capacity = capacity ? 2 * capacity : 16;
        records = realloc(records, capacity * sizeof *records);
        if (!records)
            return fail(why, ST_NO_MEMORY, "store: out of memory");
        s->records = records;
        s->capacity = capacity;
    }
    fresh->key = strdup(key);
    if (!fresh->key)
        return fail(why, ST_NO_MEMORY, "store: out of memory");
    st = lookup_put(&s->by_key, key, (uint32_t)s->count, why);
    if (st) {
        free(fresh->key);
        return st;
    }
    s->records[s->count++] = *fresh;
    return ST_OK;
}

static enum status memory_put(struct store *base, enum store_kind kind, const char *key,
                              struct bytes value, struct why *why)
{
    struct shelf *s = &((struct store_memory *)base)->shelves[kind];
    struct record fresh = {.value = malloc(value.size + 1), .size = value.size};
    enum status st = ST_OK;
    uint32_t at;

    if (!fresh.value)
        return fail(why, ST_NO_MEMORY, "store: out of memory");
    memcpy(fresh.value, value.data, value.size);
    if (lookup_find(&s->by_key, &at, key)) {
        free(s->records[at].value);
        fresh.key = s->records[at].key;
        s->records[at] = fresh;
        return ST_OK;
    }
    st = shelf_add(s, key, &fresh, why);
    if (st)
        free(fresh.value);
    return st;
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

    for (size_t i = 0; i < s->count && !st; i++)
        st = visit(context, s->records[i].key, bytes_of(s->records[i].value, s->records[i].size),
                   why);
    return st;
}

static void memory_free(struct store *base)
{
    struct store_memory *m = (struct store_memory *)base;

    for (int kind = 0; kind < STORE_KINDS; kind++) {
        struct shelf *s = &m->shelves[kind];

        for (size_t i = 0; i < s->count; i++) {
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
    static const struct store_ops ops = {
        .put = memory_put, .commit = memory_commit, .each = memory_each, .free = memory_free};
    struct store_memory *m = calloc(1, sizeof *m);

    if (!m)
        return fail(why, ST_NO_MEMORY, "store: out of memory");
    m->base.ops = &ops;
    *out = &m->base;
    return ST_OK;
}
