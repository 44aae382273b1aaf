/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/outbox_memory.h"

#include <stdlib.h>
#include <string.h>

static struct outbox_memory *memory_of(struct outbox *o)
{
    return (struct outbox_memory *)o;
}

/* Where id is, or belongs. */
static size_t place_of(const struct outbox_memory *m, uint64_t id)
{
    size_t i = 0;

    while (i < m->count && m->cells[i].id < id)
        i++;
    return i;
}

static bool holds(const struct outbox_memory *m, size_t place, uint64_t id)
{
    return place < m->count && m->cells[place].id == id;
}

static bool make_room(struct outbox_memory *m)
{
    size_t capacity = m->capacity ? 2 * m->capacity : 16;
    struct outbox_memory_cell *cells;

    if (m->count < m->capacity)
        return true;
    cells = realloc(m->cells, capacity * sizeof *cells);
    if (!cells)
        return false;
    m->cells = cells;
    m->capacity = capacity;
    return true;
}

static enum status memory_put(struct outbox *o, const struct outbox_record *r, struct why *why)
{
    struct outbox_memory *m = memory_of(o);
    size_t place = place_of(m, r->id);
    struct buffer bytes;

    if (m->refuse > 0) {
        m->refuse--;
        return fail(why, ST_IO, "no space left on the model of a disk");
    }
    buffer_init(&bytes, OUTBOX_MAX_RECORD);
    outbox_encode(&bytes, r);
    if (!buffer_ok(&bytes) || !make_room(m)) {
        buffer_fini(&bytes);
        return fail(why, ST_NO_MEMORY, "outbox in memory: out of memory");
    }
    if (holds(m, place, r->id)) {
        buffer_fini(&m->cells[place].bytes);
    } else {
        memmove(m->cells + place + 1, m->cells + place,
                (m->count - place) * sizeof *m->cells);
        m->count++;
    }
    m->cells[place] = (struct outbox_memory_cell){.id = r->id, .bytes = bytes};
    m->puts++;
    return ST_OK;
}

static enum status memory_each(struct outbox *o, outbox_visit *visit, void *context,
                               struct why *why)
{
    struct outbox_memory *m = memory_of(o);
    enum status st = ST_OK;

    for (size_t i = 0; i < m->count && !st; i++) {
        struct outbox_record record;

        st = outbox_decode(&record, buffer_bytes(&m->cells[i].bytes), why);
        if (st)
            break;
        st = visit(context, &record, why);
        if (st)
            outbox_record_fini(&record);
    }
    return st;
}

static enum status memory_erase(struct outbox *o, uint64_t id, struct why *why)
{
    struct outbox_memory *m = memory_of(o);
    size_t place = place_of(m, id);

    if (!holds(m, place, id))
        return fail(why, ST_NOT_FOUND, "the outbox has no record %llu", (unsigned long long)id);
    buffer_fini(&m->cells[place].bytes);
    m->count--;
    memmove(m->cells + place, m->cells + place + 1, (m->count - place) * sizeof *m->cells);
    return ST_OK;
}

static void memory_free(struct outbox *o)
{
    struct outbox_memory *m = memory_of(o);

    for (size_t i = 0; i < m->count; i++)
        buffer_fini(&m->cells[i].bytes);
    free(m->cells);
    free(m);
}

enum status outbox_memory_new(struct outbox_memory **out, struct why *why)
{
    static const struct outbox_ops ops = {
        .put = memory_put, .each = memory_each, .erase = memory_erase, .free = memory_free};
    struct outbox_memory *m = calloc(1, sizeof *m);

    if (!m)
        return fail(why, ST_NO_MEMORY, "outbox in memory: out of memory");
    m->base.ops = &ops;
    *out = m;
    return ST_OK;
}
