/* SPDX-License-Identifier: Apache-2.0 */
/* When to ask, when to wait: the values that decide it, as tables over time. */
#include "tests/support/test.h"

#include <string.h>

#include "base/clock.h"
#include "client/core/backoff.h"
#include "client/core/breaker.h"
#include "client/core/budget.h"
#include "client/core/doubt.h"
#include "client/core/limit.h"
#include "client/core/pace.h"
#include "client/core/ratelimit.h"
#include "client/core/route.h"

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

/* ---- 429 ---- */

static void a_429_is_told_apart_where_the_server_tells(void **state)
{
    static const struct {
        const char *body, *limit;
        enum limit meaning;
    } table[] = {
        {"", NULL, LIMIT_UNSAID},
        {"{\"message\":\"Rate limit exceeded for user. Please try again later.\"}", NULL,
         LIMIT_UNSAID}, /* said for both */
        {"{\"message\":\"User's proof submission limit exceeded for user.\"}", NULL,
         LIMIT_TOO_FAST},
        {"{\"message\":\"No tasks available for this node\"}", NULL, LIMIT_NO_TASK},
        {"NO TASK", NULL, LIMIT_NO_TASK},
        {"There are no available tasks", NULL, LIMIT_NO_TASK},
        {"no tas", NULL, LIMIT_UNSAID},
        {"{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\"}", NULL,
         LIMIT_TOO_FAST},
        {"{\"type\":\"#temporary-reduced-capacity\"}", NULL, LIMIT_NO_TASK},
        {"", "\"u\";r=0;t=30", LIMIT_TOO_FAST},
        {"", "\"u\";r=2;t=30", LIMIT_NO_TASK},
        {"no task", "\"u\";r=0;t=30", LIMIT_NO_TASK}, /* words before numbers */
    };
    uint8_t long_body[5000];

    (void)state;
    for (size_t i = 0; i < LENGTH(table); i++) {
        struct http_response r = {.status = 429, .body = bytes_of_text(table[i].body)};

        if (table[i].limit)
            r.headers[r.header_count++] = (struct http_header){"ratelimit", table[i].limit};
        assert_int_equal(limit_of(&r), table[i].meaning);
    }
    memset(long_body, 0, sizeof long_body);
    memcpy(long_body + 4500, "no task", 7); /* no message is that long */
    assert_int_equal(
        limit_of(&(struct http_response){.body = bytes_of(long_body, sizeof long_body)}),
        LIMIT_UNSAID);
}

/* ---- doubt ---- */

static void refusals_in_a_row_stop_fetching_for_longer_each_time(void **state)
{
    static const struct {
        bool refused;
        int64_t hours;
    } table[] = {
        {true, 0}, {true, 0},  {false, 0}, {true, 0},  {true, 0},  {true, 1}, {true, 2}, {true, 4},
        {true, 8}, {true, 16}, {true, 24}, {true, 24}, {false, 0}, {true, 0}, {true, 0}, {true, 1},
    };
    struct doubt d = {0};

    (void)state;
    for (size_t i = 0; i < LENGTH(table); i++) {
        if (table[i].refused)
            assert_int_equal(doubt_refused_ns(&d), table[i].hours * 3600 * NS_PER_S);
        else
            doubt_accepted(&d);
        assert_int_equal(doubt_probes(&d), table[i].hours > 0);
    }
}

static void who_fetches_more_often_doubts_for_a_shorter_time(void **state)
{
    struct doubt d = {.refusals = DOUBT_REFUSALS - 1, .hastiness = 120};

    (void)state;
    assert_int_equal(doubt_refused_ns(&d), 30 * NS_PER_S);
    assert_int_equal(doubt_refused_ns(&d), 60 * NS_PER_S);
    d.refusals = 20;
    assert_int_equal(doubt_refused_ns(&d), 720 * NS_PER_S);
}

/* ---- route ---- */

static void each_status_is_one_outcome_for_its_route(void **state)
{
    static const struct {
        unsigned status;
        enum route_outcome outcome;
    } table[] = {
        {100, ROUTE_BROKEN},   {200, ROUTE_WELCOME},  {299, ROUTE_WELCOME}, {302, ROUTE_BROKEN},
        {400, ROUTE_ANSWERED}, {404, ROUTE_ANSWERED}, {408, ROUTE_BROKEN},  {409, ROUTE_ANSWERED},
        {425, ROUTE_BROKEN},   {429, ROUTE_LIMITED},  {500, ROUTE_BROKEN},  {599, ROUTE_BROKEN},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(table); i++)
        assert_int_equal(route_outcome_of(table[i].status), table[i].outcome);
}

static void a_route_waits_for_pace_breaker_and_budget_and_says_for_which(void **state)
{
    static const struct {
        int64_t at_s;
        const char *outcomes; /* + welcome, a answered, l limited, b broken */
        int64_t advice_s;
        int64_t wait_s; /* at least; and less than a tenth more */
        const char *words;
    } table[] = {
        {0, "+", -1, 0, ""},
        {0, "l", -1, 0, "told so"},
        {0, "llll", 5, 0, "told so"},
        {0, "llll", -1, 0, "told so"},
        {0, "l", -1, 600, "too many failures for so few successes; told so"},
        {1, "+", -1, 599, "too many failures for so few successes; "},
        {2, "+", -1, 0, ""},
        {9000, "bbbbb", -1, 30, "it keeps failing, single probes only; told so"},
        {9040, "a", -1, 0, "told so"},
        {9040, "bbbb", -1, 0, "told so"},
        {9040, "+", -1, 0, ""},
    };
    struct prng rng = prng_of(1);
    struct route r;
    char words[ROUTE_WHY];

    (void)state;
    route_init(&r, NS_PER_S, 600 * NS_PER_S);
    r.limits_cost = true;
    for (size_t i = 0; i < LENGTH(table); i++) {
        int64_t now_ns = table[i].at_s * NS_PER_S;

        for (const char *o = table[i].outcomes; *o; o++)
            (void)route_note(&r,
                             &(struct route_note){.outcome = *o == '+'   ? ROUTE_WELCOME
                                                             : *o == 'a' ? ROUTE_ANSWERED
                                                             : *o == 'l' ? ROUTE_LIMITED
                                                                         : ROUTE_BROKEN,
                                                  .advice_ns = table[i].advice_s * NS_PER_S,
                                                  .text = "told so"},
                             &rng, now_ns);
        assert_in_range(route_wait_ns(&r, now_ns), table[i].wait_s * NS_PER_S,
                        table[i].wait_s * NS_PER_S * 11 / 10);
        route_words(&r, words, now_ns);
        assert_string_equal(words, table[i].words);
    }
}

static void a_route_says_once_that_it_has_begun_to_fail(void **state)
{
    static const bool said[] = {false, false, false, false, true, false, false};
    struct prng rng = prng_of(1);
    struct route_note broken = {.outcome = ROUTE_BROKEN, .advice_ns = -1, .text = "down"};
    struct route r;

    (void)state;
    route_init(&r, 0, 0);
    for (size_t i = 0; i < LENGTH(said); i++)
        assert_int_equal(route_note(&r, &broken, &rng, 0), said[i]);
}

static void ratelimit_paces_a_route_and_retry_after_beats_it(void **state)
{
    struct http_response response = {
        .status = 200, .headers = {{"ratelimit", "\"u\";r=3;t=60"}}, .header_count = 1};
    struct prng rng = prng_of(1);
    struct route_note note = {.outcome = ROUTE_WELCOME, .advice_ns = -1, .response = &response};
    char words[ROUTE_WHY];
    struct route r;

    (void)state;
    route_init(&r, NS_PER_S, 600 * NS_PER_S);
    route_spend(&r, 0);
    assert_int_equal(route_wait_ns(&r, 0), NS_PER_S);
    note.advice_ns = 5 * NS_PER_S; /* the caller obeys it */
    (void)route_note(&r, &note, &rng, 0);
    assert_int_equal(route_wait_ns(&r, 0), NS_PER_S);
    note.advice_ns = -1;
    (void)route_note(&r, &note, &rng, 0);
    assert_int_equal(route_wait_ns(&r, 0), 20 * NS_PER_S);
    note.outcome = ROUTE_LIMITED;
    note.text = "HTTP 429";
    response.header_count = 0;
    (void)route_note(&r, &note, &rng, 0);
    route_words(&r, words, 0);
    assert_string_equal(words, "slowed down by 429s; HTTP 429");
    r.bar_ns = 3600 * NS_PER_S;
    assert_int_equal(route_wait_ns(&r, 0), 3600 * NS_PER_S);
    route_words(&r, words, 0);
    assert_string_equal(words, "refused proofs stop it; HTTP 429");
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
        cmocka_unit_test(a_429_is_told_apart_where_the_server_tells),
        cmocka_unit_test(refusals_in_a_row_stop_fetching_for_longer_each_time),
        cmocka_unit_test(who_fetches_more_often_doubts_for_a_shorter_time),
        cmocka_unit_test(each_status_is_one_outcome_for_its_route),
        cmocka_unit_test(a_route_waits_for_pace_breaker_and_budget_and_says_for_which),
        cmocka_unit_test(a_route_says_once_that_it_has_begun_to_fail),
        cmocka_unit_test(ratelimit_paces_a_route_and_retry_after_beats_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
