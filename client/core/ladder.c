/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/ladder.h"

unsigned ladder_rung(enum difficulty d)
{
    return difficulty_rung(d);
}

enum difficulty ladder_ask(const struct ladder *l)
{
    enum difficulty next;

    if (l->fixed)
        return l->wanted;
    if (!l->known)
        return LADDER_FIRST;
    next = l->last_s < LADDER_PROMOTE_BELOW_S ? difficulty_up(l->last) : l->last;
    if (l->barred && next >= l->bar)
        next = difficulty_down(l->bar);
    return next;
}

void ladder_success(struct ladder *l, enum difficulty assigned, int64_t seconds)
{
    l->known = true;
    l->last = assigned;
    l->last_s = seconds;
    if (assigned >= l->bar) {
        l->barred = false;
        l->bar_height = 0;
    } else if (l->barred && --l->bar_left == 0) {
        l->barred = false; /* the height stays: a second failure bars for longer */
    }
}

void ladder_failure(struct ladder *l, enum difficulty assigned)
{
    if (l->barred && assigned > l->bar)
        return; /* fetched before the bar was put up: it says nothing new */
    l->known = true;
    l->last = difficulty_down(assigned);
    l->last_s = LADDER_PROMOTE_BELOW_S;
    l->barred = true;
    l->bar = assigned;
    if (l->bar_height < LADDER_BAR_LARGEST)
        l->bar_height = l->bar_height ? 2 * l->bar_height : 2;
    l->bar_left = l->bar_height;
}
