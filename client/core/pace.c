/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/pace.h"

#include <assert.h>

#include "base/clock.h"

int64_t pace_gap_ns(const struct pace *p)
{
    int64_t gap_ns;

    assert(p->lost < PACE_FULL && p->gap_ns <= INT64_MAX / PACE_FULL);
    gap_ns = p->gap_ns * PACE_FULL / (PACE_FULL - p->lost);
    return p->lost > 0 && gap_ns > p->slowest_ns ? p->slowest_ns : gap_ns;
}

int64_t pace_due_ns(const struct pace *p)
{
    int64_t line = p->line_ns - p->burst_ns;

    return p->hold_ns > line ? p->hold_ns : line;
}

int64_t pace_wait_ns(const struct pace *p, int64_t now_ns)
{
    int64_t due = pace_due_ns(p);

    return due > now_ns ? due - now_ns : 0;
}

void pace_spend(struct pace *p, int64_t now_ns)
{
    assert(pace_wait_ns(p, now_ns) == 0);
    /* Time unused is not saved up beyond the burst. */
    p->line_ns = (p->line_ns > now_ns ? p->line_ns : now_ns) + pace_gap_ns(p);
}

void pace_hold(struct pace *p, int64_t until_ns)
{
    if (until_ns > p->hold_ns)
        p->hold_ns = until_ns;
}

void pace_slower(struct pace *p, int64_t now_ns)
{
    p->quiet_ns = now_ns;
    if (pace_gap_ns(p) < p->slowest_ns && p->lost < PACE_FULL - 1)
        p->lost += (PACE_FULL - p->lost + 1) / 2;
}

void pace_welcome(struct pace *p, int64_t now_ns)
{
    while (p->lost > 0 && now_ns - p->quiet_ns >= PACE_QUIET_S * NS_PER_S) {
        p->lost = p->lost > PACE_CREEP_PARTS ? p->lost - PACE_CREEP_PARTS : 0;
        p->quiet_ns += PACE_QUIET_S * NS_PER_S;
    }
}
