/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/route.h"

#include <string.h>

#include "base/print.h"
#include "client/core/ratelimit.h"

enum route_outcome route_outcome_of(unsigned status)
{
    if (status >= 200 && status < 300)
        return ROUTE_WELCOME;
    if (status == 429)
        return ROUTE_LIMITED;
    if (status >= 400 && status < 500 && status != 408 && status != 425)
        return ROUTE_ANSWERED;
    return ROUTE_BROKEN;
}

void route_init(struct route *r, int64_t gap_ns, int64_t slowest_ns)
{
    *r = (struct route){.pace = {.gap_ns = gap_ns, .slowest_ns = slowest_ns}};
    budget_init(&r->budget);
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t route_due_ns(const struct route *r)
{
    int64_t own = greater(breaker_due_ns(&r->breaker), budget_due_ns(&r->budget));

    return greater(greater(own, r->bar_ns), pace_due_ns(&r->pace));
}

int64_t route_wait_ns(const struct route *r, int64_t now_ns)
{
    return greater(route_due_ns(r) - now_ns, 0);
}

void route_spend(struct route *r, int64_t now_ns)
{
    pace_spend(&r->pace, now_ns);
}

/* Without Retry-After, which takes precedence, the allowance in the answer counts. */
static void obey_ratelimit(struct route *r, const struct route_note *note, int64_t now_ns)
{
    struct ratelimit l;

    if (note->response && note->advice_ns < 0 && ratelimit_read(&l, note->response))
        pace_hold(&r->pace, now_ns + ratelimit_wait_ns(&l));
}

bool route_note(struct route *r, const struct route_note *note, struct prng *rng, int64_t now_ns)
{
    bool was_open = breaker_open(&r->breaker), opened = false;

    switch (note->outcome) {
    case ROUTE_WELCOME:
        pace_welcome(&r->pace, now_ns);
        budget_success(&r->budget, now_ns);
        breaker_success(&r->breaker);
        break;
    case ROUTE_ANSWERED:
        breaker_success(&r->breaker);
        break;
    case ROUTE_LIMITED:
        if (note->advice_ns < pace_gap_ns(&r->pace) / 2)
            pace_slower(&r->pace, now_ns);
        if (r->limits_cost)
            budget_failure(&r->budget, now_ns);
        break;
    case ROUTE_BROKEN:
        budget_failure(&r->budget, now_ns);
        opened = breaker_failure(&r->breaker, rng, now_ns);
        break;
    }
    obey_ratelimit(r, note, now_ns);
    print_text(r->why, sizeof r->why, "%s", note->outcome == ROUTE_WELCOME ? "" : note->text);
    return opened && !was_open;
}

void route_words(const struct route *r, char out[static ROUTE_WHY], int64_t now_ns)
{
    int64_t due = route_due_ns(r);
    const char *cause = "";

    if (due <= now_ns)
        cause = "";
    else if (due == r->bar_ns)
        cause = "refused proofs stop it; ";
    else if (due == breaker_due_ns(&r->breaker))
        cause = "it keeps failing, single probes only; ";
    else if (due == budget_due_ns(&r->budget))
        cause = "too many failures for so few successes; ";
    else if (r->pace.lost > 0)
        cause = "slowed down by 429s; ";
    print_text(out, ROUTE_WHY, "%s%.100s", cause, r->why);
}
