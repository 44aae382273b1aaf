/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/breaker.h"

#include "base/clock.h"

#define ONE 1000

bool breaker_open(const struct breaker *b)
{
    return b->openings > 0;
}

int64_t breaker_due_ns(const struct breaker *b)
{
    return breaker_open(b) ? b->until_ns : INT64_MIN;
}

/* At most 16 in thousandths: 15/16 of 16 and one more. */
static void count(struct breaker *b, bool accepted)
{
    b->requests = b->requests - b->requests / 16 + ONE;
    b->accepts = b->accepts - b->accepts / 16 + (accepted ? ONE : 0);
}

void breaker_success(struct breaker *b)
{
    if (breaker_open(b))
        *b = (struct breaker){0}; /* what was before the outage says nothing about now */
    b->failures = 0;
    count(b, true);
}

static bool too_few_accepts(const struct breaker *b)
{
    /* (r - 2a) / (r + 1) > 1/2, times two and times r + 1 > 0 */
    return b->requests > (BREAKER_VOLUME - 2) * ONE &&
           2 * (b->requests - 2 * b->accepts) > b->requests + ONE;
}

bool breaker_failure(struct breaker *b, struct prng *rng, int64_t now_ns)
{
    int64_t open_ns = BREAKER_SHORTEST_S * NS_PER_S;

    b->failures++;
    count(b, false);
    if (!breaker_open(b) && b->failures < BREAKER_FAILURES && !too_few_accepts(b))
        return false;
    for (unsigned i = 0; i < b->openings && open_ns < BREAKER_LONGEST_S * NS_PER_S; i++)
        open_ns *= 2;
    if (open_ns > BREAKER_LONGEST_S * NS_PER_S)
        open_ns = BREAKER_LONGEST_S * NS_PER_S;
    b->openings++;
    b->until_ns = now_ns + open_ns + prng_between(rng, 0, open_ns / 10);
    return true;
}
