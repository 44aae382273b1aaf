/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buggify.h"

static void entry_free(struct entry *e)
{
    outbox_record_fini(&e->record);
    free(e);
}

void ledger_fini(struct ledger *l)
{
    for (size_t i = 0; i < l->count; i++)
        entry_free(l->entries[i]);
    free(l->entries);
    known_fini(&l->known);
    l->entries = NULL;
    l->count = l->capacity = 0;
}

struct entry *ledger_add(struct ledger *l, struct outbox_record *record)
{
    struct entry *e;

    if (l->count == l->capacity) {
        size_t capacity = l->capacity ? 2 * l->capacity : 8;
        struct entry **entries = realloc(l->entries, capacity * sizeof(struct entry *));

        if (!entries)
            return NULL;
        l->entries = entries;
        l->capacity = capacity;
    }
    e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->record = *record;
    e->backoff = l->backoff;
    for (size_t i = 0; i < record->input_count; i++)
        e->missing += !record->proofs[i].data;
    *record = (struct outbox_record){0};
    l->entries[l->count++] = e;
    return e;
}

struct entry *ledger_find(const struct ledger *l, uint64_t id)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->entries[i]->record.id == id)
            return l->entries[i];
    return NULL;
}

bool ledger_knows(const struct ledger *l, const char *task_id)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->entries[i]->record.task_id, task_id) == 0)
            return true;
    return known_has(&l->known, task_id);
}

void ledger_remember(struct ledger *l, const char *task_id)
{
    known_put(&l->known, task_id);
}

void ledger_touch(struct entry *e)
{
    e->version++;
    e->save_at_ns = INT64_MIN;
}

void ledger_move(struct entry *e, enum outbox_state to)
{
    assert(outbox_state_may(e->record.state, to)); /* I7 */
    e->record.state = to;
    if (to == OUTBOX_ACKED || to == OUTBOX_ABANDONED) /* of no use, or only a part of them */
        outbox_record_drop_proofs(&e->record);
    ledger_touch(e);
}

static bool on_disk(const struct entry *e)
{
    return e->saved_version == e->version;
}

bool ledger_durable(const struct ledger *l, const struct entry *e)
{
    return on_disk(e) || l->refusals >= l->refusals_limit;
}

bool ledger_recorded(const struct ledger *l, const struct entry *e)
{
    return e->restored || e->saved_version > 0 || l->refusals >= l->refusals_limit;
}

const struct entry *ledger_take_save(struct ledger *l, int64_t now_ns)
{
    for (size_t i = 0; i < l->count; i++) {
        struct entry *e = l->entries[i];

        if (!e->saving && !on_disk(e) && e->save_at_ns <= now_ns) {
            e->saving = true;
            e->saving_version = e->version;
            return e;
        }
    }
    return NULL;
}

static void close_entry(struct ledger *l, struct entry *e)
{
    size_t i = 0;

    assert(outbox_state_final(e->record.state)); /* I4 */
    ledger_remember(l, e->record.task_id);
    while (l->entries[i] != e)
        i++;
    l->count--;
    memmove(l->entries + i, l->entries + i + 1, (l->count - i) * sizeof *l->entries);
    entry_free(e);
}

void ledger_saved(struct ledger *l, uint64_t id)
{
    struct entry *e = ledger_find(l, id);

    assert(e && e->saving);
    e->saving = false;
    e->saved_version = e->saving_version;
    l->refusals = 0;
    if (BUGGIFY(SAVED_TWICE))
        ledger_touch(e);
    if (on_disk(e) && outbox_state_final(e->record.state))
        close_entry(l, e);
}

void ledger_unsaved(struct ledger *l, uint64_t id, int64_t retry_at_ns)
{
    struct entry *e = ledger_find(l, id);

    assert(e && e->saving);
    e->saving = false;
    e->save_at_ns = retry_at_ns;
    l->refusals++; /* a final record stays and is tried again: the disk must not forget the end */
}

bool ledger_all_saved(const struct ledger *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (!on_disk(l->entries[i]))
            return false;
    return true;
}

int64_t ledger_deadline_ns(const struct ledger *l)
{
    int64_t deadline = INT64_MAX;

    for (size_t i = 0; i < l->count; i++) {
        const struct entry *e = l->entries[i];

        if (!e->saving && !on_disk(e) && e->save_at_ns < deadline)
            deadline = e->save_at_ns;
    }
    return deadline;
}

size_t ledger_open(const struct ledger *l)
{
    size_t open = 0;

    for (size_t i = 0; i < l->count; i++)
        open += !outbox_state_final(l->entries[i]->record.state);
    return open;
}
