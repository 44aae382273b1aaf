/* SPDX-License-Identifier: Apache-2.0 */
/* What survives a restart, and what a broken store does. */
#include "tests/support/test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/admin.h"
#include "tests/mockorch/bench.h"

static int setup(void **state)
{
    static struct bench b;

    bench_init(&b);
    assert_int_equal(store_memory_new(&b.store, NULL), ST_OK);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_fini(*state);
    return 0;
}

/* The process ends and another begins: its monotonic clock starts anew, the wall goes on. */
static enum status restart(struct bench *b, int64_t downtime_ns, struct why *why)
{
    orchestrator_free(b->o);
    b->o = NULL;
    b->settings.wall_at_zero_ns += b->now_ns + downtime_ns;
    b->now_ns = 0;
    return orchestrator_new(&b->o, &b->settings, &b->plan, b->store, b->now_ns, why);
}

static void a_restart_forgets_nothing(void **state)
{
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;
    struct wire_fetched again;
    struct wire_memory memory = {0};
    char first_id[64];

    b->settings.inputs_per_task = (struct settings_range){3, 3};
    bench_start(b);
    assert_int_equal(bench_work(b), 200);
    memcpy(first_id, b->verdict.task_id, sizeof first_id);
    b->now_ns = 10 * SECOND;
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    b->now_ns = 20 * SECOND;
    assert_int_equal(restart(b, 30 * SECOND, NULL), ST_OK);

    assert_true(orchestrator_credits(b->o, BENCH_WALLET) == 1);
    assert_true(orchestrator_accepted(b->o, first_id));
    assert_int_equal(orchestrator_metrics(b->o)->tasks_made, 2);
    /* assigned at 10 s, now it is 50 s */
    assert_true(orchestrator_deadline_ns(b->o) == 560 * SECOND);
    assert_int_equal(bench_fetch(b), 200); /* the third of the window */
    assert_int_equal(wire_decode_fetched(&again, &memory, b->response.body, 1000, NULL), ST_OK);
    assert_string_not_equal(again.task_id, t.task_id);
    assert_string_not_equal(again.task_id, first_id);
    wire_memory_fini(&memory);
    assert_int_equal(bench_fetch(b), 429);
    assert_string_equal(bench_header(b, "retry-after"), "130");
    bench_prove(b, &s, &t);
    assert_int_equal(bench_submit(b, &s), 200);
    assert_true(orchestrator_credits(b->o, BENCH_WALLET) == 2);
    bench_submission_fini(&s);
}

static void a_task_that_expired_meanwhile_is_gone(void **state)
{
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;

    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    assert_int_equal(restart(b, 3600 * SECOND, NULL), ST_OK);
    bench_prove(b, &s, &t);
    assert_int_equal(bench_submit(b, &s), 404);
    assert_int_equal(orchestrator_metrics(b->o)->tasks_expired, 1);
    bench_submission_fini(&s);
    assert_int_equal(restart(b, 0, NULL), ST_OK);
    assert_int_equal(orchestrator_metrics(b->o)->tasks_expired, 1);
}

/* What orchestrator_state says about the first task. */
static json_t *state_of(struct bench *b)
{
    struct buffer text;
    json_t *state;

    buffer_init(&text, 0);
    orchestrator_state(b->o, &text, b->now_ns);
    state = json_loadb((const char *)text.data, text.size, 0, NULL);
    buffer_fini(&text);
    assert_non_null(state);
    return state;
}

static uint64_t submissions_of_first(struct bench *b)
{
    json_t *state = state_of(b);
    uint64_t count;

    count = (uint64_t)json_integer_value(
        json_object_get(json_array_get(json_object_get(state, "tasks"), 0), "submissions"));
    json_decref(state);
    return count;
}

static void the_allowance_of_submissions_goes_on(void **state)
{
    struct bench *b = *state;

    b->settings.submissions_per_window = 2;
    b->settings.fetches_per_window = 0;
    bench_start(b);
    assert_int_equal(bench_work(b), 200);
    b->now_ns = 10 * SECOND;
    assert_int_equal(bench_work(b), 200);
    assert_int_equal(restart(b, 20 * SECOND, NULL), ST_OK);
    assert_int_equal(bench_work(b), 429);
    assert_string_equal(bench_header(b, "retry-after"), "150"); /* 180 s after the first */
    b->now_ns = 150 * SECOND;
    assert_int_equal(bench_work(b), 200);
    assert_int_equal(bench_work(b), 429);
}

static unsigned submit_forged(struct bench *b)
{
    struct bench_submission s;
    struct bench_task t;
    unsigned status;

    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    t.inputs[0][5] ^= 1; /* a proof of something else */
    bench_prove(b, &s, &t);
    status = bench_submit(b, &s);
    bench_submission_fini(&s);
    return status;
}

static void the_allowance_of_wrong_submissions_goes_on(void **state)
{
    struct bench *b = *state;
    json_t *all;

    b->settings.refusals_per_window = 3;
    b->settings.fetches_per_window = 0;
    bench_start(b);
    b->now_ns = 7 * SECOND;
    for (int i = 0; i < 3; i++)
        assert_int_equal(submit_forged(b), 422);
    assert_int_equal(submit_forged(b), 429);
    b->now_ns = 17 * SECOND;
    assert_int_equal(restart(b, 20 * SECOND, NULL), ST_OK);
    assert_int_equal(bench_work(b), 429);
    assert_string_equal(bench_header(b, "retry-after"), "30"); /* 60 s after the third */
    all = state_of(b);
    assert_int_equal(json_integer_value(json_object_get(
                         json_array_get(json_object_get(all, "users"), 0), "next_submission_s")),
                     30);
    json_decref(all);
    /* a bucket of one in 100 s: full 160 s from now, but it never lacks more than that one */
    b->settings.refusals_per_window = 1;
    b->settings.window_ns = 100 * SECOND;
    assert_int_equal(restart(b, 0, NULL), ST_OK);
    assert_int_equal(bench_work(b), 429);
    assert_string_equal(bench_header(b, "retry-after"), "100");
    b->settings.refusals_per_window = 0;
    assert_int_equal(restart(b, 0, NULL), ST_OK);
    assert_int_equal(bench_work(b), 200);
}

/* Its clock, in seconds. */
static double line_s(struct bench *b)
{
    static const struct admin_request request = {.method = "GET", .path = "/admin/clock"};
    struct admin_reply reply;
    json_t *page;
    double now_s;

    admin_reply_init(&reply);
    admin_answer(b->o, &reply, &request, b->now_ns);
    page = json_loadb((const char *)reply.body.data, reply.body.size, 0, NULL);
    now_s = json_number_value(json_object_get(page, "now_s"));
    json_decref(page);
    admin_reply_fini(&reply);
    return now_s;
}

static void its_clock_goes_on_with_the_wall_however_often_it_restarts(void **state)
{
    struct bench *b = *state;
    double expected_s = 0;

    bench_start(b);
    for (int i = 0; i < 5; i++) {
        b->now_ns = 7 * SECOND;
        expected_s += 7;
        assert_true(line_s(b) == expected_s);
        assert_int_equal(restart(b, 20 * SECOND, NULL), ST_OK);
        expected_s += 20;
        assert_true(line_s(b) == expected_s);
    }
}

static unsigned register_node(struct bench *b)
{
    struct wire_register_node message = {.user_id = BENCH_UUID};

    buffer_reset(&b->body);
    wire_encode_register_node(&b->body, &message);
    return bench_send(b, HTTP_POST, "/v3/nodes", buffer_bytes(&b->body));
}

static void the_allowance_of_nodes_goes_on(void **state)
{
    struct bench *b = *state;
    struct wire_register_user user = {
        .uuid = BENCH_UUID, .wallet_address = "0x00000000000000000000000000000000000000aB"};

    b->settings.nodes_per_day = 2;
    bench_start(b);
    buffer_reset(&b->body);
    wire_encode_register_user(&b->body, &user);
    assert_int_equal(bench_send(b, HTTP_POST, "/v3/users", buffer_bytes(&b->body)), 200);
    assert_int_equal(register_node(b), 200);
    assert_int_equal(restart(b, 3600 * SECOND, NULL), ST_OK);
    assert_int_equal(register_node(b), 200);
    assert_int_equal(register_node(b), 429);
    assert_string_equal(bench_header(b, "retry-after"), "82800"); /* a day after the first */
}

static void a_clock_that_jumps_by_half_a_century_stops_nothing(void **state)
{
    struct bench *b = *state;

    b->settings.wall_at_zero_ns = 100 * SECOND; /* 1970 */
    bench_start(b);
    assert_int_equal(bench_work(b), 200);
    assert_int_equal(restart(b, INT64_C(56) * 365 * 86400 * SECOND, NULL), ST_OK);
    assert_int_equal(bench_work(b), 200);
    assert_int_equal(restart(b, 5 * SECOND, NULL), ST_OK);
    assert_int_equal(bench_work(b), 200);
    assert_true(orchestrator_credits(b->o, BENCH_WALLET) == 3);
    assert_int_equal(bench_fetch(b), 429); /* to the line it was as if no time had passed */
    assert_string_equal(bench_header(b, "retry-after"), "175");
}

static void a_task_goes_on_counting_its_submissions(void **state)
{
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;

    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    s.signature[0] ^= 1;
    assert_int_equal(bench_submit(b, &s), 403);
    s.signature[0] ^= 1;
    assert_int_equal(bench_submit(b, &s), 200);
    assert_int_equal(bench_submit(b, &s), 404);
    assert_int_equal(restart(b, 0, NULL), ST_OK);
    assert_int_equal(submissions_of_first(b), 3);
    assert_int_equal(bench_submit(b, &s), 404);
    assert_int_equal(submissions_of_first(b), 4);
    bench_submission_fini(&s);
}

/* As a new process would read its scenario. */
static void forget_faults(struct bench *b, uint64_t seed)
{
    fault_plan_fini(&b->plan);
    fault_plan_init(&b->plan, seed);
}

static void add_half(struct bench *b, const char *name)
{
    struct fault_rule rule = {
        .where = {.call = CALL_NODE, .probability = 0.5, .at_most = 5},
        .what = {.effects = FAULT_STATUS, .status = 503},
    };

    snprintf(rule.name, sizeof rule.name, "%s", name);
    assert_int_equal(fault_plan_add(&b->plan, &rule, NULL), ST_OK);
}

static unsigned look_at_node(struct bench *b)
{
    return bench_send(b, HTTP_GET, "/v3/nodes/" BENCH_NODE, bytes_of(NULL, 0));
}

static void faults_go_on_with_their_counters_and_their_chance(void **state)
{
    struct bench *b = *state;
    unsigned whole[40];
    struct bench other;

    bench_init(&other); /* the same, never restarted */
    add_half(&other, "half");
    bench_start(&other);
    for (int i = 0; i < 40; i++)
        whole[i] = look_at_node(&other);
    bench_fini(&other);

    add_half(b, "half");
    bench_start(b);
    for (int i = 0; i < 40; i++) {
        if (i % 5 == 4) {
            forget_faults(b, 1);
            add_half(b, "half");
            assert_int_equal(restart(b, 0, NULL), ST_OK);
        }
        assert_int_equal(look_at_node(b), whole[i]);
    }
    assert_true(b->plan.rules[0].seen == 40 && b->plan.rules[0].struck == 5);
    assert_true(orchestrator_metrics(b->o)->faults == 5);

    forget_faults(b, 1); /* another rule in its place begins anew, and one more */
    add_half(b, "other");
    add_half(b, "more");
    assert_int_equal(restart(b, 0, NULL), ST_OK);
    assert_true(b->plan.rules[0].seen == 0 && b->plan.struck == 5);
    forget_faults(b, 1); /* no rule any more */
    assert_int_equal(restart(b, 0, NULL), ST_OK);
    orchestrator_free(b->o); /* no plan */
    assert_int_equal(orchestrator_new(&b->o, &b->settings, NULL, b->store, 0, NULL), ST_OK);
    assert_int_equal(look_at_node(b), 200);
}

static void another_seed_has_its_own_chance(void **state)
{
    struct bench *b = *state;
    struct prng before;

    add_half(b, "half");
    bench_start(b);
    look_at_node(b);
    forget_faults(b, 2);
    before = b->plan.prng;
    b->settings.seed = 2;
    assert_int_equal(restart(b, 0, NULL), ST_OK);
    assert_memory_equal(&before, &b->plan.prng, sizeof before);
}

/* ---- closed tasks are forgotten ---- */

static size_t tasks_known(struct bench *b)
{
    json_t *state = state_of(b);
    size_t count = json_array_size(json_object_get(state, "tasks"));

    json_decref(state);
    return count;
}

static enum status count_one(void *context, const char *key, struct bytes value, struct why *why)
{
    (void)key;
    (void)value;
    (void)why;
    ++*(size_t *)context;
    return ST_OK;
}

static size_t tasks_stored(struct bench *b)
{
    size_t count = 0;

    assert_int_equal(store_each(b->store, STORE_TASK, count_one, &count, NULL), ST_OK);
    return count;
}

static void only_the_last_closed_tasks_are_remembered(void **state)
{
    struct bench *b = *state;
    char id[64], old[64] = "", first[64] = "";

    b->settings.fetches_per_window = 0;
    b->settings.closed_tasks_kept = 3;
    bench_start(b);
    assert_int_equal(bench_fetch(b), 200); /* open, and older than all that follow */
    memcpy(id, b->verdict.task_id, sizeof id);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(bench_work(b), 200);
        memcpy(i == 0 ? first : old, b->verdict.task_id, sizeof old);
        if (i % 100 == 50)
            assert_int_equal(restart(b, 0, NULL), ST_OK);
    }
    orchestrator_tick(b->o, b->now_ns);
    assert_int_equal(tasks_known(b), 4);
    assert_int_equal(tasks_stored(b), 4);
    assert_false(orchestrator_accepted(b->o, first));
    assert_true(orchestrator_accepted(b->o, old));
    assert_true(orchestrator_credits(b->o, BENCH_WALLET) == 500);
    assert_int_equal(orchestrator_metrics(b->o)->tasks_made, 501);
    assert_int_equal(orchestrator_metrics(b->o)->tasks_accepted, 500);
    b->now_ns += 600 * SECOND;
    orchestrator_tick(b->o, b->now_ns);
    assert_int_equal(orchestrator_metrics(b->o)->tasks_expired, 1);
    assert_int_equal(tasks_known(b), 3);
    assert_true(orchestrator_deadline_ns(b->o) == INT64_MAX);
}

/* Without an old open one in their way, places at the front are given up. */
static void a_thousand_tasks_take_the_room_of_a_few(void **state)
{
    struct bench *b = *state;

    b->settings.fetches_per_window = 0;
    b->settings.closed_tasks_kept = 1;
    bench_start(b);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(bench_work(b), 200);
    orchestrator_tick(b->o, b->now_ns);
    assert_int_equal(tasks_known(b), 1);
    assert_int_equal(bench_fetch(b), 200);
    assert_true(orchestrator_deadline_ns(b->o) == 600 * SECOND);
    b->now_ns = 600 * SECOND;
    orchestrator_tick(b->o, b->now_ns);
    assert_true(orchestrator_deadline_ns(b->o) == INT64_MAX);
}

static void a_task_that_counts_in_an_allowance_is_remembered(void **state)
{
    struct bench *b = *state;

    b->settings.closed_tasks_kept = 1;
    bench_start(b);
    for (int i = 0; i < 3; i++) {
        b->now_ns += SECOND;
        assert_int_equal(bench_work(b), 200);
    }
    orchestrator_tick(b->o, b->now_ns);
    assert_int_equal(tasks_known(b), 3);
    assert_int_equal(restart(b, 0, NULL), ST_OK);
    assert_int_equal(bench_fetch(b), 429);
    b->now_ns = 179 * SECOND; /* the second one's window ends */
    orchestrator_tick(b->o, b->now_ns);
    assert_int_equal(tasks_known(b), 1);
    assert_int_equal(tasks_stored(b), 1);
}

static void nothing_is_forgotten_when_told_so(void **state)
{
    struct bench *b = *state;

    b->settings.fetches_per_window = 0;
    b->settings.closed_tasks_kept = 0;
    bench_start(b);
    for (int i = 0; i < 200; i++)
        assert_int_equal(bench_work(b), 200);
    assert_int_equal(tasks_known(b), 200);
}

/* Two submissions of one task are before the judge; the first closes it. */
static void a_task_before_the_judge_is_not_forgotten(void **state)
{
    struct bench *b = *state;
    struct bench_submission s;
    struct bench_task t;
    uint64_t jobs[2];

    b->settings.fetches_per_window = 0;
    b->settings.closed_tasks_kept = 1;
    bench_start(b);
    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &s, &t);
    wire_encode_submission(&b->body, (buffer_reset(&b->body), &s.message));
    for (int i = 0; i < 2; i++) {
        const struct http_request request = {
            .method = HTTP_POST, .path = "/v3/tasks/submit", .body = buffer_bytes(&b->body)};

        orchestrator_answer(b->o, &b->response, &b->verdict, &request, b->now_ns);
        assert_true(b->verdict.pending);
        jobs[i] = b->verdict.job;
    }
    orchestrator_judged(b->o, &b->response, &b->verdict, jobs[0], ST_OK, NULL, b->now_ns);
    assert_int_equal(b->verdict.status, 200);
    for (int i = 0; i < 3; i++)
        assert_int_equal(bench_work(b), 200);
    assert_int_equal(tasks_known(b), 4); /* it holds the others, which were closed later */
    orchestrator_judged(b->o, &b->response, &b->verdict, jobs[1], ST_OK, NULL, b->now_ns);
    assert_int_equal(b->verdict.status, 404);
    assert_int_equal(tasks_known(b), 1);
    bench_submission_fini(&s);
}

static void a_wall_clock_set_back_does_not_turn_time_back(void **state)
{
    struct bench *b = *state;

    bench_start(b);
    b->now_ns = 1000 * SECOND;
    for (int i = 0; i < 3; i++)
        assert_int_equal(bench_fetch(b), 200);
    assert_int_equal(restart(b, -5000 * SECOND, NULL), ST_OK);
    assert_true(orchestrator_deadline_ns(b->o) == 600 * SECOND);
    assert_int_equal(bench_fetch(b), 429);
    assert_string_equal(bench_header(b, "retry-after"), "180");
}

static void damaged_records_are_refused_by_name(void **state)
{
    static const struct {
        enum store_kind kind;
        const char *key, *value, *words;
    } table[] = {
        {STORE_USER, BENCH_UUID, "{", "user '11111111-2222"},
        {STORE_USER, BENCH_UUID, "{\"wallet\":5,\"credits\":1}", "is damaged"},
        {STORE_USER, BENCH_UUID, "{\"wallet\":\"" BENCH_WALLET "\",\"credits\":-1}", "is damaged"},
        {STORE_USER, BENCH_UUID, "{\"wallet\":\"" BENCH_WALLET "\",\"credits\":1,\"refusals\":true}",
         "is damaged"},
        {STORE_USER, BENCH_UUID,
         "{\"wallet\":\"" BENCH_WALLET "\",\"credits\":1,\"refusals\":9000000000000000000}",
         "is damaged"},
        {STORE_USER, "x", "{\"wallet\":\"" BENCH_WALLET "\",\"credits\":1}", "uuid"},
        {STORE_USER, BENCH_UUID,
         "{\"wallet\":\"" BENCH_WALLET "\",\"credits\":9223372036854775807}", "is damaged"},
        {STORE_NODE, "5", "[]", "node '5'"},
        {STORE_NODE, "5", "{\"user\":\"nobody\",\"type\":1}", "node '5'"},
        {STORE_TASK, "t", "{}", "task 't'"},
        {STORE_TASK, "t", "{\"inputs\":[5]}", "task 't'"},
        {STORE_TASK, "t", "{\"inputs\":[\"zz\"]}", "task 't'"},
        {STORE_TASK, "t", "{\"inputs\":[\"000000000000000000000000000000\"]}", "task 't'"},
        {STORE_TASK, "t", "nonsense", "task 't'"},
        {STORE_STATE, "timeline", "{\"zero\":-1,\"ahead\":0,\"frozen\":false,\"at\":0,\"skew\":0}",
         "state 'timeline'"},
        {STORE_STATE, "timeline",
         "{\"zero\":0,\"ahead\":0,\"frozen\":false,\"at\":0,\"skew\":9000000000000000000}",
         "state 'timeline'"},
        {STORE_STATE, "timeline", "{}", "state 'timeline'"},
        {STORE_STATE, "faults", "{}", "state 'faults'"},
        {STORE_STATE, "faults",
         "{\"seed\":1,\"chance\":[1,2,3,4],\"struck\":0,\"rules\":[{\"name\":\"a\",\"seen\":1,\"struck\":2}]}",
         "state 'faults'"},
        {STORE_STATE, "weather", "{}", "state 'weather'"},
        {STORE_TASK, "t",
         "{\"program\":\"fib\",\"inputs\":[],\"type\":7,\"difficulty\":0,\"state\":0,\"node\":"
         "\"5\","
         "\"key\":\"00\",\"assigned\":0,\"expires\":0,\"hash\":\"\",\"refusal\":\"\"}",
         "task 't'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct settings settings;
        struct orchestrator *o = NULL;
        struct store *store;
        struct why why = {""};

        settings_init(&settings);
        assert_int_equal(store_memory_new(&store, NULL), ST_OK);
        assert_int_equal(
            store_put(store, table[i].kind, table[i].key, bytes_of_text(table[i].value), NULL),
            ST_OK);
        assert_int_equal(orchestrator_new(&o, &settings, NULL, store, 0, &why), ST_INPUT);
        if (!strstr(why.text, table[i].words))
            fail_msg("row %zu says '%s'", i, why.text);
        assert_null(o);
        store_free(store);
    }
}

/* Each of them is good, but not both. */
static void two_records_that_say_the_same_are_refused(void **state)
{
    static const char record[] = "{\"wallet\":\"" BENCH_WALLET "\",\"credits\":1}";
    struct orchestrator *o = NULL;
    struct settings settings;
    struct why why = {""};
    struct store *store;

    (void)state;
    settings_init(&settings);
    assert_int_equal(store_memory_new(&store, NULL), ST_OK);
    assert_int_equal(store_put(store, STORE_USER, BENCH_UUID, bytes_of_text(record), NULL), ST_OK);
    assert_int_equal(store_put(store, STORE_USER, "22222222-2222-4222-8222-222222222222",
                               bytes_of_text(record), NULL),
                     ST_OK);
    assert_int_equal(orchestrator_new(&o, &settings, NULL, store, 0, &why), ST_INPUT);
    assert_non_null(strstr(why.text, "store: record '22222222-"));
    assert_non_null(strstr(why.text, "already exists"));
    store_free(store);
}

/* Good records, and what each of their fields may not be. */
#define GOOD_USER "{\"wallet\":\"" BENCH_WALLET "\",\"credits\":1}"
#define GOOD_NODE                                                                                  \
    "{\"user\":\"" BENCH_UUID                                                                     \
    "\",\"type\":1,\"assigned\":3,\"credited\":1,\"expired\":1,\"refused\":2,\"standing\":5,\"streak\":1,\"strikes\":1,\"registered\":7}"
#define KEY "0707070707070707070707070707070707070707070707070707070707070707"
#define GOOD_TASK                                                                                  \
    "{\"program\":\"fib\",\"inputs\":[\"010000000200000003000000\"],\"type\":0,\"difficulty\":0,"     \
    "\"state\":1,\"node\":\"5\",\"key\":\"" KEY                                                   \
    "\",\"peer\":\"\",\"assigned\":1,\"expires\":9,\"closed\":2,\"handed\":2,\"submissions\":1,\"hash\":\"\",\"refusal\":\"\"}"

static enum status load_three(const char *node, const char *task, struct why *why)
{
    struct orchestrator *o = NULL;
    struct settings settings;
    struct store *store;
    enum status st;

    settings_init(&settings);
    assert_int_equal(store_memory_new(&store, NULL), ST_OK);
    assert_int_equal(store_put(store, STORE_USER, BENCH_UUID, bytes_of_text(GOOD_USER), NULL),
                     ST_OK);
    assert_int_equal(store_put(store, STORE_NODE, "5", bytes_of_text(node), NULL), ST_OK);
    assert_int_equal(store_put(store, STORE_TASK, "t", bytes_of_text(task), NULL), ST_OK);
    st = orchestrator_new(&o, &settings, NULL, store, 0, why);
    orchestrator_free(o);
    store_free(store);
    return st;
}

static void one_wrong_field_is_enough(void **state)
{
    static const struct {
        const char *key, *value; /* JSON; NULL: not there at all */
    } nodes[] = {{"user", "\"nobody\""}, {"type", "7"},      {"assigned", "-1"},
                 {"assigned", "1"},      {"credited", "-1"}, {"credited", "4"},
                 {"expired", "-1"},      {"expired", "3"},   {"registered", "\"today\""},
                 {"expired", NULL},
                 {"refused", "-1"},
                 {"standing", "4"},
                 {"streak", "-1"},
                 {"strikes", "-1"},      {"registered", "9000000000000000000"},
                 {"assigned", "9223372036854775807"}, {"refused", "9223372036854775807"},
                 {"streak", "2147483647"}, {"strikes", "2147483647"}},
      tasks[] = {{"program", "\"a program whose name is far longer than any that there ever was !\""},
                 {"program", NULL},
                 {"inputs", "{}"},
                 {"inputs", "[5]"},
                 {"inputs", "[\"0g\"]"},
                 {"inputs", "[\"0\"]"},
                 {"inputs", "[\"0000000000000000000000000000\"]"},
                 {"type", "-1"},
                 {"type", "3"},
                 {"difficulty", "4"},
                 {"state", "-1"},
                 {"state", "9"},
                 {"node", "\"6\""},
                 {"key", "\"07\""},
                 {"assigned", "9000000000000000000"},
                 {"expires", "-9000000000000000000"},
                 {"closed", "9000000000000000000"},
                 {"handed", "9000000000000000000"},
                 {"submissions", "-1"},
                 {"submissions", "4294967296"},
                 {"hash", "\"" KEY "0\""},
                 {"peer", "\"" KEY "\""},
                 {"refusal", "\"" KEY KEY "\""}};

    (void)state;
    assert_int_equal(load_three(GOOD_NODE, GOOD_TASK, NULL), ST_OK);
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes + sizeof tasks / sizeof *tasks; i++) {
        size_t n = sizeof nodes / sizeof *nodes;
        bool is_node = i < n;
        const char *key = is_node ? nodes[i].key : tasks[i - n].key;
        const char *value = is_node ? nodes[i].value : tasks[i - n].value;
        json_t *record = json_loads(is_node ? GOOD_NODE : GOOD_TASK, 0, NULL);
        struct why why = {""};
        char *text;

        assert_non_null(json_object_get(record, key));
        json_object_del(record, key);
        if (value)
            json_object_set_new(record, key, json_loads(value, JSON_DECODE_ANY, NULL));
        text = json_dumps(record, 0);
        if (load_three(is_node ? text : GOOD_NODE, is_node ? GOOD_TASK : text, &why) != ST_INPUT)
            fail_msg("%s of %s: %s", value, key, why.text);
        if (!strstr(why.text, is_node ? "node '5'" : "task 't'"))
            fail_msg("%s of %s: %s", value, key, why.text);
        free(text);
        json_decref(record);
    }
}

/* The others of damaged records: state, credits, groups. */
static void what_is_wrong_elsewhere_is_named_too(void **state)
{
#define CREDIT(at, user, node, balance, reason)                                                    \
    "{\"at\":" at ",\"user\":\"" user "\",\"node\":\"" node "\",\"amount\":1,\"balance\":" balance  \
    ",\"task\":\"\",\"reason\":\"" reason "\"}"
#define LONG_TEXT KEY KEY KEY
    static const struct {
        enum store_kind kind;
        const char *key, *value;
        enum status st;
    } table[] = {
        {STORE_CREDIT, "1", CREDIT("1", BENCH_UUID, "5", "1", ""), ST_OK},
        {STORE_CREDIT, "1", CREDIT("1", BENCH_UUID, "", "1", ""), ST_OK},
        {STORE_CREDIT, "1", "{}", ST_INPUT},
        {STORE_CREDIT, "x", CREDIT("1", BENCH_UUID, "5", "1", ""), ST_INPUT},
        {STORE_CREDIT, "9999999999999999999", CREDIT("1", BENCH_UUID, "5", "1", ""), ST_INPUT},
        {STORE_CREDIT, "1", CREDIT("1", "nobody", "5", "1", ""), ST_INPUT},
        {STORE_CREDIT, "1", CREDIT("1", BENCH_UUID, "6", "1", ""), ST_INPUT},
        {STORE_CREDIT, "1", CREDIT("9000000000000000000", BENCH_UUID, "5", "1", ""), ST_INPUT},
        {STORE_CREDIT, "1", CREDIT("1", BENCH_UUID, "5", "-1", ""), ST_INPUT},
        {STORE_CREDIT, "1", CREDIT("1", BENCH_UUID, "5", "1", LONG_TEXT), ST_INPUT},
        {STORE_STATE, "timeline",
         "{\"zero\":0,\"ahead\":9000000000000000000,\"frozen\":false,\"at\":0,\"skew\":0}", ST_INPUT},
        {STORE_STATE, "timeline",
         "{\"zero\":0,\"ahead\":0,\"frozen\":false,\"at\":9000000000000000000,\"skew\":0}", ST_INPUT},
        {STORE_STATE, "faults", "{\"seed\":1,\"chance\":[1,2,3,4],\"struck\":-1,\"rules\":[]}",
         ST_INPUT},
        {STORE_STATE, "faults", "{\"seed\":1,\"chance\":[1,2,3,4],\"struck\":0,\"rules\":{}}",
         ST_INPUT},
        {STORE_STATE, "faults", "{\"seed\":1,\"chance\":[1,2,3,4],\"struck\":0,\"rules\":[{}]}",
         ST_INPUT},
        {STORE_STATE, "faults",
         "{\"seed\":1,\"chance\":[1,2,3,4],\"struck\":0,\"rules\":[{\"name\":\"a\",\"seen\":1,"
         "\"struck\":-1,\"disabled\":false}]}",
         ST_INPUT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct orchestrator *o = NULL;
        struct settings settings;
        struct store *store;
        struct why why = {""};

        settings_init(&settings);
        assert_int_equal(store_memory_new(&store, NULL), ST_OK);
        assert_int_equal(
            store_put(store, STORE_USER, BENCH_UUID, bytes_of_text(GOOD_USER), NULL), ST_OK);
        assert_int_equal(store_put(store, STORE_NODE, "5", bytes_of_text(GOOD_NODE), NULL), ST_OK);
        assert_int_equal(store_put(store, table[i].kind, table[i].key,
                                   bytes_of_text(table[i].value), NULL),
                         ST_OK);
        if (orchestrator_new(&o, &settings, NULL, store, 0, &why) != table[i].st)
            fail_msg("row %zu: %s", i, why.text);
        if (table[i].st && !strstr(why.text, "is damaged"))
            fail_msg("row %zu: %s", i, why.text);
        orchestrator_free(o);
        store_free(store);
    }
}

static void a_node_has_no_more_open_tasks_than_it_got(void **state)
{
    static const struct {
        int assigned;
        enum status st;
    } table[] = {{4, ST_OK}, {3, ST_OK}, {2, ST_INPUT}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        for (int s = 0; s < 2; s++) { /* credited 1, expired 1 */
            json_t *node = json_loads(GOOD_NODE, 0, NULL), *task = json_loads(GOOD_TASK, 0, NULL);
            char *texts[2];

            json_object_set_new(node, "assigned", json_integer(table[i].assigned));
            json_object_set_new(task, "state", json_integer(s ? TASK_HELD : TASK_OPEN));
            texts[0] = json_dumps(node, 0);
            texts[1] = json_dumps(task, 0);
            assert_int_equal(load_three(texts[0], texts[1], NULL), table[i].st);
            for (int k = 0; k < 2; k++)
                free(texts[k]);
            json_decref(node);
            json_decref(task);
        }
    }
}

static void groups_of_tasks_come_back_as_far_as_they_can(void **state)
{
    static const struct {
        const char *group;
        int seats;
        enum status st;
    } table[] = {
        {"t", 2, ST_OK}, {"gone", 2, ST_OK}, {"t", 1, ST_INPUT}, {"t", 17, ST_INPUT}, {NULL, 2, ST_OK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *record = json_loads(GOOD_TASK, 0, NULL);
        char *text;

        if (table[i].group)
            json_object_set_new(record, "group", json_string(table[i].group));
        json_object_set_new(record, "seats", json_integer(table[i].seats));
        json_object_set_new(record, "state", json_integer(TASK_HELD));
        text = json_dumps(record, 0);
        assert_int_equal(load_three(GOOD_NODE, text, NULL), table[i].st);
        free(text);
        json_decref(record);
    }
}

static void a_record_put_again_has_the_new_value_in_the_old_place(void **state)
{
    struct bench *b = *state;

    bench_start(b);
    assert_int_equal(bench_work(b), 200); /* user and task were put twice each */
    assert_int_equal(restart(b, 0, NULL), ST_OK);
    assert_true(orchestrator_credits(b->o, BENCH_WALLET) == 1);
    assert_int_equal(orchestrator_metrics(b->o)->users, 1);
    assert_int_equal(orchestrator_metrics(b->o)->tasks_made, 1);
}

/* ---- journal and counters ---- */

static json_t *ask_admin(struct bench *b, const char *method, const char *path)
{
    const struct admin_request request = {.method = method, .path = path};
    struct admin_reply reply;
    json_t *answer;

    admin_reply_init(&reply);
    admin_answer(b->o, &reply, &request, b->now_ns);
    answer = json_loadb((const char *)reply.body.data, reply.body.size, 0, NULL);
    admin_reply_fini(&reply);
    assert_non_null(answer);
    return answer;
}

static json_t *journal_of(struct bench *b)
{
    return ask_admin(b, "GET", "/admin/requests?limit=1000");
}

static void expect_same(json_t *before, json_t *after)
{
    if (!json_equal(before, after)) {
        char *x = json_dumps(before, JSON_INDENT(1)), *y = json_dumps(after, JSON_INDENT(1));

        fail_msg("before:\n%s\nafter:\n%s", x, y);
    }
    json_decref(before);
    json_decref(after);
}

static size_t requests_stored(struct bench *b)
{
    size_t count = 0;

    assert_int_equal(store_each(b->store, STORE_REQUESTS, count_one, &count, NULL), ST_OK);
    return count;
}

static json_t *metrics_of(struct bench *b)
{
    json_t *all = state_of(b), *metrics = json_incref(json_object_get(all, "metrics"));

    json_decref(all);
    return metrics;
}

static void the_journal_and_the_counters_go_on(void **state)
{
    struct bench *b = *state;
    json_t *before, *counters;

    b->settings.requests_saved = true;
    b->peer = "192.0.2.7";
    bench_start(b);
    b->now_ns = 5 * SECOND;
    assert_int_equal(bench_work(b), 200);
    assert_int_equal(submit_forged(b), 422);
    bench_send(b, HTTP_GET, "/odd/\"path\"\\\x01", bytes_of("x", 1));
    bench_send(b, HTTP_POST, "/v3/tasks", bytes_of("\377", 1));
    assert_int_equal(bench_fetch(b), 200);
    assert_int_equal(bench_fetch(b), 429);
    assert_int_equal(orchestrator_save(b->o, NULL), ST_OK);
    before = journal_of(b);
    counters = metrics_of(b);
    assert_int_equal(json_array_size(json_object_get(before, "items")), 8);
    assert_int_equal(restart(b, 10 * SECOND, NULL), ST_OK);
    expect_same(before, journal_of(b));
    expect_same(counters, metrics_of(b));
    assert_int_equal(look_at_node(b), 200);
    before = journal_of(b);
    assert_int_equal(json_integer_value(json_object_get(before, "last")), 9);
    json_decref(before);
}

static void a_path_that_is_not_utf8_loses_its_odd_bytes_only(void **state)
{
    struct bench *b = *state;
    json_t *after, *entry;

    b->settings.requests_saved = true;
    bench_start(b);
    bench_send(b, HTTP_GET, "/a\xff\xc3\xa4z", bytes_of(NULL, 0));
    bench_send(b, HTTP_GET, "/\xc3\xa4", bytes_of(NULL, 0));
    assert_int_equal(orchestrator_save(b->o, NULL), ST_OK);
    assert_int_equal(restart(b, 0, NULL), ST_OK);
    after = journal_of(b);
    entry = json_array_get(json_object_get(after, "items"), 0);
    assert_string_equal(json_string_value(json_object_get(entry, "path")), "/a???z");
    entry = json_array_get(json_object_get(after, "items"), 1);
    assert_string_equal(json_string_value(json_object_get(entry, "path")), "/\xc3\xa4");
    json_decref(after);
}

static void the_store_holds_no_more_of_the_journal_than_the_memory(void **state)
{
    struct bench *b = *state;
    json_t *page;

    b->settings.requests_saved = true;
    b->settings.requests_kept = 10;
    b->settings.fetches_per_window = 0;
    bench_start(b);
    for (int i = 0; i < 100; i++)
        assert_int_equal(bench_work(b), 200); /* each answer commits for itself */
    assert_int_equal(orchestrator_save(b->o, NULL), ST_OK);
    assert_in_range(requests_stored(b), 10, 11);
    for (int i = 0; i < 30; i++)
        look_at_node(b);
    assert_int_equal(orchestrator_save(b->o, NULL), ST_OK);
    assert_int_equal(requests_stored(b), 1); /* the last ten of those thirty */
    assert_int_equal(restart(b, 0, NULL), ST_OK);
    page = journal_of(b);
    assert_int_equal(json_integer_value(json_object_get(page, "first")), 221);
    assert_int_equal(json_integer_value(json_object_get(page, "last")), 230);
    json_decref(page);
    b->settings.requests_kept = 100; /* of what there was before nothing comes back */
    assert_int_equal(restart(b, 0, NULL), ST_OK);
    page = journal_of(b);
    assert_int_equal(json_integer_value(json_object_get(page, "first")), 221);
    json_decref(page);
    b->settings.requests_kept = 0;
    assert_int_equal(restart(b, 0, NULL), ST_OK);
    look_at_node(b);
    assert_int_equal(orchestrator_save(b->o, NULL), ST_OK);
    page = journal_of(b);
    assert_int_equal(json_integer_value(json_object_get(page, "last")), 230);
    json_decref(page);
}

static void a_cleared_journal_stays_cleared(void **state)
{
    static const char *const ways[][2] = {{"DELETE", "/admin/requests"}, {"POST", "/admin/reset"}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bench b;
        json_t *page;

        bench_init(&b);
        assert_int_equal(store_memory_new(&b.store, NULL), ST_OK);
        b.settings.requests_saved = true;
        bench_start(&b);
        assert_int_equal(bench_work(&b), 200);
        assert_int_equal(orchestrator_save(b.o, NULL), ST_OK);
        assert_true(requests_stored(&b) > 0);
        json_decref(ask_admin(&b, ways[i][0], ways[i][1]));
        assert_int_equal(requests_stored(&b), 0);
        assert_int_equal(restart(&b, 0, NULL), ST_OK);
        page = journal_of(&b);
        assert_int_equal(json_array_size(json_object_get(page, "items")), 0);
        assert_int_equal(json_integer_value(json_object_get(page, "last")), 2);
        json_decref(page);
        assert_int_equal(look_at_node(&b), 200);
        page = journal_of(&b);
        assert_int_equal(json_integer_value(json_object_get(page, "first")), 3);
        json_decref(page);
        bench_fini(&b);
    }
}

/* Nobody waits for the disk because of a line of the journal. */
static void what_changed_nothing_is_written_a_moment_later(void **state)
{
    struct bench_failing_store f = bench_failing_store(1000, 1000);
    struct bench b;

    (void)state;
    bench_init(&b);
    b.store = &f.base;
    b.settings.requests_saved = true;
    bench_start(&b);
    orchestrator_group_commits(b.o);
    b.now_ns = 3 * SECOND;
    f.commits_left = 1000;
    assert_int_equal(look_at_node(&b), 200);
    assert_false(b.verdict.unsaved);
    assert_true(orchestrator_deadline_ns(b.o) == 4 * SECOND);
    b.now_ns = 3500 * NS_PER_MS;
    assert_int_equal(look_at_node(&b), 200);
    orchestrator_tick(b.o, b.now_ns);
    assert_int_equal(f.commits_left, 1000);
    b.now_ns = 4 * SECOND;
    orchestrator_tick(b.o, b.now_ns);
    assert_int_equal(f.commits_left, 999);
    assert_true(orchestrator_deadline_ns(b.o) == INT64_MAX);
    assert_int_equal(orchestrator_save(b.o, NULL), ST_OK); /* nothing more to do */
    assert_int_equal(f.commits_left, 999);
    assert_int_equal(look_at_node(&b), 200);
    f.puts_left = 0; /* the counters' record fails */
    assert_int_equal(orchestrator_save(b.o, NULL), ST_IO);
    assert_true(orchestrator_broken(b.o));
    assert_true(orchestrator_deadline_ns(b.o) == INT64_MAX); /* and is not due again and again */
    assert_int_equal(look_at_node(&b), 500);
    assert_true(orchestrator_deadline_ns(b.o) == INT64_MAX);
    bench_fini(&b);
}

static void damaged_records_of_the_journal_are_refused_by_name(void **state)
{
    static const struct {
        enum store_kind kind;
        const char *key, *value;
        enum status st;
    } table[] = {
        {STORE_REQUESTS, "1", "[]", ST_OK},
        {STORE_REQUESTS, "1", "[{}]", ST_OK},
        {STORE_REQUESTS, "7", "[{\"state\":\"open\",\"tomorrow\":1}]", ST_OK},
        {STORE_REQUESTS, "0", "[{}]", ST_INPUT},
        {STORE_REQUESTS, "one", "[{}]", ST_INPUT},
        {STORE_REQUESTS, "9000000000000000000", "[{}]", ST_INPUT},
        {STORE_REQUESTS, "1", "{}", ST_INPUT},
        {STORE_REQUESTS, "1", "[5]", ST_INPUT},
        {STORE_REQUESTS, "1", "[{\"path\":5}]", ST_INPUT},
        {STORE_REQUESTS, "1", "[{\"call\":\"x\"}]", ST_INPUT},
        {STORE_REQUESTS, "1", "[{\"call\":99}]", ST_INPUT},
        {STORE_REQUESTS, "1", "[{\"failed\":-1}]", ST_INPUT},
        {STORE_REQUESTS, "1", "[{\"type\":3}]", ST_INPUT},
        {STORE_REQUESTS, "1", "[{\"state\":\"asleep\"}]", ST_INPUT},
        {STORE_REQUESTS, "1", "[{\"state\":5}]", ST_INPUT},
        {STORE_REQUESTS, "1", "[{\"node\":\"123456789012345678901234\"}]", ST_INPUT},
        {STORE_STATE, "counters",
         "{\"requests\":[1],\"answers\":[],\"refused\":[],\"limited\":0,\"journal\":0}", ST_OK},
        {STORE_STATE, "counters",
         "{\"requests\":[-1],\"answers\":[],\"refused\":[],\"limited\":0,\"journal\":0}", ST_INPUT},
        {STORE_STATE, "counters",
         "{\"requests\":[],\"answers\":5,\"refused\":[],\"limited\":0,\"journal\":0}", ST_INPUT},
        {STORE_STATE, "counters",
         "{\"requests\":[],\"answers\":[0,0,0,0,0,0,0],\"refused\":[],\"limited\":0,\"journal\":0}",
         ST_INPUT},
        {STORE_STATE, "counters",
         "{\"requests\":[],\"answers\":[],\"refused\":[\"x\"],\"limited\":0,\"journal\":0}", ST_INPUT},
        {STORE_STATE, "counters",
         "{\"requests\":[],\"answers\":[],\"refused\":[],\"limited\":-1,\"journal\":0}", ST_INPUT},
        {STORE_STATE, "counters",
         "{\"requests\":[],\"answers\":[],\"refused\":[],\"limited\":0,\"journal\":-1}", ST_INPUT},
        {STORE_STATE, "counters", "{}", ST_INPUT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct settings settings;
        struct orchestrator *o = NULL;
        struct store *store;
        struct why why = {""};
        enum status st;

        settings_init(&settings);
        settings.requests_saved = true;
        assert_int_equal(store_memory_new(&store, NULL), ST_OK);
        assert_int_equal(
            store_put(store, table[i].kind, table[i].key, bytes_of_text(table[i].value), NULL),
            ST_OK);
        st = orchestrator_new(&o, &settings, NULL, store, 0, &why);
        if (st != table[i].st || (st && !strstr(why.text, table[i].key)))
            fail_msg("row %zu: %d, '%s'", i, st, why.text);
        orchestrator_free(o);
        store_free(store);
    }
}

static void records_of_the_journal_come_in_their_order(void **state)
{
    struct bench *b = *state;
    struct why why;

    assert_int_equal(store_put(b->store, STORE_REQUESTS, "5", bytes_of_text("[{},{}]"), NULL), 0);
    assert_int_equal(store_put(b->store, STORE_REQUESTS, "6", bytes_of_text("[{}]"), NULL), 0);
    assert_int_equal(
        orchestrator_new(&b->o, &b->settings, &b->plan, b->store, 0, &why), ST_INPUT);
    assert_non_null(strstr(why.text, "requests '6'"));
}

/* ---- a store that stops working ---- */

static void a_broken_store_turns_every_answer_into_500(void **state)
{
    static const int budgets[][2] = {{3, 9}, {9, 2}}; /* puts, commits: start needs 3 and 2 */

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bench_failing_store f = bench_failing_store(budgets[i][0], budgets[i][1]);
        struct bench b;

        bench_init(&b);
        b.store = &f.base;
        bench_start(&b);
        assert_int_equal(bench_fetch(&b), 500);
        assert_non_null(strstr(b.verdict.why.text, "disk"));
        f.puts_left = f.commits_left = 9; /* too late */
        assert_int_equal(bench_send(&b, HTTP_GET, "/v3/nodes/" BENCH_NODE, bytes_of(NULL, 0)), 500);
        assert_int_equal(orchestrator_add_node(b.o, "6", BENCH_WALLET, NULL), ST_IO);
        orchestrator_tick(b.o, b.now_ns);
        bench_fini(&b);
    }
}

static void expect_journal(struct bench *b, const unsigned *statuses, size_t count)
{
    const struct admin_request all = {.method = "GET", .path = "/admin/requests"};
    struct admin_reply reply;
    json_t *page, *items;

    admin_reply_init(&reply);
    admin_answer(b->o, &reply, &all, b->now_ns);
    page = json_loadb((const char *)reply.body.data, reply.body.size, 0, NULL);
    items = json_object_get(page, "items");
    assert_int_equal(json_array_size(items), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(
            json_integer_value(json_object_get(json_array_get(items, i), "status")), statuses[i]);
    json_decref(page);
    admin_reply_fini(&reply);
}

static void grouped_answers_wait_for_one_commit(void **state)
{
    struct bench_failing_store f = bench_failing_store(99, 3); /* start: two */
    const struct orchestrator_metrics *metrics;
    struct bench b;

    (void)state;
    bench_init(&b);
    b.store = &f.base;
    bench_start(&b);
    orchestrator_group_commits(b.o);
    assert_int_equal(bench_fetch(&b), 200);
    assert_true(b.verdict.unsaved);
    assert_int_equal(look_at_node(&b), 200); /* may show what is unsaved: it waits too */
    assert_true(b.verdict.unsaved);
    assert_int_equal(f.commits_left, 1);
    assert_int_equal(orchestrator_commit(b.o, NULL), ST_OK);
    assert_int_equal(f.commits_left, 0);
    assert_int_equal(look_at_node(&b), 200);
    assert_false(b.verdict.unsaved);
    assert_int_equal(orchestrator_commit(b.o, NULL), ST_OK); /* nothing to do */
    assert_int_equal(bench_fetch(&b), 200);
    assert_int_equal(look_at_node(&b), 200);
    metrics = orchestrator_metrics(b.o);
    assert_true(metrics->answers[2] == 5 && metrics->answers[5] == 0);
    assert_int_equal(orchestrator_commit(b.o, NULL), ST_IO);
    assert_true(metrics->answers[2] == 3 && metrics->answers[5] == 2); /* what they got */
    expect_journal(&b, (const unsigned[]){200, 200, 200, 500, 500}, 5);
    assert_int_equal(look_at_node(&b), 500);
    assert_int_equal(orchestrator_commit(b.o, NULL), ST_IO);
    assert_true(metrics->answers[2] == 3 && metrics->answers[5] == 3);
    bench_fini(&b);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_restart_forgets_nothing),
        CASE(a_task_that_expired_meanwhile_is_gone),
        CASE(the_allowance_of_submissions_goes_on),
        CASE(the_allowance_of_wrong_submissions_goes_on),
        CASE(its_clock_goes_on_with_the_wall_however_often_it_restarts),
        CASE(the_allowance_of_nodes_goes_on),
        CASE(a_clock_that_jumps_by_half_a_century_stops_nothing),
        CASE(a_task_goes_on_counting_its_submissions),
        CASE(faults_go_on_with_their_counters_and_their_chance),
        CASE(another_seed_has_its_own_chance),
        CASE(a_wall_clock_set_back_does_not_turn_time_back),
        CASE(only_the_last_closed_tasks_are_remembered),
        CASE(a_thousand_tasks_take_the_room_of_a_few),
        CASE(a_task_that_counts_in_an_allowance_is_remembered),
        CASE(nothing_is_forgotten_when_told_so),
        CASE(a_task_before_the_judge_is_not_forgotten),
        CASE(damaged_records_are_refused_by_name),
        CASE(two_records_that_say_the_same_are_refused),
        CASE(one_wrong_field_is_enough),
        CASE(what_is_wrong_elsewhere_is_named_too),
        CASE(a_node_has_no_more_open_tasks_than_it_got),
        CASE(groups_of_tasks_come_back_as_far_as_they_can),
        CASE(a_record_put_again_has_the_new_value_in_the_old_place),
        CASE(the_journal_and_the_counters_go_on),
        CASE(a_path_that_is_not_utf8_loses_its_odd_bytes_only),
        CASE(the_store_holds_no_more_of_the_journal_than_the_memory),
        CASE(a_cleared_journal_stays_cleared),
        CASE(what_changed_nothing_is_written_a_moment_later),
        CASE(damaged_records_of_the_journal_are_refused_by_name),
        CASE(records_of_the_journal_come_in_their_order),
        CASE(grouped_answers_wait_for_one_commit),
        CASE(a_broken_store_turns_every_answer_into_500),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
