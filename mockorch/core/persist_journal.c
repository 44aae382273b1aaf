/* SPDX-License-Identifier: Apache-2.0 */
/* Journal and counters in the store. What was answered since the last commit goes into the next one
 * as one record, under the number of its first entry; it is removed when all its entries have left
 * the journal. Nobody waits for these records alone: answers that changed nothing are written with
 * the next one that did, or a moment later. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/inside.h"
#include "mockorch/core/journal_record.h"
#include "mockorch/core/record.h"

#define MOMENT_NS NS_PER_S

/* ---- which records there are ---- */

static void key_of(char out[static 24], uint64_t first)
{
    snprintf(out, 24, "%020" PRIu64, first);
}

static void remove_record(struct orchestrator *o, uint64_t first)
{
    char key[24];

    key_of(key, first);
    persist_forget(o, STORE_REQUESTS, key);
}

/* false: no memory. */
static bool note_record(struct journal_saved *s, uint64_t first)
{
    uint64_t *firsts;

    if (s->count == s->capacity) {
        const uint32_t capacity = s->capacity ? 2 * s->capacity : 64;

        firsts = realloc(s->firsts, capacity * sizeof *firsts);
        if (!firsts)
            return false;
        s->firsts = firsts;
        s->capacity = capacity;
    }
    s->firsts[s->count++] = first;
    return true;
}

/* Records whose last entry has gone; the next one begins behind it. */
static void remove_old(struct orchestrator *o)
{
    struct journal_saved *s = &o->saved;
    const uint64_t oldest = journal_first(&o->journal);
    uint32_t gone = 0;

    while (gone + 1 < s->count && s->firsts[gone + 1] <= oldest)
        remove_record(o, s->firsts[gone++]);
    if (!gone)
        return;
    s->count -= gone;
    memmove(s->firsts, s->firsts + gone, s->count * sizeof *s->firsts);
}

/* ---- out ---- */

static json_t *counters(const uint64_t *of, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        list = record_append(list, json_integer((json_int_t)of[i]));
    return list;
}

static void put_counters(struct orchestrator *o)
{
    const struct orchestrator_metrics *m = &o->metrics;

    persist_put(
        o, STORE_STATE, RECORD_COUNTERS,
        json_pack("{so so so sI sI}", "requests", counters(m->requests, CALL_COUNT), "answers",
                  counters(m->answers, 6), "refused", counters(m->refused, CHECK_NONE), "limited",
                  (json_int_t)m->fetches_limited, "journal", (json_int_t)o->journal.written));
}

void persist_journal(struct orchestrator *o)
{
    const struct journal *j = &o->journal;
    struct journal_saved *s = &o->saved;
    uint64_t first = s->until + 1;
    struct buffer text;
    char key[24];

    if (!o->settings.requests_saved)
        return;
    s->due_ns = INT64_MAX;
    put_counters(o);
    first = first > journal_first(j) ? first : journal_first(j);
    s->until = j->written;
    if (first > j->written)
        return;
    buffer_init(&text, 0);
    for (uint64_t n = first; n <= j->written; n++) {
        buffer_put_u8(&text, n == first ? '[' : ',');
        journal_record_put(&text, journal_get(j, n));
    }
    buffer_put_u8(&text, ']');
    key_of(key, first);
    if (buffer_ok(&text) && note_record(s, first)) /* without memory these are not kept */
        persist_put_text(o, STORE_REQUESTS, key, buffer_bytes(&text));
    buffer_fini(&text);
    remove_old(o);
}

void persist_journal_later(struct orchestrator *o)
{
    if (o->settings.requests_saved && o->store && !o->broken && o->saved.due_ns == INT64_MAX)
        o->saved.due_ns = o->outside_ns + MOMENT_NS;
}

void persist_forget_journal(struct orchestrator *o)
{
    struct journal_saved *s = &o->saved;

    for (uint32_t i = 0; i < s->count; i++)
        remove_record(o, s->firsts[i]);
    s->count = 0;
    s->until = o->journal.written;
    if (o->settings.requests_saved && o->store)
        o->unsaved = true; /* the counters say where numbers go on */
}

/* ---- in ---- */

static bool read_counters(uint64_t *to, size_t count, const json_t *list)
{
    if (!json_is_array(list) || json_array_size(list) > count)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *n = json_array_get(list, i);

        if (!json_is_integer(n) || json_integer_value(n) < 0)
            return false;
        to[i] = (uint64_t)json_integer_value(n);
    }
    return true;
}

bool persist_load_counters(struct orchestrator *o, const json_t *record)
{
    struct orchestrator_metrics *m = &o->metrics;
    json_int_t limited, written;

    if (json_unpack((json_t *)record, "{sI sI}", "limited", &limited, "journal", &written) ||
        limited < 0 || written < 0 || written > INT64_MAX / 2 ||
        !read_counters(m->requests, CALL_COUNT, json_object_get(record, "requests")) ||
        !read_counters(m->answers, 6, json_object_get(record, "answers")) ||
        !read_counters(m->refused, CHECK_NONE, json_object_get(record, "refused")))
        return false;
    m->fetches_limited = (uint64_t)limited;
    o->saved.until = (uint64_t)written;
    return true;
}

bool persist_load_requests(struct orchestrator *o, const char *key, const json_t *record)
{
    struct journal *j = &o->journal;
    const uint64_t first = strtoull(key, NULL, 10);

    if (!json_is_array(record) || first == 0 || first <= j->written || first > INT64_MAX / 2 ||
        !note_record(&o->saved, first))
        return false;
    for (size_t i = 0; i < json_array_size(record); i++) {
        struct journal_entry *e;

        if (first + i != j->written + 1) /* those between are not there */
            j->forgotten = first + i - 1;
        j->written = first + i - 1;
        e = journal_add(j);
        if (!e)
            j->written++; /* nothing is kept here; numbers go on */
        else if (!journal_record_get(e, json_array_get(record, i)))
            return false;
    }
    return true;
}

void persist_journal_loaded(struct orchestrator *o)
{
    struct journal *j = &o->journal;

    if (o->saved.until > j->written)
        j->forgotten = j->written = o->saved.until;
    o->saved.until = j->written;
}
