/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/timeline.h"

#include <assert.h>

int64_t timeline_inside_ns(const struct timeline *t, int64_t outside_ns)
{
    return t->frozen ? t->frozen_ns : outside_ns + t->ahead_ns;
}

int64_t timeline_outside_ns(const struct timeline *t, int64_t inside_ns)
{
    return t->frozen || inside_ns == INT64_MAX ? INT64_MAX : inside_ns - t->ahead_ns;
}

int64_t timeline_shown_ns(const struct timeline *t, int64_t inside_ns)
{
    return t->wall_at_zero_ns + inside_ns + t->skew_ns;
}

void timeline_freeze(struct timeline *t, int64_t outside_ns)
{
    t->frozen_ns = timeline_inside_ns(t, outside_ns);
    t->frozen = true;
}

void timeline_thaw(struct timeline *t, int64_t outside_ns)
{
    if (t->frozen)
        t->ahead_ns = t->frozen_ns - outside_ns;
    t->frozen = false;
}

void timeline_advance(struct timeline *t, int64_t by_ns)
{
    assert(by_ns >= 0);
    if (t->frozen)
        t->frozen_ns += by_ns;
    else
        t->ahead_ns += by_ns;
}
