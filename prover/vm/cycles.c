/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/vm/cycles.h"

#include <stdlib.h>
#include <string.h>

#include "prover/vm/utf8.h"

struct cycle_entry {
    struct cycle_entry *next;
    uint64_t cycles, depth;
    struct buffer name;
};

void cycles_init(struct cycles *c)
{
    *c = (struct cycles){0};
}

void cycles_fini(struct cycles *c)
{
    for (size_t b = 0; b < c->bucket_count; b++) {
        while (c->buckets[b]) {
            struct cycle_entry *entry = c->buckets[b];

            c->buckets[b] = entry->next;
            buffer_fini(&entry->name);
            free(entry);
        }
    }
    free(c->buckets);
    cycles_init(c);
}

/* FNV-1a */
static uint64_t hash_name(struct bytes name)
{
    uint64_t h = 0xCBF29CE484222325;

    for (size_t i = 0; i < name.size; i++)
        h = (h ^ name.data[i]) * 0x100000001B3;
    return h ^ h >> 32;
}

static struct cycle_entry **bucket_of(const struct cycles *c, struct bytes name)
{
    return &c->buckets[hash_name(name) % c->bucket_count];
}

/* At most one entry a bucket on average. */
static bool make_room(struct cycles *c)
{
    struct cycles larger = {.bucket_count = c->bucket_count ? 2 * c->bucket_count : 16};

    if (c->entry_count < c->bucket_count)
        return true;
    larger.buckets = calloc(larger.bucket_count, sizeof *larger.buckets);
    if (!larger.buckets)
        return false;
    for (size_t b = 0; b < c->bucket_count; b++) {
        while (c->buckets[b]) {
            struct cycle_entry *entry = c->buckets[b];
            struct cycle_entry **bucket = bucket_of(&larger, buffer_bytes(&entry->name));

            c->buckets[b] = entry->next;
            entry->next = *bucket;
            *bucket = entry;
        }
    }
    free(c->buckets);
    c->buckets = larger.buckets;
    c->bucket_count = larger.bucket_count;
    return true;
}

static struct cycle_entry *find(const struct cycles *c, struct bytes name)
{
    struct cycle_entry *entry = c->bucket_count ? *bucket_of(c, name) : NULL;

    while (entry && !bytes_equal(buffer_bytes(&entry->name), name))
        entry = entry->next;
    return entry;
}

static bool add(struct cycles *c, struct bytes name, uint64_t clock)
{
    struct cycle_entry *entry = make_room(c) ? calloc(1, sizeof *entry) : NULL;
    struct cycle_entry **bucket;

    if (!entry)
        return false;
    buffer_init(&entry->name, 0);
    buffer_put(&entry->name, name.data, name.size);
    if (!buffer_ok(&entry->name)) {
        free(entry);
        return false;
    }
    entry->cycles = clock;
    entry->depth = 1;
    bucket = bucket_of(c, name);
    entry->next = *bucket;
    *bucket = entry;
    c->entry_count++;
    return true;
}

enum status cycles_mark(struct cycles *c, bool *known, struct bytes raw, uint64_t clock,
                        struct why *why)
{
    struct cycle_entry *entry;
    struct buffer label;
    struct bytes name;
    enum status st = ST_OK;

    buffer_init(&label, 0);
    utf8_put_lossy(&label, raw);
    if (!buffer_ok(&label)) {
        st = fail(why, ST_NO_MEMORY, "cycle counter: out of memory");
        goto out;
    }
    if (label.size < 2 || (label.data[0] != '^' && label.data[0] != '$') || label.data[1] != '#') {
        st = fail(why, ST_GUEST, "InvalidProfileLabel: '%.*s' does not begin with ^# or $#",
                  label.size < 64 ? (int)label.size : 64, (const char *)label.data);
        goto out;
    }
    name = bytes_of(label.data + 2, label.size - 2);
    entry = find(c, name);
    *known = label.data[0] == '^' || entry;
    if (label.data[0] == '^') {
        if (entry)
            entry->depth++;
        else if (!add(c, name, clock))
            st = fail(why, ST_NO_MEMORY, "cycle counter: out of memory");
    } else if (entry && --entry->depth == 0) {
        entry->cycles = clock - entry->cycles;
    }
out:
    buffer_fini(&label);
    return st;
}
