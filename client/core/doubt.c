/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/doubt.h"

#include "base/clock.h"

int64_t doubt_refused_ns(struct doubt *d)
{
    int64_t hold_ns = DOUBT_FIRST_S * NS_PER_S;

    if (++d->refusals < DOUBT_REFUSALS)
        return 0;
    for (unsigned i = DOUBT_REFUSALS; i < d->refusals && hold_ns < DOUBT_LONGEST_S * NS_PER_S; i++)
        hold_ns *= 2;
    if (hold_ns > DOUBT_LONGEST_S * NS_PER_S)
        hold_ns = DOUBT_LONGEST_S * NS_PER_S;
    return hold_ns / (d->hastiness ? d->hastiness : 1);
}

void doubt_accepted(struct doubt *d)
{
    d->refusals = 0;
}

bool doubt_probes(const struct doubt *d)
{
    return d->refusals >= DOUBT_REFUSALS;
}
