/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_c/journal_read.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/memory.h"

#define MOST_S 1e9 /* thirty years: as nanoseconds it fits */

/* ---- pages ---- */

struct page {
    json_t *root, *items;
    size_t count;
    uint64_t total, offset;
};

static bool whole_number(const json_t *json, const char *name, uint64_t most, uint64_t *out)
{
    const json_t *value = json_object_get(json, name);

    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > most)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static enum status page_open(struct page *p, struct bytes json, struct why *why)
{
    json_error_t error;
    enum status st = ST_OK;

    *p = (struct page){.count = 0};
    if (json.size > JOURNAL_READ_LIMIT)
        return fail(why, ST_INPUT, "page: %zu bytes are too many", json.size);
    p->root = json_loadb(json.size ? (const char *)json.data : "", json.size,
                         JSON_REJECT_DUPLICATES, &error);
    p->items = json_object_get(p->root, "items");
    p->count = json_array_size(p->items);
    if (!p->root)
        st = fail(why, ST_INPUT, "page: line %d: %s", error.line, error.text);
    else if (!json_is_array(p->items))
        st = fail(why, ST_INPUT, "page: items is no list");
    else if (!whole_number(p->root, "total", INT64_MAX, &p->total) ||
             !whole_number(p->root, "offset", INT64_MAX, &p->offset) || p->count > p->total)
        st = fail(why, ST_INPUT, "page: total and offset are not those of a list");
    if (st)
        json_decref(p->root);
    return st;
}

static bool page_has_more(const struct page *p)
{
    return p->offset < p->total - p->count && p->count > 0;
}

/* ---- values ---- */

struct source { /* an item, and the first thing that is wrong with it */
    const json_t *json;
    const char *wrong; /* NULL: nothing */
};

static void wrong(struct source *s, const char *name)
{
    if (!s->wrong)
        s->wrong = name;
}

static uint64_t number_of(struct source *s, const char *name, uint64_t most)
{
    uint64_t value = 0;

    if (!whole_number(s->json, name, most, &value))
        wrong(s, name);
    return value;
}

static int64_t span_of(struct source *s, const char *name)
{
    const json_t *value = json_object_get(s->json, name);
    double span_s = json_number_value(value);

    if (!json_is_number(value) || !(span_s >= 0 && span_s <= MOST_S)) {
        wrong(s, name);
        return 0;
    }
    return (int64_t)(span_s * (double)NS_PER_S + 0.5);
}

/* out has size characters with its end; absent is "". */
static void text_of(struct source *s, const char *name, char *out, size_t size)
{
    const json_t *value = json_object_get(s->json, name);

    *out = 0;
    if (!value)
        return;
    if (!json_is_string(value) || json_string_length(value) >= size) /* jansson takes no NUL */
        wrong(s, name);
    else
        strcpy(out, json_string_value(value));
}

/* Of a list, whose ids may be of any length: its beginning, as requests have it. */
static void id_of(struct source *s, char out[JOURNAL_ID])
{
    const json_t *value = json_object_get(s->json, "task_id");

    if (json_is_string(value))
        snprintf(out, JOURNAL_ID, "%s", json_string_value(value));
    else
        wrong(s, "task_id");
}

/* The place among `count` words. */
static unsigned word_of(struct source *s, const char *name, const char *const *words,
                        unsigned count)
{
    const char *value = json_string_value(json_object_get(s->json, name));

    for (unsigned i = 0; value && i < count; i++)
        if (strcmp(words[i], value) == 0)
            return i;
    wrong(s, name);
    return 0;
}

/* ---- requests ---- */

/* Refused for what is in it, not for when it came. */
static bool is_content(const char *failed, unsigned status)
{
    static const char *const others[] = {"none", "task", "refusals", "consensus", "limit"};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(failed, others[i]) == 0)
            return false;
    return status == 400 || status == 403 || status == 422;
}

static void read_answer(struct journal_record *r, struct source *s)
{
    static const char *const words[] = {"under way", "sent", "cut", "left"};
    static const enum journal_delivery deliveries[] = {JOURNAL_OPEN, JOURNAL_OUT, JOURNAL_BROKEN,
                                                       JOURNAL_GONE};

    r->delivery = deliveries[word_of(s, "answer", words, 4)];
    r->out_ns = r->at_ns + span_of(s, "took_s");
    if (r->delivery != JOURNAL_OPEN)
        r->out_ns = span_of(s, "end_s");
    if (r->out_ns < r->at_ns)
        wrong(s, "end_s");
    r->retry_after_ns = -1;
    if (json_object_get(s->json, "retry_after_s"))
        r->retry_after_ns = (int64_t)number_of(s, "retry_after_s", (uint64_t)MOST_S) * NS_PER_S;
}

static void read_outcome(struct journal_record *r, struct source *s)
{
    static const char *const words[] = {"", "credited", "held"};
    char failed[32];
    unsigned outcome;

    if (r->call != CALL_SUBMIT)
        return;
    text_of(s, "body_hash", r->body_hash, sizeof r->body_hash);
    text_of(s, "failed", failed, sizeof failed);
    outcome = word_of(s, "outcome", words, 3);
    r->credited = outcome == 1;
    r->held = outcome == 2;
    r->content = is_content(failed, r->status);
}

static void read_record(struct journal_record *r, struct source *s)
{
    char call[32], faults[256];

    r->number = number_of(s, "number", INT64_MAX);
    if (r->number == 0)
        wrong(s, "number");
    r->at_ns = span_of(s, "at_s");
    r->port = (unsigned)number_of(s, "peer_port", 65535);
    r->status = (unsigned)number_of(s, "status", 999);
    text_of(s, "call", call, sizeof call);
    if (!call_of_name(&r->call, call))
        wrong(s, "call");
    text_of(s, "node_id", r->node_id, sizeof r->node_id);
    text_of(s, "key", r->key, sizeof r->key);
    text_of(s, "task_id", r->task_id, sizeof r->task_id);
    text_of(s, "faults", faults, sizeof faults);
    r->faulty = faults[0] != 0;
    read_answer(r, s);
    read_outcome(r, s);
}

/* By its number, of the records from begin to end, which are of one life; NULL: there is none. */
static struct journal_record *record_among(const struct journal_read *r, size_t begin, size_t end,
                                           uint64_t number)
{
    size_t low = begin, high = end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (r->records[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && r->records[low].number == number ? &r->records[low] : NULL;
}

static struct journal_record *record_of(const struct journal_read *r, uint64_t number)
{
    return record_among(r, r->life_begins, r->record_count, number);
}

/* The same request in a former life, from which the store has kept it; NULL: there is none. */
static struct journal_record *remembered(const struct journal_read *r,
                                         const struct journal_record *record)
{
    size_t end = r->life_begins;

    for (unsigned life = r->life; life-- > 0; end = r->lives_begin[life]) {
        struct journal_record *found = record_among(r, r->lives_begin[life], end, record->number);

        if (found && found->at_ns == record->at_ns)
            return found;
    }
    return NULL;
}

static enum status read_records(struct journal_record *out, const struct journal_read *r,
                                const struct page *p, struct why *why)
{
    for (size_t i = 0; i < p->count; i++) {
        struct source s = {.json = json_array_get(p->items, i)};

        out[i] = (struct journal_record){.life = r->life};
        read_record(&out[i], &s);
        if (s.wrong)
            return fail(why, ST_INPUT, "requests: item %zu: %s", i, s.wrong);
        if (i && out[i].number <= out[i - 1].number)
            return fail(why, ST_INPUT, "requests: item %zu: numbers are not in order", i);
        if (out[i].number <= r->last && !record_of(r, out[i].number) && !remembered(r, &out[i]))
            return fail(why, ST_INPUT, "requests: item %zu: number %llu was missing before", i,
                        (unsigned long long)out[i].number);
    }
    return ST_OK;
}

/* How many were never seen before this one, which is above r->last. The first of a life follows
 * what the former one had. */
static uint64_t missing_before(const struct journal_read *r, uint64_t number)
{
    uint64_t last = r->last;

    if (!last && r->life_begins > 0)
        last = r->records[r->life_begins - 1].number;
    return number > last ? number - last - 1 : 0;
}

static void keep(struct journal_read *r, const struct journal_record *record)
{
    struct journal_record *known = record_of(r, record->number);

    if (!known) {
        known = remembered(r, record);
        if (known && record->delivery == JOURNAL_OPEN) /* it ended with its process */
            record = known;
    }
    if (record->number > r->last) {
        r->missed += known ? 0 : missing_before(r, record->number);
        r->last = record->number;
    }
    if (known) {
        unsigned life = known->life;

        *known = *record;
        known->life = life;
        return;
    }
    if (r->record_count == r->record_capacity) {
        r->record_capacity = r->record_capacity ? 2 * r->record_capacity : 256;
        r->records = memory_grown(r->records, r->record_capacity, sizeof *r->records);
    }
    r->records[r->record_count++] = *record;
}

static uint64_t before_open(const struct journal_read *r)
{
    for (size_t i = r->life_begins; i < r->record_count; i++)
        if (r->records[i].delivery == JOURNAL_OPEN)
            return r->records[i].number - 1;
    return r->last;
}

enum status journal_read_requests(struct journal_read *r, struct bytes json, bool *more,
                                  struct why *why)
{
    struct journal_record *records;
    struct page p;
    enum status st = page_open(&p, json, why);

    if (st)
        return st;
    records = memory_new((p.count + 1) * sizeof *records);
    st = read_records(records, r, &p, why);
    if (!st) {
        for (size_t i = 0; i < p.count; i++)
            keep(r, &records[i]);
        *more = page_has_more(&p);
        r->cursor = *more ? records[p.count - 1].number : before_open(r);
    }
    free(records);
    json_decref(p.root);
    return st;
}

uint64_t journal_read_after(const struct journal_read *r)
{
    return r->cursor;
}

void journal_read_restarted(struct journal_read *r)
{
    for (size_t i = r->life_begins; i < r->record_count; i++)
        if (r->records[i].delivery == JOURNAL_OPEN)
            r->records[i].delivery = JOURNAL_BROKEN;
    if (r->life == r->lives_capacity) {
        r->lives_capacity = r->lives_capacity ? 2 * r->lives_capacity : 8;
        r->lives_begin = memory_grown(r->lives_begin, r->lives_capacity, sizeof *r->lives_begin);
    }
    r->lives_begin[r->life++] = r->life_begins;
    r->life_begins = r->record_count;
    r->last = r->cursor = 0;
}

/* ---- tasks and credits ---- */

/* A list that is read from its beginning, page behind page. */
static enum status follows(const struct page *p, const char *list, size_t *count, struct why *why)
{
    if (p->offset == 0)
        *count = 0;
    if (p->offset != *count)
        return fail(why, ST_INPUT, "%s: the page begins at %llu, not at %zu", list,
                    (unsigned long long)p->offset, *count);
    return ST_OK;
}

static void read_task(void *item, struct source *s)
{
    struct journal_task *t = item;
    static const char *const words[] = {"open",    "judging", "held",  "accepted",
                                        "refused", "expired", "minted"};
    static const enum journal_task_state states[] = {
        JOURNAL_TASK_OPEN,    JOURNAL_TASK_OPEN,    JOURNAL_TASK_HELD,  JOURNAL_TASK_ACCEPTED,
        JOURNAL_TASK_REFUSED, JOURNAL_TASK_EXPIRED, JOURNAL_TASK_MINTED};

    id_of(s, t->task_id);
    text_of(s, "node_id", t->node_id, sizeof t->node_id);
    t->state = states[word_of(s, "state", words, 7)];
}

static void read_credit(void *item, struct source *s)
{
    struct journal_credit *c = item;
    const json_t *amount = json_object_get(s->json, "amount");

    if (json_object_get(s->json, "task_id"))
        id_of(s, c->task_id);
    if (!json_is_integer(amount))
        wrong(s, "amount");
    c->amount = json_integer_value(amount);
}

struct list {
    const char *name;
    void (*read)(void *item, struct source *s);
    size_t size; /* of an item */
    void *items;
    size_t count, capacity;
};

/* The list is as long as before when the page is none. */
static enum status read_list(struct list *l, struct bytes json, bool *more, struct why *why)
{
    struct page p;
    enum status st = page_open(&p, json, why);

    if (st)
        return st;
    st = follows(&p, l->name, &l->count, why);
    if (!st && l->count + p.count > l->capacity) {
        l->capacity = 2 * (l->count + p.count);
        l->items = memory_grown(l->items, l->capacity, l->size);
    }
    for (size_t i = 0; i < p.count && !st; i++) {
        struct source s = {.json = json_array_get(p.items, i)};

        l->read((uint8_t *)l->items + (l->count + i) * l->size, &s);
        if (s.wrong)
            st = fail(why, ST_INPUT, "%s: item %zu: %s", l->name, i, s.wrong);
    }
    if (!st) {
        l->count += p.count;
        *more = page_has_more(&p);
    }
    json_decref(p.root);
    return st;
}

enum status journal_read_tasks(struct journal_read *r, struct bytes json, bool *more,
                               struct why *why)
{
    struct list l = {"tasks",  read_task,     sizeof *r->tasks,
                     r->tasks, r->task_count, r->task_capacity};
    enum status st = read_list(&l, json, more, why);

    r->tasks = l.items;
    r->task_count = l.count;
    r->task_capacity = l.capacity;
    return st;
}

enum status journal_read_credits(struct journal_read *r, struct bytes json, bool *more,
                                 struct why *why)
{
    struct list l = {"credits",  read_credit,     sizeof *r->credits,
                     r->credits, r->credit_count, r->credit_capacity};
    enum status st = read_list(&l, json, more, why);

    r->credits = l.items;
    r->credit_count = l.count;
    r->credit_capacity = l.capacity;
    return st;
}

/* ---- the case ---- */

struct journal_case journal_read_case(const struct journal_read *r)
{
    return (struct journal_case){
        .records = r->records,
        .record_count = r->record_count,
        .has_gaps = r->missed > 0,
        .tasks = r->tasks,
        .task_count = r->task_count,
        .credits = r->credits,
        .credit_count = r->credit_count,
    };
}

void journal_read_fini(struct journal_read *r)
{
    free(r->records);
    free(r->lives_begin);
    free(r->tasks);
    free(r->credits);
    *r = (struct journal_read){.record_count = 0};
}
