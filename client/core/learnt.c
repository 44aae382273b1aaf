/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/learnt.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

/* ---- bytes ---- */

static const char magic[8] = "nxplrn1"; /* with its zero */

/* One pass over all fields, in one order for both ways: writes to out, or reads from in. */
struct pass {
    struct buffer *out; /* NULL: reading */
    struct bytes in;
    size_t at;
    bool bad;
};

static void raw(struct pass *p, void *data, size_t size)
{
    if (p->out) {
        buffer_put(p->out, data, size);
    } else if (p->in.size - p->at < size) {
        p->bad = true;
        memset(data, 0, size);
    } else {
        memcpy(data, p->in.data + p->at, size);
        p->at += size;
    }
}

/* Eight bytes, little-endian, low <= value <= high. */
static int64_t number(struct pass *p, int64_t value, int64_t low, int64_t high)
{
    uint8_t bytes[8];

    store_le32(bytes, (uint32_t)(uint64_t)value);
    store_le32(bytes + 4, (uint32_t)((uint64_t)value >> 32));
    raw(p, bytes, sizeof bytes);
    value = (int64_t)((uint64_t)load_le32(bytes) | (uint64_t)load_le32(bytes + 4) << 32);
    if (value >= low && value <= high)
        return value;
    p->bad = true;
    return low;
}

static enum difficulty difficulty(struct pass *p, enum difficulty d)
{
    int64_t value = number(p, d, DIFFICULTY_SMALL, DIFFICULTY_EXTRA_LARGE_5);

    if (difficulty_known((int)value))
        return (enum difficulty)value;
    p->bad = true;
    return DIFFICULTY_SMALL;
}

static void pass_ladder(struct pass *p, struct ladder *l)
{
    l->known = number(p, l->known, 0, 1);
    l->last = difficulty(p, l->last);
    l->last_s = number(p, l->last_s, INT64_MIN, INT64_MAX);
    l->barred = number(p, l->barred, 0, 1);
    l->bar = difficulty(p, l->bar);
    l->bar_height = (unsigned)number(p, l->bar_height, 0, LADDER_BAR_LARGEST);
    l->bar_left = (unsigned)number(p, l->bar_left, l->barred ? 1 : 0, LADDER_BAR_LARGEST);
}

static void pass_life(struct pass *p, struct lifespan *l)
{
    for (int i = 0; i < LADDER_RUNGS; i++) {
        l->of[i].accepted_s = number(p, l->of[i].accepted_s, 0, LIFESPAN_LONGEST_S);
        l->of[i].gone_s = number(p, l->of[i].gone_s, 0, LIFESPAN_LONGEST_S);
        l->of[i].odd = (unsigned)number(p, l->of[i].odd, 0, 1);
        if (l->of[i].gone_s && l->of[i].gone_s <= l->of[i].accepted_s)
            p->bad = true;
    }
}

static void pass_cell(struct pass *p, struct speed_cell *c, uint64_t newest)
{
    raw(p, c->program, sizeof c->program);
    if (c->program[sizeof c->program - 1] != '\0')
        p->bad = true;
    c->difficulty = difficulty(p, c->difficulty);
    c->used = (uint64_t)number(p, (int64_t)c->used, 0, (int64_t)newest);
    c->count = (unsigned)number(p, c->count, 0, SPEED_SAMPLES);
    c->next = (unsigned)number(p, c->next, 0, SPEED_SAMPLES - 1);
    for (int i = 0; i < SPEED_SAMPLES; i++)
        c->sample_ns[i] = number(p, c->sample_ns[i], 0, SPEED_LONGEST_NS);
}

static void pass_all(struct pass *p, struct learnt *l)
{
    char head[sizeof magic];

    memcpy(head, magic, sizeof head);
    raw(p, head, sizeof head);
    if (memcmp(head, magic, sizeof head) != 0)
        p->bad = true;
    pass_ladder(p, &l->ladder);
    pass_life(p, &l->life);
    for (int i = 0; i < LADDER_RUNGS; i++)
        l->speed.inputs[i] = (uint32_t)number(p, l->speed.inputs[i], 0, UINT32_MAX);
    l->speed.used = (uint64_t)number(p, (int64_t)l->speed.used, 0, INT64_MAX / 2);
    for (int i = 0; i < SPEED_CELLS; i++)
        pass_cell(p, &l->speed.cells[i], l->speed.used);
}

void learnt_encode(struct buffer *out, const struct learnt *l)
{
    struct learnt copy = *l;
    struct pass p = {.out = out};

    pass_all(&p, &copy);
    assert(!p.bad); /* what we write we can read */
}

enum status learnt_decode(struct learnt *out, struct bytes bytes, struct why *why)
{
    struct learnt l = {0};
    struct pass p = {.in = bytes};

    pass_all(&p, &l);
    if (p.bad || p.at != bytes.size)
        return fail(why, ST_INPUT, "this is not what a run has learnt");
    *out = l;
    return ST_OK;
}

/* ---- what follows ---- */

static int64_t seconds_up(int64_t ns)
{
    return (ns + NS_PER_S - 1) / NS_PER_S;
}

enum difficulty learnt_ask(const struct learnt *l, unsigned at_once)
{
    enum difficulty d = ladder_ask(&l->ladder);

    while (!l->ladder.fixed && d != difficulty_down(d) &&
           seconds_up(speed_bucket_ns(&l->speed, d, at_once)) > lifespan_s(&l->life, d))
        d = difficulty_down(d);
    return d;
}

static int64_t estimate_s(const struct learnt *l, enum speed_kind kind, const struct learnt_task *t,
                          unsigned at_once)
{
    return seconds_up(speed_ns(&l->speed, kind, t->program, t->difficulty, t->inputs, at_once));
}

int64_t learnt_takes_s(const struct learnt *l, const struct learnt_task *t, unsigned at_once)
{
    return estimate_s(l, SPEED_CAUTIOUS, t, at_once);
}

bool learnt_in_time(const struct learnt *l, const struct learnt_task *t, unsigned at_once,
                    int64_t *takes_s, int64_t *life_s)
{
    *takes_s = estimate_s(l, SPEED_HOPEFUL, t, at_once);
    *life_s = lifespan_s(&l->life, t->difficulty);
    return *life_s == LIFESPAN_UNKNOWN || *takes_s <= *life_s - t->age_s;
}
