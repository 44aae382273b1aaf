/* SPDX-License-Identifier: Apache-2.0 */
/* The fault engine: where rules strike, what they do to answers, and every fault with a name. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/mockorch/bench.h"

/* ---- where ---- */

static struct fault_rule delay_rule(void)
{
    return (struct fault_rule){.where.call = FAULT_ANY_CALL,
                               .what = {.effects = FAULT_DELAY, .delay_ns = 1}};
}

static bool struck(struct fault_plan *p, enum call call, const char *node, int64_t now_ns)
{
    struct fault_subject subject = {.call = call, .node_id = node};
    struct fault_orders orders;

    fault_decide(p, &orders, &subject, now_ns);
    return orders.what.effects != 0;
}

static void a_rule_strikes_the_requests_it_counts(void **state)
{
    static const struct {
        const char *expected; /* for requests 1, 2, …: x is struck */
        struct fault_where where;
    } table[] = {
        {"xxxxxxxx", {0}},
        {"--x-----", {.nth = 3}},
        {"xxx-----", {.first = 3}},
        {"--xxxxxx", {.after = 2}},
        {"--xxx---", {.after = 2, .first = 3}},
        {"-x-x-x-x", {.every = 2}},
        {"---x--x-", {.after = 1, .every = 3}},
        {"-x-x----", {.every = 2, .first = 4}},
        {"xx------", {.at_most = 2}},
        {"-x-x----", {.every = 2, .at_most = 2}},
        {"xxxxxxxx", {.probability = 1}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct fault_plan p;
        struct fault_rule rule = delay_rule();
        char seen[9] = "";

        fault_plan_init(&p, 1);
        rule.where = table[i].where;
        rule.where.call = CALL_FETCH;
        assert_int_equal(fault_plan_add(&p, &rule, NULL), ST_OK);
        for (int k = 0; k < 8; k++) {
            assert_false(struck(&p, CALL_SUBMIT, "1", 0)); /* not counted */
            seen[k] = struck(&p, CALL_FETCH, "1", 0) ? 'x' : '-';
        }
        assert_string_equal(seen, table[i].expected);
        fault_plan_fini(&p);
    }
}

static void a_rule_has_a_node_and_a_window_of_time(void **state)
{
    struct fault_rule rule = delay_rule();
    struct fault_plan p;

    (void)state;
    fault_plan_init(&p, 1);
    strcpy(rule.where.node_id, "7");
    rule.where.from_ns = 10;
    rule.where.until_ns = 20;
    assert_int_equal(fault_plan_add(&p, &rule, NULL), ST_OK);
    assert_false(struck(&p, CALL_FETCH, "7", 9));
    assert_true(struck(&p, CALL_FETCH, "7", 10));
    assert_true(struck(&p, CALL_NODE, "7", 19));
    assert_false(struck(&p, CALL_FETCH, "7", 20));
    assert_false(struck(&p, CALL_FETCH, "77", 10));
    assert_false(struck(&p, CALL_FETCH, "", 10));
    assert_int_equal(p.struck, 2);
    fault_plan_fini(&p);
}

static void after_the_healing_nothing_strikes(void **state)
{
    struct fault_rule rule = delay_rule();
    struct fault_plan p;

    (void)state;
    fault_plan_init(&p, 1);
    p.heal_ns = 100;
    assert_int_equal(fault_plan_add(&p, &rule, NULL), ST_OK);
    assert_true(struck(&p, CALL_FETCH, "", 99));
    assert_false(struck(&p, CALL_FETCH, "", 100));
    fault_plan_fini(&p);
}

static void chance_is_seeded(void **state)
{
    char runs[2][201];

    (void)state;
    for (int r = 0; r < 2; r++) {
        struct fault_rule rule = delay_rule();
        struct fault_plan p;
        unsigned count = 0;

        fault_plan_init(&p, 5);
        rule.where.probability = 0.3;
        assert_int_equal(fault_plan_add(&p, &rule, NULL), ST_OK);
        for (int i = 0; i < 200; i++) {
            bool hit = struck(&p, CALL_FETCH, "", 0);

            runs[r][i] = hit ? 'x' : '-';
            count += hit;
        }
        runs[r][200] = 0;
        assert_true(count > 35 && count < 85);
        fault_plan_fini(&p);
    }
    assert_string_equal(runs[0], runs[1]);
}

static void rules_add_up_and_the_earlier_one_wins(void **state)
{
    struct fault_rule status = {
        .name = "busy",
        .where.call = FAULT_ANY_CALL,
        .what = {.effects = FAULT_STATUS | FAULT_RETRY_AFTER, .status = 429, .retry_after = "5"}};
    struct fault_rule slow = {.where.call = FAULT_ANY_CALL,
                              .what = {.effects = FAULT_STATUS | FAULT_DELAY,
                                       .status = 500,
                                       .delay_ns = 100,
                                       .jitter_ns = 10}};
    struct fault_subject subject = {.call = CALL_FETCH, .node_id = ""};
    struct fault_orders orders;
    struct fault_plan p;

    (void)state;
    fault_plan_init(&p, 1);
    assert_int_equal(fault_plan_add(&p, &status, NULL), ST_OK);
    assert_int_equal(fault_plan_add(&p, &slow, NULL), ST_OK);
    for (int i = 0; i < 50; i++) {
        fault_decide(&p, &orders, &subject, 0);
        assert_int_equal(orders.what.status, 429);
        assert_string_equal(orders.what.retry_after, "5");
        assert_true(orders.what.delay_ns >= 100 && orders.what.delay_ns <= 110);
        assert_string_equal(orders.names, "busy,rule 2");
    }
    fault_plan_fini(&p);
}

static void bad_rules_are_refused_by_key(void **state)
{
    static const struct {
        const char *words;
        struct fault_rule rule;
    } table[] = {
        {"what", {.what = {.effects = 0}}},
        {"status: 199", {.what = {.effects = FAULT_STATUS, .status = 199}}},
        {"status: 600", {.what = {.effects = FAULT_STATUS, .status = 600}}},
        {"retry_after: control", {.what = {.effects = FAULT_RETRY_AFTER, .retry_after = "a\nb"}}},
        {"retry_after: 'date'", {.what = {.effects = FAULT_RETRY_AFTER, .retry_after = "date"}}},
        {"retry_after: 'date+'", {.what = {.effects = FAULT_RETRY_AFTER, .retry_after = "date+"}}},
        {"retry_after: 'date+1x'",
         {.what = {.effects = FAULT_RETRY_AFTER, .retry_after = "date+1x"}}},
        {"retry_after: 'date+1234567890'",
         {.what = {.effects = FAULT_RETRY_AFTER, .retry_after = "date+1234567890"}}},
        {"location", {.what = {.effects = FAULT_LOCATION, .location = "\x7f"}}},
        {"delay", {.what = {.effects = FAULT_DELAY, .delay_ns = -1}}},
        {"jitter", {.what = {.effects = FAULT_DELAY, .jitter_ns = INT64_MAX}}},
        {"dribble_bytes", {.what = {.effects = FAULT_DRIBBLE}}},
        {"lose", {.what = {.effects = FAULT_LOSE | FAULT_TRUNCATE}}},
        {"head", {.what = {.effects = FAULT_HEAD | FAULT_LOSE}}},
        {"head", {.what = {.effects = FAULT_HEAD | FAULT_TRUNCATE}}},
        {"date_offset", {.what = {.effects = FAULT_DATE, .date_offset_s = INT64_MAX}}},
        {"date_offset", {.what = {.effects = FAULT_DATE, .date_offset_s = INT64_MIN}}},
        {"call: 99", {.where.call = 99, .what = {.effects = FAULT_LOSE}}},
        {"call: -2", {.where.call = -2, .what = {.effects = FAULT_LOSE}}},
        {"probability", {.where.probability = 1.1, .what = {.effects = FAULT_LOSE}}},
        {"from", {.where.from_ns = -1, .what = {.effects = FAULT_LOSE}}},
        {"until", {.where = {.from_ns = 5, .until_ns = 5}, .what = {.effects = FAULT_LOSE}}},
    };
    struct fault_plan p;

    (void)state;
    fault_plan_init(&p, 1);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct why why = {""};

        assert_int_equal(fault_plan_add(&p, &table[i].rule, &why), ST_INPUT);
        if (!strstr(why.text, table[i].words))
            fail_msg("row %zu says '%s'", i, why.text);
    }
    assert_int_equal(p.count, 0);
    fault_plan_fini(&p);
}

static void carriage_is_what_the_network_must_do(void **state)
{
    static const struct {
        struct fault_what what;
        struct carriage expected;
    } table[] = {
        {{.effects = 0}, {0}},
        {{.effects = FAULT_DELAY, .delay_ns = 7}, {.delay_ns = 7}},
        {{.effects = FAULT_LOSE}, {.cut = FAULT_CUT_RESET, .cut_head = true}},
        {{.effects = FAULT_LOSE, .cut = FAULT_CUT_SILENCE},
         {.cut = FAULT_CUT_SILENCE, .cut_head = true}},
        {{.effects = FAULT_TRUNCATE, .truncate = 9}, {.cut = FAULT_CUT_CLOSE, .cut_at = 9}},
        {{.effects = FAULT_TRUNCATE, .cut = FAULT_CUT_RESET}, {.cut = FAULT_CUT_RESET}},
        {{.effects = FAULT_DRIBBLE, .dribble_bytes = 2, .dribble_gap_ns = 3},
         {.dribble_bytes = 2, .dribble_gap_ns = 3}},
        {{.effects = FAULT_STATUS, .status = 500}, {0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct fault_orders orders = {.what = table[i].what};
        struct carriage c = fault_carriage(&orders);

        assert_true(c.delay_ns == table[i].expected.delay_ns);
        assert_int_equal(c.cut, table[i].expected.cut);
        assert_int_equal(c.cut_head, table[i].expected.cut_head);
        assert_true(c.cut_at == table[i].expected.cut_at);
        assert_true(c.dribble_bytes == table[i].expected.dribble_bytes);
        assert_true(c.dribble_gap_ns == table[i].expected.dribble_gap_ns);
    }
}

/* ---- what: answers ---- */

static int setup(void **state)
{
    static struct bench b;

    bench_init(&b);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_fini(*state);
    return 0;
}

static void retry_after_comes_in_every_form(void **state)
{
    static const struct {
        const char *name, *value;
    } table[] = {
        {"fetch_429", "60"},
        {"fetch_429_bare", NULL},
        {"fetch_429_words", "soon"},
        {"fetch_429_huge", "99999999999"},
        {"fetch_429_negative", "-1"},
        {"fetch_429_fraction", "1.5"},
        {"fetch_429_date", "Thu, 09 Oct 2025 08:54:50 GMT"}, /* the start plus 90 s */
        {"fetch_429_past", "Thu, 09 Oct 2025 08:51:50 GMT"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct bench b;

        bench_init(&b);
        bench_fault(&b, table[i].name);
        bench_start(&b);
        assert_int_equal(bench_fetch(&b), 429);
        if (table[i].value)
            assert_string_equal(bench_header(&b, "retry-after"), table[i].value);
        else
            assert_null(bench_header(&b, "retry-after"));
        assert_int_equal(orchestrator_metrics(b.o)->tasks_made, 0);
        assert_string_equal(b.verdict.faults, table[i].name);
        bench_fini(&b);
    }
}

static void a_fault_that_is_processed_takes_effect_behind_its_answer(void **state)
{
    struct bench *b = *state;

    bench_fault(b, "submit_500_accepted");
    bench_start(b);
    assert_int_equal(bench_work(b), 500);
    assert_true(bench_body_says(b, "Unable to connect to verifier."));
    assert_true(orchestrator_credits(b->o, BENCH_WALLET) == 1);
}

static void a_lost_request_has_no_effect_and_a_lost_answer_has(void **state)
{
    struct bench *b = *state, other;

    bench_fault(b, "request_lost");
    bench_start(b);
    assert_int_equal(bench_fetch(b), 0);
    assert_true(b->verdict.carriage.cut_head);
    assert_int_equal(orchestrator_metrics(b->o)->tasks_made, 0);
    assert_int_equal(orchestrator_metrics(b->o)->answers[0], 1);

    bench_init(&other);
    bench_fault(&other, "fetch_answer_lost");
    bench_start(&other);
    assert_int_equal(bench_fetch(&other), 0);
    assert_int_equal(other.verdict.carriage.cut, FAULT_CUT_RESET);
    assert_int_equal(orchestrator_metrics(other.o)->tasks_made, 1);
    bench_fini(&other);
}

static void a_submission_that_arrives_twice_is_credited_once_and_answers_404(void **state)
{
    static const enum judging modes[] = {JUDGING_FULL, JUDGING_HASH};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bench b;

        bench_init(&b);
        b.settings.judging = modes[i];
        bench_fault(&b, "submit_twice");
        bench_start(&b);
        assert_int_equal(bench_work(&b), 404);
        assert_int_equal(b.verdict.failed, CHECK_TASK);
        assert_true(orchestrator_credits(b.o, BENCH_WALLET) == 1);
        bench_fini(&b);
    }
}

static void a_refused_submission_that_arrives_twice_is_refused_once(void **state)
{
    struct bench *b = *state;

    bench_fault(b, "submit_twice");
    bench_start(b);
    b->judge.broken = ST_INVALID;
    assert_int_equal(bench_work(b), 422);
    b->judge.broken = ST_OK;
    b->now_ns = SECOND;
    assert_int_equal(bench_work(b), 404); /* nothing is stuck */
}

static void a_fetch_that_arrives_twice_takes_two_tasks(void **state)
{
    struct bench *b = *state;
    struct bench_task t;

    bench_fault(b, "fetch_twice");
    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    assert_string_equal(t.task_id, b->verdict.task_id);
    assert_int_equal(orchestrator_metrics(b->o)->tasks_made, 2);
}

static void a_duplicate_is_the_same_task_and_costs_nothing(void **state)
{
    struct bench *b = *state;
    struct bench_task first, second;
    struct fault_rule rule = {.where = {.call = CALL_FETCH, .every = 2},
                              .what = {.effects = FAULT_TASK, .task = FAULT_TASK_DUPLICATE}};

    assert_int_equal(fault_plan_add(&b->plan, &rule, NULL), ST_OK);
    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    first = bench_task(b);
    assert_int_equal(bench_fetch(b), 200);
    second = bench_task(b);
    assert_string_equal(first.task_id, second.task_id);
    for (int i = 0; i < 4; i++)
        assert_int_equal(bench_fetch(b), 200); /* two more of the allowance, two duplicates */
    assert_int_equal(bench_fetch(b), 429);
}

static void without_an_open_task_a_duplicate_is_a_new_one(void **state)
{
    struct bench *b = *state;

    bench_fault(b, "task_duplicate");
    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    assert_int_equal(orchestrator_metrics(b->o)->tasks_made, 1);
}

static void a_list_shows_each_task_twice(void **state)
{
    struct bench *b = *state;
    struct wire_tasks m;
    struct wire_memory memory = {0};

    bench_fault(b, "list_duplicate");
    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    assert_int_equal(bench_send(b, HTTP_GET, "/v3/tasks/" BENCH_NODE, bytes_of(NULL, 0)), 200);
    assert_int_equal(wire_decode_tasks(&m, &memory, b->response.body, 1000, NULL), ST_OK);
    assert_int_equal(m.task_count, 2);
    assert_string_equal(m.tasks[0].task_id, m.tasks[1].task_id);
    wire_memory_fini(&memory);
}

/* Tasks that are odd but sound can be proved and are credited; the others a client cannot even
 * decode, or has to give up. */
static void odd_tasks_are_odd_in_the_way_they_say(void **state)
{
    static const struct {
        const char *name;
        enum status decodes;
        bool has_task;
        size_t inputs, input_size;
        unsigned submit; /* status of honest work on it; 0: not tried */
    } table[] = {
        {"task_absent", ST_OK, false, 0, 0, 0},
        {"task_without_old_fields", ST_OK, true, 1, 12, 200},
        {"task_unknown_type", ST_INPUT, false, 0, 0, 0},
        {"task_unknown_difficulty", ST_OK, true, 1, 12, 200},
        {"task_unknown_fields", ST_OK, true, 1, 12, 200},
        {"task_unknown_program", ST_OK, true, 1, 12, 0},
        {"task_no_inputs", ST_OK, true, 0, 0, 400},
        {"task_short_input", ST_OK, true, 1, 11, 0},
        {"task_long_input", ST_OK, true, 1, 13, 200},
        {"task_many_inputs", ST_OK, true, 100, 12, 200},
        {"task_harder", ST_OK, true, 1, 12, 200},
        {"task_expired", ST_OK, true, 1, 12, 404},
        {"task_empty_id", ST_OK, true, 1, 12, 200},
        {"task_long_id", ST_OK, true, 1, 12, 200},
        {"task_strange_id", ST_OK, true, 1, 12, 200},
        {"task_from_tomorrow", ST_OK, true, 1, 12, 200},
        {"task_corrupt", ST_INPUT, false, 0, 0, 0},
        {"task_garbage", ST_INPUT, false, 0, 0, 0},
        {"task_portal", ST_INPUT, false, 0, 0, 0},
        {"task_empty_answer", ST_OK, false, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct wire_fetched m;
        struct wire_memory memory = {0};
        struct why why = {""};
        struct bench b;
        enum status st;

        bench_init(&b);
        b.settings.difficulty_ceiling = DIFFICULTY_LARGE;
        bench_fault(&b, table[i].name);
        bench_start(&b);
        assert_int_equal(bench_fetch_as(&b, BENCH_NODE, DIFFICULTY_MEDIUM), 200);
        st = wire_decode_fetched(&m, &memory, b.response.body, WIRE_MAX_RESPONSE, &why);
        if (st != table[i].decodes)
            fail_msg("%s: %s", table[i].name, why.text);
        if (st == ST_OK) {
            assert_int_equal(m.has_task, table[i].has_task);
            assert_int_equal(m.task.input_count, table[i].inputs);
            if (table[i].inputs)
                assert_int_equal(m.task.inputs[0].size, table[i].input_size);
            if (strcmp(table[i].name, "task_absent") == 0)
                assert_int_equal(strlen(m.task_id), 29);
            if (strcmp(table[i].name, "task_without_old_fields") == 0)
                assert_string_equal(m.task_id, "");
            if (strcmp(table[i].name, "task_harder") == 0)
                assert_int_equal(m.task.difficulty, DIFFICULTY_LARGE);
            if (strcmp(table[i].name, "task_from_tomorrow") == 0)
                assert_true(m.task.created_at_s == 1760000000 + 86400);
            if (strcmp(table[i].name, "task_long_id") == 0)
                assert_int_equal(strlen(m.task.task_id), 500);
        }
        wire_memory_fini(&memory);
        if (table[i].submit) {
            struct bench_submission s;
            struct bench_task t = bench_task(&b);

            bench_prove(&b, &s, &t);
            if (bench_submit(&b, &s) != table[i].submit)
                fail_msg("%s: %u %s", table[i].name, b.verdict.status, b.verdict.why.text);
            bench_submission_fini(&s);
        }
        bench_fini(&b);
    }
}

static void an_empty_id_is_given_once(void **state)
{
    struct bench *b = *state;
    struct bench_task t;

    bench_fault(b, "task_empty_id");
    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    assert_string_equal(t.task_id, "");
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    assert_int_equal(strlen(t.task_id), 29);
}

static unsigned fetch_named(struct bench *b, const char *name)
{
    struct wire_fetch m = {.node_id = BENCH_NODE,
                           .public_key = bytes_of(b->public_key, sizeof b->public_key)};
    struct http_request request = {.method = HTTP_POST,
                                   .path = "/v3/tasks",
                                   .headers = {{"x-mock-fault", name}},
                                   .header_count = 1};

    buffer_reset(&b->body);
    wire_encode_fetch(&b->body, &m);
    request.body = buffer_bytes(&b->body);
    orchestrator_answer(b->o, &b->response, &b->verdict, &request, b->now_ns);
    return b->verdict.status;
}

static void a_request_may_ask_for_a_fault_only_where_that_is_allowed(void **state)
{
    struct bench *b = *state;

    bench_start(b);
    assert_int_equal(fetch_named(b, "fetch_503"), 200);
    b->plan.by_header = true;
    assert_int_equal(fetch_named(b, "fetch_503"), 503);
    assert_string_equal(b->verdict.faults, "fetch_503");
    assert_int_equal(fetch_named(b, "no such fault"), 200);
}

/* ---- names ---- */

static void every_named_fault_is_a_rule_and_does_something(void **state)
{
    const struct fault_named *all;
    size_t count = fault_catalogue(&all);

    (void)state;
    assert_true(count >= 64);
    for (size_t i = 0; i < count; i++) {
        struct bench b;
        bool touched;

        assert_ptr_equal(fault_of_name(all[i].name), &all[i]);
        assert_true(*all[i].about && *all[i].good);
        bench_init(&b);
        bench_fault(&b, all[i].name);
        bench_start(&b);
        if (all[i].call == CALL_SUBMIT) {
            bench_work(&b);
        } else if (all[i].call == CALL_LIST) {
            bench_send(&b, HTTP_GET, "/v3/tasks/" BENCH_NODE, bytes_of(NULL, 0));
        } else if (all[i].call == CALL_REGISTER_USER) {
            struct wire_register_user m = {
                .uuid = BENCH_UUID, .wallet_address = "0x00000000000000000000000000000000000000aB"};

            wire_encode_register_user(&b.body, &m);
            bench_send(&b, HTTP_POST, "/v3/users", buffer_bytes(&b.body));
        } else {
            bench_fetch(&b);
        }
        touched = strstr(b.verdict.faults, all[i].name) != NULL;
        if (!touched || b.plan.struck != 1)
            fail_msg("%s struck %llu times", all[i].name, (unsigned long long)b.plan.struck);
        bench_fini(&b);
    }
    assert_null(fault_of_name("fetch"));
}

static void odd_tasks_have_distinct_names(void **state)
{
    (void)state;
    for (int t = 0; t <= FAULT_TASK_FROM_TOMORROW; t++)
        for (int other = 0; other < t; other++)
            assert_string_not_equal(fault_task_name((enum fault_task)t),
                                    fault_task_name((enum fault_task)other));
    assert_null(fault_task_name((enum fault_task)(FAULT_TASK_FROM_TOMORROW + 1)));
    for (int h = 0; h < FAULT_HEADS; h++)
        assert_non_null(fault_head_name((enum fault_head)h));
    assert_null(fault_head_name(FAULT_HEADS));
    for (int m = 0; m < FAULT_MUTATIONS; m++)
        assert_non_null(fault_mutation_name((enum fault_mutation)m));
    assert_null(fault_mutation_name(FAULT_MUTATIONS));
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The middle and the far end of 10 000 draws tell the three apart. */
static void delays_are_spread_as_their_names_say(void **state)
{
    static const struct {
        enum fault_spread spread;
        int64_t middle_low, middle_high, high_low, high_high; /* µs; the 9990th of 10 000 */
    } table[] = {
        {FAULT_SPREAD_UNIFORM, 450, 550, 990, 1000},
        {FAULT_SPREAD_LOGNORMAL, 950, 1050, 15000, 20000}, /* e^3.09 = 22 times; 20 is the most */
        {FAULT_SPREAD_PARETO, 550, 625, 75000, 100000},    /* 1000^(2/3) = 100, at the limit */
    };
    static int64_t drawn[10000];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct fault_rule rule = {.where.call = FAULT_ANY_CALL,
                                  .what = {.effects = FAULT_DELAY,
                                           .delay_ns = NS_PER_S,
                                           .jitter_ns = NS_PER_MS,
                                           .spread = table[i].spread}};
        const struct fault_subject subject = {.call = CALL_FETCH, .node_id = ""};
        struct fault_plan p;

        fault_plan_init(&p, 7);
        assert_int_equal(fault_plan_add(&p, &rule, NULL), ST_OK);
        for (size_t k = 0; k < 10000; k++) {
            struct fault_orders orders;

            fault_decide(&p, &orders, &subject, 0);
            drawn[k] = (orders.what.delay_ns - NS_PER_S) / 1000;
            assert_in_range(drawn[k], 0, FAULT_SPREAD_MOST * 1000);
        }
        qsort(drawn, 10000, sizeof *drawn, ascending);
        assert_in_range(drawn[5000], table[i].middle_low, table[i].middle_high);
        assert_in_range(drawn[9990], table[i].high_low, table[i].high_high);
        fault_plan_fini(&p);
    }
}

static void only_a_message_is_mutated(void **state)
{
    struct buffer b;

    (void)state;
    buffer_init(&b, 0);
    for (int m = 0; m < FAULT_MUTATIONS; m++) {
        buffer_reset(&b);
        fault_mutate(&b, (enum fault_mutation)m);
        assert_int_equal(b.size, 0);
        buffer_put_text(&b, "ab");
        fault_mutate(&b, (enum fault_mutation)m);
        assert_true(buffer_ok(&b) && b.size > 2);
        assert_memory_equal(b.data, "ab", 2);
    }
    buffer_fini(&b);
}

static void a_refusal_is_no_message_and_keeps_its_body(void **state)
{
    struct bench *b = *state;
    struct fault_rule rule = {.where.call = FAULT_ANY_CALL,
                              .what = {.effects = FAULT_MUTATE, .mutation = FAULT_MUTATE_GROUP}};

    assert_int_equal(fault_plan_add(&b->plan, &rule, NULL), ST_OK);
    bench_start(b);
    assert_int_equal(bench_send(b, HTTP_GET, "/v3/nodes/1", bytes_of(NULL, 0)), 404);
    assert_true(bench_body_says(b, "Node not found"));
}

/* docs/faults.md has a row "| `name` | what happens | what a good client does |" for each. */
static void the_document_has_every_named_fault_word_for_word(void **state)
{
    const struct fault_named *all;
    size_t count = fault_catalogue(&all), rows = 0;
    struct buffer text;

    (void)state;
    buffer_init(&text, 0);
    assert_int_equal(file_read(&text, NXP_SOURCE "/docs/faults.md", 1 << 20, NULL), ST_OK);
    buffer_put_u8(&text, 0);
    for (size_t i = 0; i < count; i++) {
        char row[512];

        snprintf(row, sizeof row, "\n| `%s` | %s | %s |\n", all[i].name, all[i].about, all[i].good);
        if (!strstr((const char *)text.data, row))
            fail_msg("docs/faults.md lacks:%s", row);
    }
    for (const char *at = (const char *)text.data; (at = strstr(at, "\n| `")); at++)
        rows++;
    assert_int_equal(rows, count);
    buffer_fini(&text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_strikes_the_requests_it_counts),
        cmocka_unit_test(a_rule_has_a_node_and_a_window_of_time),
        cmocka_unit_test(after_the_healing_nothing_strikes),
        cmocka_unit_test(chance_is_seeded),
        cmocka_unit_test(rules_add_up_and_the_earlier_one_wins),
        cmocka_unit_test(bad_rules_are_refused_by_key),
        cmocka_unit_test(carriage_is_what_the_network_must_do),
        cmocka_unit_test(retry_after_comes_in_every_form),
        CASE(a_fault_that_is_processed_takes_effect_behind_its_answer),
        CASE(a_lost_request_has_no_effect_and_a_lost_answer_has),
        cmocka_unit_test(a_submission_that_arrives_twice_is_credited_once_and_answers_404),
        CASE(a_refused_submission_that_arrives_twice_is_refused_once),
        CASE(a_fetch_that_arrives_twice_takes_two_tasks),
        CASE(a_duplicate_is_the_same_task_and_costs_nothing),
        CASE(without_an_open_task_a_duplicate_is_a_new_one),
        CASE(a_list_shows_each_task_twice),
        cmocka_unit_test(odd_tasks_are_odd_in_the_way_they_say),
        CASE(an_empty_id_is_given_once),
        CASE(a_request_may_ask_for_a_fault_only_where_that_is_allowed),
        cmocka_unit_test(every_named_fault_is_a_rule_and_does_something),
        cmocka_unit_test(odd_tasks_have_distinct_names),
        cmocka_unit_test(delays_are_spread_as_their_names_say),
        cmocka_unit_test(only_a_message_is_mutated),
        CASE(a_refusal_is_no_message_and_keeps_its_body),
        cmocka_unit_test(the_document_has_every_named_fault_word_for_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
