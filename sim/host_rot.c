/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that rots between two processes: a bit is another one, the end is missing, a record stands
 * in the place of another, or is one that no version of ours writes. The reader must see it - its
 * checksum does, or the words of its row - and sets it aside (client/shell/outbox_sqlite.c); what
 * former runs have learnt is learnt anew. */
#include <stdlib.h>
#include <string.h>

#include "sim/host_inside.h"
#include "sim/memory.h"

enum rot { ROT_BIT, ROT_CUT, ROT_EXCHANGED, ROT_FOREIGN_BYTES, ROT_FOREIGN_END, ROTS };

static struct buffer copy_of(const struct disk_cell *c)
{
    struct buffer b;

    buffer_init(&b, 0);
    buffer_put(&b, c->bytes.data, c->bytes.size);
    return b;
}

static void turn_a_bit(struct host *h, struct buffer *b)
{
    size_t place = prng_below(&h->prng, b->size); /* one draw after the other, in any compiler */

    b->data[place] ^= (uint8_t)(1u << prng_below(&h->prng, 8));
}

/* Four bytes that no length, count or name has. The fields before the inputs are the shortest. */
static void overwrite(struct host *h, struct buffer *b)
{
    size_t most = b->size < 640 ? b->size : 640;
    size_t at = prng_below(&h->prng, most - 3);

    memset(b->data + at, prng_below(&h->prng, 2) ? 0xff : 0, 4);
}

/* What the disk gives instead of that record; with its checksum, as the reader expects it. */
static struct buffer rotten(struct host *h, const struct disk_cell *c, enum rot rot)
{
    const struct disk_cell *other = &h->disk.cells[prng_below(&h->prng, h->disk.count)];
    struct buffer b = copy_of(rot == ROT_EXCHANGED ? other : c);

    if (rot == ROT_FOREIGN_BYTES)
        overwrite(h, &b);
    else if (rot == ROT_FOREIGN_END)
        b.size = prng_below(&h->prng, b.size);
    outbox_seal(&b);
    if (rot == ROT_BIT)
        turn_a_bit(h, &b);
    else if (rot == ROT_CUT)
        b.size = prng_below(&h->prng, b.size);
    return b;
}

/* As outbox_sqlite.c reads a row. */
static bool is_read(const struct buffer *b, uint64_t id)
{
    struct outbox_record r;

    if (outbox_decode(&r, buffer_bytes(b), NULL))
        return false;
    if (r.id == id) {
        outbox_record_fini(&r);
        return true;
    }
    outbox_record_fini(&r);
    return false;
}

/* false: it can still be read, as when other bytes make no difference. */
static bool rots(struct host *h, const struct disk_cell *c)
{
    enum rot rot = (enum rot)prng_below(&h->prng, ROTS);
    struct buffer b = rotten(h, c, rot);
    bool read = is_read(&b, c->id);

    buffer_fini(&b);
    if (read && (rot == ROT_BIT || rot == ROT_CUT))
        abort(); /* a record without its checksum was believed */
    return !read;
}

static void rot_records(struct host *h)
{
    for (size_t i = h->disk.count; i-- > 0;) {
        const struct disk_cell *c = &h->disk.cells[i];

        if (outbox_state_final(c->state) || !host_strikes(h, h->o.plan->disk_rot, "disk_rot") ||
            !rots(h, c))
            continue;
        host_note(h, "sets a damaged record aside:", c->id);
        invariant_rotten(h->o.invariant, h->o.number, c->id, c->task_id);
        disk_set_aside(&h->disk, c->id);
    }
}

static void rot_learnt(struct host *h)
{
    struct learnt read;
    struct buffer b;

    if (!h->has_learnt || !host_strikes(h, h->o.plan->disk_rot, "disk_rot"))
        return;
    buffer_init(&b, 0);
    learnt_encode(&b, &h->learnt);
    if (prng_below(&h->prng, 4))
        memset(b.data + prng_below(&h->prng, b.size), 0xff, 1);
    else
        b.size = prng_below(&h->prng, b.size);
    if (learnt_decode(&read, buffer_bytes(&b), NULL)) {
        host_note(h, "has learnt nothing that can be read, life", h->life);
        h->has_learnt = false;
        invariant_forgot(h->o.invariant, h->o.number);
    }
    buffer_fini(&b);
}

void host_rot(struct host *h)
{
    if (h->o.plan->disk_rot <= 0 || h->o.vault) /* a swarm of tier B draws it too */
        return;
    rot_records(h);
    rot_learnt(h);
}
