/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/disk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/memory.h"

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
    free(d->cells);
    free(d->begun);
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
        .task_id = memory_text(r->task_id),
        .program_id = memory_text(r->program_id),
        .inputs = (void *)memory_bytes(bytes_of(r->inputs, r->input_count * sizeof *r->inputs)),
        .input_count = r->input_count,
    };
    for (size_t i = 0; i < r->input_count; i++)
        c->proved += r->proofs[i].data != NULL;
    buffer_init(&c->bytes, OUTBOX_MAX_RECORD);
    outbox_encode(&c->bytes, r);
    assert(buffer_ok(&c->bytes));
}

static struct disk_cell *put(struct disk *d, const struct disk_cell *cell)
{
    size_t place = d->count;

    while (place > 0 && d->cells[place - 1].id >= cell->id)
        place--;
    if (place < d->count && d->cells[place].id == cell->id) {
        cell_fini(&d->cells[place]);
    } else {
        make_room(&d->cells, &d->capacity, d->count);
        memmove(d->cells + place + 1, d->cells + place, (d->count - place) * sizeof *d->cells);
        d->count++;
    }
    d->cells[place] = *cell;
    return &d->cells[place];
}

static struct disk_cell take(struct disk *d, size_t place)
{
    struct disk_cell cell = d->begun[place];

    d->begun_count--;
    memmove(d->begun + place, d->begun + place + 1, (d->begun_count - place) * sizeof *d->begun);
    return cell;
}

const struct disk_cell *disk_end(struct disk *d, uint64_t id)
{
    struct disk_cell cell;
    size_t place = 0;

    while (place < d->begun_count && d->begun[place].id != id)
        place++;
    assert(place < d->begun_count);
    cell = take(d, place);
    return put(d, &cell);
}

void disk_crash(struct disk *d, struct prng *prng)
{
    uint64_t happened = prng_below(prng, d->begun_count + 1);

    while (d->begun_count) {
        struct disk_cell cell = take(d, 0);

        if (happened) {
            happened--;
            put(d, &cell);
        } else {
            cell_fini(&cell);
        }
    }
}

const struct disk_cell *disk_of_task(const struct disk *d, const char *task_id)
{
    for (size_t i = d->count; i-- > 0;) /* the newest are asked for most */
        if (strcmp(d->cells[i].task_id, task_id) == 0)
            return &d->cells[i];
    return NULL;
}

size_t disk_open(const struct disk *d)
{
    size_t open = 0;

    for (size_t i = 0; i < d->count; i++)
        open += !outbox_state_final(d->cells[i].state);
    return open;
}
