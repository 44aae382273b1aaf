/* SPDX-License-Identifier: Apache-2.0 */
/* When to ask, when to wait: the values that decide it, as tables over time. */
#include "tests/support/test.h"

#include <string.h>

#include "base/clock.h"
#include "client/core/breaker.h"
#include "client/core/budget.h"
#include "client/core/pace.h"
#include "client/core/ratelimit.h"

#define LENGTH(table) (sizeof(table) / sizeof *(table))

/* ---- pace ---- */

static void a_429_halves_the_rate_and_quiet_windows_bring_it_back(void **state)
{
    static const struct {
        int64_t at_s;
        bool limited; /* otherwise: welcome */
        int64_t gap_s;
    } table[] = {
        {0, false, 120},    {120, true, 240},   {360, true, 480},
        {840, true, 600},   {1440, true, 600}, /* no slower than that */
        {1619, false, 600},                    /* one second short of a window */
        {1620, false, 480},                    /* 8 parts of 64 more: 16 of 64 */
        {1620, false, 480}, {1800, false, 320}, {1980, false, 240},
        {1990, true, 480},                      /* halved again */
        {2170, false, 320}, {2890, false, 137}, /* four windows at once: 56 of 64 */
        {3070, false, 120}, {9999, false, 120}, /* never faster */
        {9999, true, 240},
    };
    struct pace p = {.gap_ns = 120 * NS_PER_S, .slowest_ns = 600 * NS_PER_S};

    (void)state;
    for (size_t i = 0; i < LENGTH(table); i++) {
        if (table[i].limited)
            pace_slower(&p, table[i].at_s * NS_PER_S);
        else
            pace_welcome(&p, table[i].at_s * NS_PER_S);
        assert_int_equal(pace_gap_ns(&p) / NS_PER_S, table[i].gap_s);
    }
    pace_spend(&p, 10000 * NS_PER_S);
    assert_int_equal(pace_due_ns(&p), 10240 * NS_PER_S); /* and requests keep to it */
}

static void a_fixed_pace_and_the_slowest_one_stay(void **state)
{
    struct pace fixed = {.gap_ns = 100}, slow = {.gap_ns = 1, .slowest_ns = INT64_MAX};

    (void)state;
    for (int i = 0; i < 20; i++) {
        pace_slower(&fixed, i);
        pace_slower(&slow, i);
    }
    assert_int_equal(pace_gap_ns(&fixed), 100);
    assert_int_equal(pace_gap_ns(&slow), 64);
}

/* ---- breaker ---- */

static void a_breaker_opens_after_five_failures_and_probes_ever_later(void **state)
{
    static const int64_t open_s[] = {30, 60, 120, 240, 480, 600, 600};
    struct prng rng = prng_of(1);
    struct breaker b = {0};
    int64_t now_ns = 0;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_false(breaker_failure(&b, &rng, now_ns));
    assert_int_equal(breaker_due_ns(&b), INT64_MIN);
    for (size_t i = 0; i < LENGTH(open_s); i++) { /* the fifth, then one probe after the other */
        assert_true(breaker_failure(&b, &rng, now_ns));
        assert_true(breaker_open(&b));
        assert_in_range(breaker_due_ns(&b) - now_ns, open_s[i] * NS_PER_S,
                        open_s[i] * NS_PER_S * 11 / 10);
        now_ns = breaker_due_ns(&b);
    }
    breaker_success(&b);
    assert_false(breaker_open(&b));
    assert_int_equal(breaker_due_ns(&b), INT64_MIN);
    for (int i = 0; i < 4; i++)
        assert_false(breaker_failure(&b, &rng, now_ns));
    assert_true(breaker_failure(&b, &rng, now_ns));
    assert_true(breaker_due_ns(&b) - now_ns <= 33 * NS_PER_S); /* and short again */
}

static void a_breaker_opens_when_less_than_a_quarter_gets_through(void **state)
{
    static const struct {
        const char *outcomes; /* + success, - failure, repeated */
        bool opens;
    } table[] = {
        {"+", false}, {"-+", false}, {"--+", false}, {"----+", true}, {"----", true},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(table); i++) {
        struct prng rng = prng_of(1);
        struct breaker b = {0};
        size_t n = strlen(table[i].outcomes);
        bool opened = false;

        for (size_t k = 0; k < 200 && !opened; k++) {
            if (table[i].outcomes[k % n] == '+')
                breaker_success(&b);
            else
                opened = breaker_failure(&b, &rng, (int64_t)k);
        }
        assert_int_equal(opened, table[i].opens);
    }
}

static void a_single_lucky_request_does_not_keep_a_breaker_closed(void **state)
{
    struct prng rng = prng_of(1);
    struct breaker b = {0};

    (void)state;
    breaker_success(&b);
    for (int i = 0; i < 4; i++)
        assert_false(breaker_failure(&b, &rng, 0));
    breaker_success(&b);
    for (int i = 0; i < 3; i++) /* 8 requests: bad luck so far, not yet a verdict */
        (void)breaker_failure(&b, &rng, 0);
    assert_true(breaker_failure(&b, &rng, 0));
}

/* ---- budget ---- */

static void failures_cost_and_successes_refill(void **state)
{
    static const struct {
        int64_t at_s;
        const char *outcomes;
        int64_t due_s; /* -1: now */
    } table[] = {
        {0, "---------", -1},
        {0, "-", 600},
        {0, "+", 600},
        {0, "+", -1},
        {0, "-", 600},
        {600, "-", 1200}, /* the one that time gave */
        {1200, "+", -1},
        {1200, "----", 1800}, /* a debt of one at most */
        {1800, "+", 2400},
        {1800, "+", -1},
        {9999, "++++++++++++++++++++", -1},
        {99999, "---------", -1},
        {99999, "-", 100599},
    };
    struct budget b;

    (void)state;
    budget_init(&b);
    for (size_t i = 0; i < LENGTH(table); i++) {
        for (const char *o = table[i].outcomes; *o; o++) {
            if (*o == '+')
                budget_success(&b, table[i].at_s * NS_PER_S);
            else
                budget_failure(&b, table[i].at_s * NS_PER_S);
        }
        assert_int_equal(budget_due_ns(&b),
                         table[i].due_s < 0 ? INT64_MIN : table[i].due_s * NS_PER_S);
    }
}

static void failures_are_at_most_half_of_the_successes_in_the_long_run(void **state)
{
    struct prng rng = prng_of(3);
    int64_t now_ns = 0, failures = 0, successes = 0;
    struct budget b;

    (void)state;
    budget_init(&b);
    while (now_ns < 1000000 * NS_PER_S) { /* two of three fail, a request a second */
        now_ns += NS_PER_S;
        if (budget_due_ns(&b) > now_ns)
            continue;
        if (prng_chance(&rng, 0.66)) {
            budget_failure(&b, now_ns);
            failures++;
        } else {
            budget_success(&b, now_ns);
            successes++;
        }
    }
    assert_true(failures <= BUDGET_TOKENS + successes / 2 + 1000000 / BUDGET_FLOOR_S + 1);
    assert_true(successes > 500); /* postponed, not dropped */
}

/* ---- RateLimit ---- */

static void the_allowance_in_an_answer_becomes_a_wait(void **state)
{
    static const struct {
        const char *limit, *policy;
        int64_t wait_ms; /* -1: it says nothing */
    } table[] = {
        {NULL, NULL, -1},
        {"", NULL, -1},
        {"\"default\";r=50;t=30", NULL, 600},
        {"\"default\";r=0;t=30", NULL, 30000},
        {"default; r=1 ; t=30", NULL, 30000},
        {"\"a\";r=50;t=30, \"b\";r=2;t=60", NULL, 30000}, /* the tighter of two */
        {"\"b\";r=2;t=60,\"a\";r=50;t=30", NULL, 30000},
        {"\"d\";r=10", "\"d\";q=100;w=60", 6000}, /* no time: the window */
        {"\"d\";r=10", "\"d\";q=100;w=60, \"e\";q=9;w=100", 10000},
        {"\"d\";r=10", "\"d\";q=100", -1},
        {"\"d\";r=10", NULL, -1},
        {"\"d\";t=10", NULL, -1},
        {"limit=100, remaining=50, reset=30", NULL, 600},        /* the drafts before */
        {"\"r=1;t=5, \\\" x\";r=3;t=30;pk=:abc=:", NULL, 10000}, /* quotes hide */
        {"\"unclosed;r=1;t=2", NULL, -1},
        {"\"ends in \\", NULL, -1},
        {"\"d\";r=-1;t=30", NULL, -1},
        {"\"d\";r=;t=30", NULL, -1},
        {"\"d\";r=x;t=30", NULL, -1},
        {"\"d\";rr=1;t=30", NULL, -1},
        {"\"d\";r=0;t=99999999999999999999999", NULL, 86400000}, /* a day at most */
        {"\"d\";r=99999999999999999999999;t=1", NULL, 0},
        {"=,;=;,", NULL, -1},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(table); i++) {
        struct http_response r = {.status = 200};
        struct ratelimit l;

        if (table[i].limit)
            r.headers[r.header_count++] = (struct http_header){"ratelimit", table[i].limit};
        if (table[i].policy)
            r.headers[r.header_count++] = (struct http_header){"ratelimit-policy", table[i].policy};
        assert_int_equal(ratelimit_read(&l, &r), table[i].wait_ms >= 0);
        if (table[i].wait_ms >= 0)
            assert_int_equal(ratelimit_wait_ns(&l) / NS_PER_MS, table[i].wait_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_429_halves_the_rate_and_quiet_windows_bring_it_back),
        cmocka_unit_test(a_fixed_pace_and_the_slowest_one_stay),
        cmocka_unit_test(a_breaker_opens_after_five_failures_and_probes_ever_later),
        cmocka_unit_test(a_breaker_opens_when_less_than_a_quarter_gets_through),
        cmocka_unit_test(a_single_lucky_request_does_not_keep_a_breaker_closed),
        cmocka_unit_test(failures_cost_and_successes_refill),
        cmocka_unit_test(failures_are_at_most_half_of_the_successes_in_the_long_run),
        cmocka_unit_test(the_allowance_in_an_answer_becomes_a_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
