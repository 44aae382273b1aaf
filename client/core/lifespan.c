/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/lifespan.h"

/* The rung whose upper bound counts for d; -1: there is none. */
static int bound_of(const struct lifespan *l, enum difficulty d)
{
    unsigned own = ladder_rung(d);
    int found = -1;

    if (l->of[own].gone_s)
        return (int)own;
    for (int i = 0; i < LADDER_RUNGS; i++)
        if (l->of[i].gone_s && (found < 0 || l->of[i].gone_s < l->of[found].gone_s))
            found = i;
    /* Borrowed and refuted: this bucket lives longer. */
    return found >= 0 && l->of[found].gone_s <= l->of[own].accepted_s ? -1 : found;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t lifespan_s(const struct lifespan *l, enum difficulty d)
{
    int bound = bound_of(l, d);
    int64_t accepted_s;

    if (bound < 0)
        return LIFESPAN_UNKNOWN;
    accepted_s = greater(l->of[ladder_rung(d)].accepted_s, l->of[bound].accepted_s);
    return accepted_s + (l->of[bound].gone_s - accepted_s) / 2;
}

static void stretch(struct lifespan *l, unsigned i, int64_t part)
{
    int64_t gone_s = l->of[i].gone_s;

    if (!gone_s)
        return;
    gone_s += greater(gone_s / part, 1);
    l->of[i].gone_s = gone_s <= LIFESPAN_LONGEST_S ? gone_s : 0; /* no bound worth the name */
}

void lifespan_accepted(struct lifespan *l, enum difficulty d, int64_t age_s)
{
    unsigned i = ladder_rung(d);

    l->of[i].odd = 0;
    if (age_s > LIFESPAN_LONGEST_S)
        return; /* a clock that was set */
    l->of[i].accepted_s = greater(l->of[i].accepted_s, age_s);
    if (l->of[i].gone_s <= l->of[i].accepted_s)
        l->of[i].gone_s = 0;
    for (i++; i < LADDER_RUNGS; i++)
        stretch(l, i, 128);
}

void lifespan_gone(struct lifespan *l, enum difficulty d, int64_t age_s)
{
    unsigned i = ladder_rung(d);

    if (age_s < LIFESPAN_SHORTEST_S || age_s > LIFESPAN_LONGEST_S)
        return;
    if (age_s <= l->of[i].accepted_s) {
        if (++l->of[i].odd < 2)
            return;
        l->of[i].accepted_s = 0;
    }
    l->of[i].odd = 0;
    if (!l->of[i].gone_s || age_s < l->of[i].gone_s)
        l->of[i].gone_s = age_s;
}

void lifespan_passed_over(struct lifespan *l, enum difficulty d)
{
    int i = bound_of(l, d);

    if (i >= 0)
        stretch(l, (unsigned)i, 8);
}
