/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/speed.h"

#include <assert.h>
#include <string.h>

static const struct speed_cell *find(const struct speed *s, const char *program, enum difficulty d)
{
    for (int i = 0; i < SPEED_CELLS; i++) {
        const struct speed_cell *c = &s->cells[i];

        if (c->count > 0 && c->difficulty == d &&
            strncmp(c->program, program, SPEED_PROGRAM - 1) == 0)
            return c;
    }
    return NULL;
}

static struct speed_cell *take_oldest(struct speed *s)
{
    struct speed_cell *oldest = &s->cells[0];

    for (int i = 1; i < SPEED_CELLS; i++)
        if (s->cells[i].used < oldest->used)
            oldest = &s->cells[i];
    return oldest;
}

void speed_proved(struct speed *s, const char *program, enum difficulty d, int64_t duration_ns)
{
    struct speed_cell *c = (struct speed_cell *)find(s, program, d);

    assert(duration_ns >= 0);
    if (!c) {
        c = take_oldest(s);
        *c = (struct speed_cell){.difficulty = d};
        strncpy(c->program, program, sizeof c->program - 1);
    }
    c->used = ++s->used;
    c->sample_ns[c->next] = duration_ns < SPEED_LONGEST_NS ? duration_ns : SPEED_LONGEST_NS;
    c->next = (c->next + 1) % SPEED_SAMPLES;
    if (c->count < SPEED_SAMPLES)
        c->count++;
}

void speed_task(struct speed *s, enum difficulty d, size_t inputs)
{
    s->inputs[ladder_rung(d)] = inputs < UINT32_MAX ? (uint32_t)inputs : UINT32_MAX;
}

static int64_t largest_ns(const struct speed_cell *c)
{
    int64_t largest = c->sample_ns[0];

    for (unsigned i = 1; i < c->count; i++)
        if (c->sample_ns[i] > largest)
            largest = c->sample_ns[i];
    return largest;
}

static int64_t lower_quartile_ns(const struct speed_cell *c)
{
    int64_t least[(SPEED_SAMPLES - 1) / 4 + 1]; /* the smallest, in their order */
    unsigned wanted = (c->count - 1) / 4 + 1, kept = 0;

    for (unsigned i = 0; i < c->count; i++) {
        unsigned place = kept;

        if (kept < wanted)
            kept++;
        else if (c->sample_ns[i] >= least[--place])
            continue;
        for (; place > 0 && least[place - 1] > c->sample_ns[i]; place--)
            least[place] = least[place - 1];
        least[place] = c->sample_ns[i];
    }
    return least[wanted - 1];
}

static int64_t per_input_ns(const struct speed_cell *c, enum speed_kind kind)
{
    return kind == SPEED_HOPEFUL ? lower_quartile_ns(c) : largest_ns(c);
}

/* each < 2^60; the product is cut there. */
static int64_t for_inputs(int64_t each_ns, size_t inputs, unsigned at_once)
{
    size_t rounds = inputs / at_once + (inputs % at_once != 0);

    if (each_ns > 0 && rounds > (size_t)(SPEED_LONGEST_NS / each_ns))
        return SPEED_LONGEST_NS;
    return each_ns * (int64_t)rounds;
}

int64_t speed_ns(const struct speed *s, enum speed_kind kind, const char *program,
                 enum difficulty d, size_t inputs, unsigned at_once)
{
    const struct speed_cell *c = find(s, program, d);

    return c ? for_inputs(per_input_ns(c, kind), inputs, at_once) : 0;
}

static int64_t slowest_ns(const struct speed *s, enum difficulty d)
{
    int64_t slowest = 0;

    for (int i = 0; i < SPEED_CELLS; i++) {
        const struct speed_cell *c = &s->cells[i];

        if (c->count > 0 && c->difficulty == d && largest_ns(c) > slowest)
            slowest = largest_ns(c);
    }
    return slowest;
}

int64_t speed_bucket_ns(const struct speed *s, enum difficulty d, unsigned at_once)
{
    int64_t each_ns = slowest_ns(s, d);

    while (each_ns == 0 && d != difficulty_down(d)) {
        d = difficulty_down(d);
        each_ns = slowest_ns(s, d);
    }
    return each_ns ? for_inputs(each_ns, s->inputs[ladder_rung(d)], at_once) : 0;
}
