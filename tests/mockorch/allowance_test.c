/* SPDX-License-Identifier: Apache-2.0 */
/* Allowances of users, nodes, keys and addresses, what answers say of them, and reputation. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/allowance.h"
#include "tests/mockorch/bench.h"

/* ---- quotas ---- */

static void a_bucket_fills_up_evenly(void **state)
{
    static const struct {
        int64_t at, wait, more;
        uint32_t left;
        bool spend;
    } table[] = {
        {0, 0, 0, 3, true},      /* three at once */
        {0, 0, 100, 2, true},
        {0, 0, 100, 1, true},
        {0, 100, 100, 0, false}, /* then one each 100 */
        {99, 1, 1, 0, false},
        {100, 0, 100, 1, true},
        {150, 50, 50, 0, false},
        {250, 0, 50, 1, false},
        {400, 0, 0, 3, true},    /* full again */
        {10000, 0, 0, 3, false}, /* never fuller than full */
    };
    struct quota q;

    (void)state;
    assert_int_equal(quota_init(&q, QUOTA_BUCKET, 3, 300, NULL), ST_OK);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (quota_wait_ns(&q, table[i].at) != table[i].wait ||
            quota_left(&q, table[i].at) != table[i].left ||
            quota_more_ns(&q, table[i].at) != table[i].more)
            fail_msg("row %zu: wait %d left %u more %d", i, (int)quota_wait_ns(&q, table[i].at),
                     quota_left(&q, table[i].at), (int)quota_more_ns(&q, table[i].at));
        if (table[i].spend)
            quota_spend(&q, table[i].at);
    }
    quota_fini(&q);
}

static void a_window_tells_when_more_fit(void **state)
{
    struct quota q, none;

    (void)state;
    assert_int_equal(quota_init(&q, QUOTA_WINDOW, 2, 100, NULL), ST_OK);
    assert_true(quota_more_ns(&q, 0) == 0);
    quota_spend(&q, 0);
    quota_spend(&q, 30);
    assert_true(quota_more_ns(&q, 40) == 60);
    assert_true(quota_more_ns(&q, 110) == 20);
    assert_true(quota_more_ns(&q, 130) == 0);
    quota_fini(&q);
    assert_int_equal(quota_init(&none, QUOTA_BUCKET, 0, 100, NULL), ST_OK);
    quota_spend(&none, 0);
    assert_true(quota_wait_ns(&none, 0) == 0 && quota_more_ns(&none, 0) == 0);
    assert_true(quota_left(&none, 0) == UINT32_MAX);
    quota_fini(&none);
}

static void names_that_are_untouched_are_forgotten(void **state)
{
    struct allowance a;
    struct quota *q;
    char name[16];

    (void)state;
    allowance_init(&a, QUOTA_WINDOW, 1, 100);
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(allowance_of(&a, &q, name, i, NULL), ST_OK);
        assert_true(quota_wait_ns(q, i) == 0);
        if (i % 2)
            quota_spend(q, i);
    }
    assert_true(a.capacity <= 256); /* about fifty count at a time */
    assert_int_equal(allowance_of(&a, &q, "99999", 99999, NULL), ST_OK);
    assert_true(quota_wait_ns(q, 99999) == 100);
    allowance_fini(&a);
    allowance_init(&a, QUOTA_WINDOW, 1, 100); /* all of them count */
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(allowance_of(&a, &q, name, 0, NULL), ST_OK);
        quota_spend(q, 0);
    }
    assert_int_equal(a.count, 1000);
    allowance_fini(&a);
}

/* ---- fetches ---- */

static int setup(void **state)
{
    static struct bench b;

    bench_init(&b);
    assert_int_equal(store_memory_new(&b.store, NULL), ST_OK);
    b.settings.fetches_per_window = 0;
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_fini(*state);
    return 0;
}

static void expect(struct bench *b, unsigned status, const char *retry_after, const char *words)
{
    const char *retry = bench_header(b, "retry-after");

    assert_int_equal(b->verdict.status, status);
    if (strcmp(retry ? retry : "", retry_after) != 0)
        fail_msg("Retry-After is %s", retry);
    if (!strstr(b->verdict.why.text, words))
        fail_msg("'%s'", b->verdict.why.text);
}

static void fetch(struct bench *b, const char *node, const char *peer, uint8_t key,
                  int64_t at_s)
{
    b->now_ns = at_s * SECOND;
    b->peer = peer;
    memset(b->public_key, key, sizeof b->public_key);
    bench_fetch_as(b, node, DIFFICULTY_SMALL);
}

static void restart(struct bench *b)
{
    orchestrator_free(b->o);
    b->o = NULL;
    assert_int_equal(orchestrator_new(&b->o, &b->settings, &b->plan, b->store, b->now_ns, NULL),
                     ST_OK);
}

static void nodes_keys_and_addresses_have_allowances_of_their_own(void **state)
{
    struct bench *b = *state;

    b->settings.fetches_per_window = 5;
    b->settings.fetches_per_node = (struct settings_allowance){2, 100 * SECOND};
    b->settings.fetches_per_key = (struct settings_allowance){3, 50 * SECOND};
    b->settings.fetches_per_address = (struct settings_allowance){4, 200 * SECOND};
    bench_start(b);
    assert_int_equal(orchestrator_add_node(b->o, "7", BENCH_WALLET, NULL), ST_OK);
    assert_int_equal(orchestrator_add_node(b->o, "8", BENCH_WALLET, NULL), ST_OK);
    fetch(b, "7", "10.0.0.1", 1, 0);
    expect(b, 200, "", "");
    fetch(b, "7", "10.0.0.1", 1, 10);
    expect(b, 200, "", "");
    restart(b);
    fetch(b, "7", "10.0.0.1", 1, 20);
    expect(b, 429, "80", "this node has had 2");
    fetch(b, "8", "10.0.0.1", 1, 20);
    expect(b, 200, "", "");
    restart(b);
    fetch(b, "8", "10.0.0.1", 1, 20);
    expect(b, 429, "30", "this key has had 3");
    fetch(b, "8", "10.0.0.1", 2, 20);
    expect(b, 200, "", "");
    restart(b);
    fetch(b, BENCH_NODE, "10.0.0.1", 2, 20);
    expect(b, 429, "180", "this address has had 4");
    fetch(b, BENCH_NODE, NULL, 2, 20); /* no address, no allowance of one */
    expect(b, 200, "", "");
    fetch(b, BENCH_NODE, "10.0.0.2", 2, 20);
    expect(b, 429, "160", "this user has had 5"); /* the longest wait of all */
}

static void a_bucket_survives_a_restart(void **state)
{
    struct bench *b = *state;

    b->settings.allowance = QUOTA_BUCKET;
    b->settings.fetches_per_window = 3; /* one each 60 s */
    bench_start(b);
    for (int i = 0; i < 3; i++) {
        fetch(b, BENCH_NODE, NULL, 1, 10);
        expect(b, 200, "", "");
    }
    for (int i = 0; i < 2; i++) {
        fetch(b, BENCH_NODE, NULL, 1, 30);
        expect(b, 429, "40", "");
        restart(b);
    }
    fetch(b, BENCH_NODE, NULL, 1, 70);
    expect(b, 200, "", "");
    fetch(b, BENCH_NODE, NULL, 1, 70);
    expect(b, 429, "60", "");
}

static void retry_after_may_be_a_date(void **state)
{
    struct bench *b = *state;

    b->settings.retry_after_date = true;
    b->settings.fetches_per_window = 1;
    bench_start(b);
    fetch(b, BENCH_NODE, NULL, 1, 0);
    fetch(b, BENCH_NODE, NULL, 1, 10);
    expect(b, 429, "Thu, 09 Oct 2025 08:56:20 GMT", ""); /* 1760000000 + 180 */
    assert_string_equal(bench_header(b, "date"), "Thu, 09 Oct 2025 08:53:30 GMT");
}

static const char *header(struct bench *b, const char *name)
{
    const char *value = bench_header(b, name);

    return value ? value : "";
}

static void fields_tell_what_is_left(void **state)
{
    struct bench *b = *state;

    b->settings.fetches_per_window = 3;
    b->settings.fetches_per_node = (struct settings_allowance){2, 90 * SECOND};
    b->settings.rate_limit_fields = SETTINGS_FIELDS_BOTH;
    bench_start(b);
    fetch(b, BENCH_NODE, NULL, 1, 0);
    assert_string_equal(header(b, "ratelimit-policy"), "\"node\";q=2;w=90");
    assert_string_equal(header(b, "ratelimit"), "\"node\";r=1;t=90");
    assert_string_equal(header(b, "x-ratelimit-limit"), "2");
    assert_string_equal(header(b, "x-ratelimit-remaining"), "1");
    assert_string_equal(header(b, "x-ratelimit-reset"), "90");
    fetch(b, BENCH_NODE, NULL, 1, 30);
    fetch(b, BENCH_NODE, NULL, 1, 40);
    expect(b, 429, "50", "node");
    assert_string_equal(header(b, "ratelimit"), "\"node\";r=0;t=50");
    assert_int_equal(bench_send(b, HTTP_GET, "/v3/nodes/" BENCH_NODE, bytes_of(NULL, 0)), 200);
    assert_string_equal(header(b, "ratelimit"), "");
    assert_string_equal(header(b, "x-ratelimit-limit"), "");
}

static void each_kind_of_fields_can_be_had_alone(void **state)
{
    static const struct {
        enum settings_fields fields;
        bool new_ones, old_ones;
    } table[] = {
        {SETTINGS_FIELDS_NONE, false, false},
        {SETTINGS_FIELDS_NEW, true, false},
        {SETTINGS_FIELDS_OLD, false, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct bench b;

        bench_init(&b);
        b.settings.rate_limit_fields = table[i].fields;
        b.settings.submissions_per_window = 1;
        bench_start(&b);
        assert_int_equal(bench_work(&b), 200);
        assert_int_equal(*header(&b, "ratelimit") != 0, table[i].new_ones);
        assert_int_equal(*header(&b, "x-ratelimit-limit") != 0, table[i].old_ones);
        assert_int_equal(bench_work(&b), 429);
        assert_int_equal(*header(&b, "ratelimit") != 0, table[i].new_ones);
        if (table[i].new_ones)
            assert_string_equal(header(&b, "ratelimit"), "\"submissions\";r=0;t=180");
        bench_fini(&b);
    }
}

/* ---- reputation ---- */

static enum difficulty given(struct bench *b)
{
    assert_int_equal(bench_fetch_as(b, BENCH_NODE, DIFFICULTY_LARGE), 200);
    return bench_task(b).difficulty;
}

/* Fetches and submits; a bad proof is refused. */
static void submit_one(struct bench *b, bool good)
{
    struct bench_submission s;
    struct bench_task t;

    given(b);
    t = bench_task(b);
    if (!good)
        t.inputs[0][5] ^= 1; /* a proof of something else */
    bench_prove(b, &s, &t);
    assert_int_equal(bench_submit(b, &s), good ? 200 : 422);
    bench_submission_fini(&s);
}

static void a_node_earns_its_difficulty(void **state)
{
    struct bench *b = *state;

    b->settings.reputation = (struct settings_reputation){DIFFICULTY_SMALL_MEDIUM, 2, 3};
    bench_start(b);
    assert_int_equal(given(b), DIFFICULTY_SMALL_MEDIUM);
    submit_one(b, true);
    assert_int_equal(given(b), DIFFICULTY_SMALL_MEDIUM);
    restart(b);
    submit_one(b, true); /* two in a row */
    assert_int_equal(given(b), DIFFICULTY_MEDIUM);
    submit_one(b, true);
    submit_one(b, false); /* the row is broken */
    submit_one(b, true);
    assert_int_equal(given(b), DIFFICULTY_MEDIUM);
    submit_one(b, false);
    restart(b);
    submit_one(b, false); /* three */
    assert_int_equal(given(b), DIFFICULTY_SMALL_MEDIUM);
    for (int i = 0; i < 8; i++)
        submit_one(b, true);
    assert_int_equal(given(b), DIFFICULTY_LARGE); /* no more than was asked for */
    for (int i = 0; i < 60; i++)
        submit_one(b, false);
    assert_int_equal(given(b), DIFFICULTY_SMALL);
}

static void without_the_gate_a_node_gets_what_it_asks_for(void **state)
{
    struct bench *b = *state;

    bench_start(b);
    for (int i = 0; i < 5; i++)
        submit_one(b, false);
    assert_int_equal(given(b), DIFFICULTY_LARGE);
}

static void each_difficulty_may_have_its_own_range(void **state)
{
    struct bench *b = *state;

    b->settings.difficulty_grows = true;
    b->settings.programs[0].n = (struct settings_range){5, 5};
    b->settings.programs[0].n_of[settings_bucket(DIFFICULTY_LARGE)] =
        (struct settings_range){1000, 1001};
    bench_start(b);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(given(b), DIFFICULTY_LARGE);
        assert_in_range(load_le32(bench_task(b).inputs[0]), 1000, 1001);
    }
    assert_int_equal(bench_fetch_as(b, BENCH_NODE, DIFFICULTY_MEDIUM), 200);
    assert_int_equal(load_le32(bench_task(b).inputs[0]), 20);
}

static void settings_that_cannot_be_are_refused_by_name(void **state)
{
    struct settings s[9];
    static const char *const words[9] = {
        "submissions_per_window: at most 1000000",  "node_fetches: at most 1000000",
        "key_fetches: the window",     "address_fetches: must be above 0",
        "consensus: at most 16",       "reputation_start",
        "credits_kept",                "requests_kept",
        "programs: n of a difficulty"};
    struct why why;

    (void)state;
    for (size_t i = 0; i < 9; i++)
        settings_init(&s[i]);
    s[0].submissions_per_window = 1000001;
    s[1].fetches_per_node.limit = 1000001;
    s[2].fetches_per_key = (struct settings_allowance){5, 4};
    s[3].fetches_per_address.window_ns = 0;
    s[4].consensus = 17;
    s[5].reputation.start = (enum difficulty)4;
    s[6].credits_kept = 0;
    s[7].requests_kept = 1000001;
    s[8].programs[0].n_of[3] = (struct settings_range){2, 1};
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(settings_check(&s[i], &why), ST_INPUT);
        if (!strstr(why.text, words[i]))
            fail_msg("row %zu: %s", i, why.text);
    }
    s[0].submissions_per_window = 0;
    s[0].refusals_per_window = 1000001;
    assert_int_equal(settings_check(&s[0], &why), ST_INPUT);
    assert_non_null(strstr(why.text, "refusals_per_window: at most 1000000"));
    s[6].credits_kept = 100000001;
    assert_int_equal(settings_check(&s[6], &why), ST_INPUT);
}

static void pages_of_gateways_have_their_reason(void **state)
{
    static const struct {
        unsigned status;
        const char *title;
    } table[] = {{403, "403 Forbidden"},
                 {413, "413 Request Entity Too Large"},
                 {429, "429 Too Many Requests"},
                 {502, "502 Bad Gateway"},
                 {503, "503 Service Temporarily Unavailable"},
                 {504, "504 Gateway Time-out"},
                 {418, "418 Notice"}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct fault_rule rule = {
            .where.call = FAULT_ANY_CALL,
            .what = {.effects = FAULT_STATUS, .status = table[i].status, .body = FAULT_HTML}};
        struct bench b;

        bench_init(&b);
        assert_int_equal(fault_plan_add(&b.plan, &rule, NULL), ST_OK);
        bench_start(&b);
        bench_fetch(&b);
        assert_int_equal(b.response.status, table[i].status);
        assert_non_null(memmem(b.response.body.data, b.response.body.size, table[i].title,
                               strlen(table[i].title)));
        bench_fini(&b);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_fills_up_evenly),
        cmocka_unit_test(a_window_tells_when_more_fit),
        cmocka_unit_test(names_that_are_untouched_are_forgotten),
        CASE(nodes_keys_and_addresses_have_allowances_of_their_own),
        CASE(a_bucket_survives_a_restart),
        CASE(retry_after_may_be_a_date),
        CASE(fields_tell_what_is_left),
        cmocka_unit_test(each_kind_of_fields_can_be_had_alone),
        CASE(a_node_earns_its_difficulty),
        CASE(without_the_gate_a_node_gets_what_it_asks_for),
        cmocka_unit_test(settings_that_cannot_be_are_refused_by_name),
        cmocka_unit_test(pages_of_gateways_have_their_reason),
        CASE(each_difficulty_may_have_its_own_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
