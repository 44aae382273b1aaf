/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/journal.h"

#include <assert.h>
#include <stdlib.h>

void journal_init(struct journal *j, uint32_t capacity)
{
    *j = (struct journal){.capacity = capacity};
}

void journal_fini(struct journal *j)
{
    free(j->entries);
    *j = (struct journal){.capacity = 0};
}

struct journal_entry *journal_add(struct journal *j)
{
    struct journal_entry *e;

    if (!j->entries && j->capacity)
        j->entries = malloc(j->capacity * sizeof *j->entries); /* pages come as they are written */
    if (!j->entries)
        return NULL;
    e = &j->entries[j->written++ % j->capacity];
    *e = (struct journal_entry){.number = j->written};
    return e;
}

void journal_clear(struct journal *j)
{
    j->forgotten = j->written;
}

uint64_t journal_first(const struct journal *j)
{
    uint64_t gone = j->written > j->capacity ? j->written - j->capacity : 0;

    return (gone > j->forgotten ? gone : j->forgotten) + 1;
}

struct journal_entry *journal_at(struct journal *j, uint64_t number)
{
    assert(number >= journal_first(j) && number <= j->written);
    return &j->entries[(number - 1) % j->capacity];
}

const struct journal_entry *journal_get(const struct journal *j, uint64_t number)
{
    return journal_at((struct journal *)j, number);
}

const char *journal_end_name(enum journal_end e)
{
    static const char *const names[] = {"under way", "sent", "cut", "left"};

    return names[e];
}
