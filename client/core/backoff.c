/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/backoff.h"

#include "base/buggify.h"
#include "base/clock.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t ceiling_ns(const struct backoff *b)
{
    int64_t ceiling = b->base_ns;

    /* Doubling stops at the cap, so it cannot overflow: base <= cap <= 2^62. */
    for (unsigned i = 0; i < b->failures && ceiling < b->cap_ns; i++)
        ceiling *= 2;
    return least(ceiling, b->cap_ns);
}

int64_t backoff_fail_ns(struct backoff *b, struct prng *rng, int64_t advice_ns)
{
    int64_t own = prng_between(rng, 0, ceiling_ns(b));
    int64_t asked = 0;

    if (BUGGIFY(LONGEST_BACKOFF))
        own = ceiling_ns(b);
    b->failures++;
    if (advice_ns > 0)
        asked = advice_ns + prng_between(rng, 0, least(advice_ns / 10, 30 * NS_PER_S));
    return own > asked ? own : asked;
}

void backoff_reset(struct backoff *b)
{
    b->failures = 0;
}

int64_t backoff_advice_ns(const struct http_response *response, int64_t wall_s)
{
    const char *value =
        http_header_of(response->headers, response->header_count, "retry-after");
    const char *date = http_header_of(response->headers, response->header_count, "date");
    int64_t seconds;

    if (!value || !http_retry_after_s(value, date, wall_s, &seconds))
        return BACKOFF_NO_ADVICE;
    return least(seconds, BACKOFF_RETRY_AFTER_CEILING_S) * NS_PER_S;
}

const char *backoff_advice_words(int64_t advice_ns)
{
    if (advice_ns == BACKOFF_NO_ADVICE)
        return "the server named no time";
    if (advice_ns == BACKOFF_RETRY_AFTER_CEILING_S * NS_PER_S)
        return "the server named a day or more, which is cut to a day";
    return "the server named the time";
}
