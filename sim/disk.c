/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/disk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/memory.h"
#include "sim/vault.h"

static void cell_fini(struct disk_cell *c)
{
    free(c->task_id);
    free(c->program_id);
    free(c->inputs);
    buffer_fini(&c->bytes);
}

void disk_fini(struct disk *d)
{
    for (size_t i = 0; i < d->count; i++)
        cell_fini(&d->cells[i]);
    for (size_t i = 0; i < d->begun_count; i++)
        cell_fini(&d->begun[i]);
    for (size_t i = 0; i < d->shadow_count; i++)
        cell_fini(&d->shadows[i].old);
    free(d->cells);
    free(d->begun);
    free(d->shadows);
    lookup_fini(&d->by_task);
    *d = (struct disk){0};
}

static void make_room(struct disk_cell **cells, size_t *capacity, size_t count)
{
    if (count < *capacity)
        return;
    *capacity = *capacity ? 2 * *capacity : 8;
    *cells = memory_grown(*cells, *capacity, sizeof **cells);
}

void disk_begin(struct disk *d, const struct outbox_record *r)
{
    struct disk_cell *c;

    make_room(&d->begun, &d->begun_capacity, d->begun_count);
    c = &d->begun[d->begun_count++];
    *c = (struct disk_cell){
        .id = r->id,
        .state = r->state,
        .difficulty = r->difficulty,
        .task_id = memory_text(r->task_id),
        .program_id = memory_text(r->program_id),
        .inputs = (void *)memory_bytes(bytes_of(r->inputs, r->input_count * sizeof *r->inputs)),
        .input_count = r->input_count,
    };
    for (size_t i = 0; i < r->input_count; i++)
        c->proved += r->proofs[i].data != NULL;
    buffer_init(&c->bytes, OUTBOX_MAX_RECORD);
    outbox_encode_bare(&c->bytes, r);
    assert(buffer_ok(&c->bytes));
}

static bool is_open(const struct disk_cell *c)
{
    return !outbox_state_final(c->state);
}

/* Of the record, or of the first one behind where it would be. */
static size_t place_of(const struct disk *d, uint64_t id)
{
    size_t low = 0, high = d->count;

    if (high > 0 && d->cells[high - 1].id < id) /* a new one */
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (d->cells[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct disk *d, size_t place, uint64_t id)
{
    return place < d->count && d->cells[place].id == id;
}

/* A broken client may have several records of a task. */
static void name(struct disk *d, const struct disk_cell *cell)
{
    const struct disk_cell *newest = disk_of_task(d, cell->task_id);

    if (newest && newest->id >= cell->id)
        return;
    if (newest)
        lookup_remove(&d->by_task, cell->task_id);
    if (lookup_put(&d->by_task, cell->task_id, (uint32_t)cell->id, NULL))
        abort(); /* out of memory: as memory.h */
}

static void unname(struct disk *d, const struct disk_cell *cell)
{
    uint32_t id;

    if (!lookup_find(&d->by_task, &id, cell->task_id) || id != (uint32_t)cell->id)
        return;
    lookup_remove(&d->by_task, cell->task_id);
    for (size_t i = 0; i < d->count; i++)
        if (&d->cells[i] != cell && strcmp(d->cells[i].task_id, cell->task_id) == 0)
            name(d, &d->cells[i]);
}

static struct disk_cell *put(struct disk *d, const struct disk_cell *cell)
{
    size_t place = place_of(d, cell->id);

    if (is_at(d, place, cell->id)) {
        d->open -= is_open(&d->cells[place]);
        cell_fini(&d->cells[place]);
    } else {
        make_room(&d->cells, &d->capacity, d->count);
        memmove(d->cells + place + 1, d->cells + place, (d->count - place) * sizeof *d->cells);
        d->count++;
    }
    d->cells[place] = *cell;
    d->open += is_open(cell);
    name(d, &d->cells[place]);
    return &d->cells[place];
}

static const struct disk_cell *keep(struct disk *d, const struct disk_cell *cell)
{
    if (d->vault)
        vault_put(d->vault, cell, false);
    return put(d, cell);
}

static struct disk_cell take(struct disk *d, size_t place)
{
    struct disk_cell cell = d->begun[place];

    d->begun_count--;
    memmove(d->begun + place, d->begun + place + 1, (d->begun_count - place) * sizeof *d->begun);
    return cell;
}

static struct disk_cell take_begun(struct disk *d, uint64_t id)
{
    size_t place = 0;

    while (place < d->begun_count && d->begun[place].id != id)
        place++;
    assert(place < d->begun_count);
    return take(d, place);
}

/* One sync is for all that the cache holds. */
static void sync_cache(struct disk *d)
{
    while (d->shadow_count)
        cell_fini(&d->shadows[--d->shadow_count].old);
}

const struct disk_cell *disk_end(struct disk *d, uint64_t id)
{
    struct disk_cell cell = take_begun(d, id);

    sync_cache(d);
    return keep(d, &cell);
}

void disk_found(struct disk *d, const struct outbox_record *r)
{
    struct disk_cell cell;

    assert(!d->begun_count);
    disk_begin(d, r);
    cell = take_begun(d, r->id);
    put(d, &cell);
}

const struct disk_cell *disk_end_in_cache(struct disk *d, uint64_t id)
{
    struct disk_cell cell = take_begun(d, id);
    size_t place = place_of(d, id);
    struct disk_shadow *shadow;

    if (d->shadow_count == d->shadow_capacity) {
        d->shadow_capacity = d->shadow_capacity ? 2 * d->shadow_capacity : 8;
        d->shadows = memory_grown(d->shadows, d->shadow_capacity, sizeof *d->shadows);
    }
    if (d->vault)
        vault_put(d->vault, &cell, true);
    shadow = &d->shadows[d->shadow_count++];
    *shadow = (struct disk_shadow){.id = id, .existed = is_at(d, place, id)};
    if (shadow->existed) {
        shadow->old = d->cells[place];
        d->open += is_open(&cell);
        d->open -= is_open(&shadow->old);
        d->cells[place] = cell;
        return &d->cells[place];
    }
    return put(d, &cell);
}

static void drop_cell(struct disk *d, uint64_t id)
{
    size_t place = place_of(d, id);

    assert(is_at(d, place, id));
    d->open -= is_open(&d->cells[place]);
    unname(d, &d->cells[place]);
    cell_fini(&d->cells[place]);
    d->count--;
    memmove(d->cells + place, d->cells + place + 1, (d->count - place) * sizeof *d->cells);
}

void disk_set_aside(struct disk *d, uint64_t id)
{
    assert(!d->begun_count && !d->vault);
    sync_cache(d); /* who sets it aside writes that down */
    drop_cell(d, id);
    d->aside++;
}

/* The code that reads records must see that this is none. */
static struct vault_half half_of(const struct disk_cell *c, struct prng *prng)
{
    struct vault_half half = {.cell = c};
    struct outbox_record record;
    struct buffer sealed;

    buffer_init(&sealed, 0);
    buffer_put(&sealed, c->bytes.data, c->bytes.size);
    outbox_seal(&sealed);
    assert(buffer_ok(&sealed));
    half.whole = sealed.size;
    half.part = (size_t)prng_below(prng, half.whole);
    if (outbox_decode(&record, bytes_of(sealed.data, half.part), NULL) == ST_OK)
        abort(); /* a record without its checksum was believed */
    buffer_fini(&sealed);
    return half;
}

static void revert_cache(struct disk *d)
{
    while (d->shadow_count) {
        struct disk_shadow *shadow = &d->shadows[--d->shadow_count];

        if (shadow->existed)
            put(d, &shadow->old);
        else
            drop_cell(d, shadow->id);
    }
}

void disk_power_cut(struct disk *d, struct prng *prng, bool torn)
{
    struct vault_half half = {0};

    revert_cache(d);
    if (torn && d->begun_count) {
        half = half_of(&d->begun[0], prng);
        d->torn++;
    }
    if (d->vault)
        vault_cut(d->vault, &half);
    while (half.cell && d->begun_count) { /* nothing behind it is read */
        struct disk_cell cell = take(d, 0);

        cell_fini(&cell);
    }
    disk_crash(d, prng);
}

void disk_crash(struct disk *d, struct prng *prng)
{
    uint64_t happened = prng_below(prng, d->begun_count + 1);

    if (happened)
        sync_cache(d);
    while (d->begun_count) {
        struct disk_cell cell = take(d, 0);

        if (happened) {
            happened--;
            keep(d, &cell);
        } else {
            cell_fini(&cell);
        }
    }
}

const struct disk_cell *disk_of(const struct disk *d, uint64_t id)
{
    size_t place = place_of(d, id);

    return is_at(d, place, id) ? &d->cells[place] : NULL;
}

const struct disk_cell *disk_of_task(const struct disk *d, const char *task_id)
{
    uint32_t id;
    size_t place;

    if (!lookup_find(&d->by_task, &id, task_id))
        return NULL;
    place = place_of(d, id);
    assert(is_at(d, place, id));
    return strcmp(d->cells[place].task_id, task_id) == 0 ? &d->cells[place] : NULL;
}

bool disk_has(const struct disk *d, uint64_t id)
{
    return is_at(d, place_of(d, id), id);
}

size_t disk_open(const struct disk *d)
{
    return d->open;
}
