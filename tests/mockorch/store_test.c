/* SPDX-License-Identifier: Apache-2.0 */
/* What survives a restart, and what a broken store does. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
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

static void damaged_records_are_refused_by_name(void **state)
{
    static const struct {
        enum store_kind kind;
        const char *key, *value, *words;
    } table[] = {
        {STORE_USER, BENCH_UUID, "{", "user '11111111-2222"},
        {STORE_USER, BENCH_UUID, "{\"wallet\":5,\"credits\":1}", "is damaged"},
        {STORE_USER, "x", "{\"wallet\":\"" BENCH_WALLET "\",\"credits\":1}", "uuid"},
        {STORE_NODE, "5", "[]", "node '5'"},
        {STORE_NODE, "5", "{\"user\":\"nobody\",\"type\":1}", "node '5'"},
        {STORE_TASK, "t", "{}", "task 't'"},
        {STORE_TASK, "t", "{\"inputs\":[5]}", "task 't'"},
        {STORE_TASK, "t", "{\"inputs\":[\"zz\"]}", "task 't'"},
        {STORE_TASK, "t", "{\"inputs\":[\"000000000000000000000000000000\"]}", "task 't'"},
        {STORE_TASK, "t", "nonsense", "task 't'"},
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

/* ---- a store that stops working ---- */

struct failing_store {
    struct store base;
    int puts_left, commits_left;
};

static enum status failing_put(struct store *base, enum store_kind kind, const char *key,
                               struct bytes value, struct why *why)
{
    struct failing_store *f = (struct failing_store *)base;

    (void)kind;
    (void)key;
    (void)value;
    return f->puts_left-- > 0 ? ST_OK : fail(why, ST_IO, "disk full");
}

static enum status failing_commit(struct store *base, struct why *why)
{
    struct failing_store *f = (struct failing_store *)base;

    return f->commits_left-- > 0 ? ST_OK : fail(why, ST_IO, "disk gone");
}

static enum status failing_each(struct store *base, enum store_kind kind, store_visit *visit,
                                void *context, struct why *why)
{
    (void)base;
    (void)kind;
    (void)visit;
    (void)context;
    (void)why;
    return ST_OK;
}

static void leave(struct store *base)
{
    (void)base;
}

static void a_broken_store_turns_every_answer_into_500(void **state)
{
    static const struct store_ops ops = {
        .put = failing_put, .commit = failing_commit, .each = failing_each, .free = leave};
    static const int budgets[][2] = {{2, 9}, {9, 1}}; /* puts, commits: start needs 2 and 1 */

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct failing_store f = {{&ops}, budgets[i][0], budgets[i][1]};
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

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_restart_forgets_nothing),
        CASE(a_task_that_expired_meanwhile_is_gone),
        CASE(damaged_records_are_refused_by_name),
        CASE(a_record_put_again_has_the_new_value_in_the_old_place),
        CASE(a_broken_store_turns_every_answer_into_500),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
