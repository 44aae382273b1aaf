/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/pace.h"

#include <assert.h>

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
    p->line_ns = (p->line_ns > now_ns ? p->line_ns : now_ns) + p->gap_ns;
}

void pace_hold(struct pace *p, int64_t until_ns)
{
    if (until_ns > p->hold_ns)
        p->hold_ns = until_ns;
}
