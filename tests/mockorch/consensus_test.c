/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that get the same work, and whose word counts. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/mockorch/bench.h"

static struct bench b;
static struct bench_task tasks[5];

static int setup(void **state)
{
    (void)state;
    bench_init(&b);
    assert_int_equal(store_memory_new(&b.store, NULL), ST_OK);
    b.settings.fetches_per_window = 0;
    b.settings.judging = JUDGING_HASH; /* a full judge knows the hash by itself */
    b.settings.type_weights[0] = 0;
    b.settings.type_weights[1] = 1;
    b.settings.consensus = 3;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_fini(&b);
    return 0;
}

/* Nodes 0 to 4, each of a user of its own. */
static const char *node(int i)
{
    static const char *const ids[] = {BENCH_NODE, "10", "11", "12", "13"};

    return ids[i];
}

static void start(void)
{
    char wallet[48];

    bench_start(&b);
    for (int i = 1; i < 5; i++) {
        snprintf(wallet, sizeof wallet, "0x%040d", i);
        assert_int_equal(orchestrator_add_node(b.o, node(i), wallet, NULL), ST_OK);
    }
}

static void restart(void)
{
    orchestrator_free(b.o);
    b.o = NULL;
    assert_int_equal(orchestrator_new(&b.o, &b.settings, &b.plan, b.store, b.now_ns, NULL), ST_OK);
}

static void fetch(int i)
{
    assert_int_equal(bench_fetch_as(&b, node(i), DIFFICULTY_SMALL), 200);
    tasks[i] = bench_task(&b);
}

/* word 0: the right hash; others: a lie of that number. */
static unsigned submit(int i, uint8_t word)
{
    struct bench_submission s;
    struct bench_task told = tasks[i];
    unsigned status;

    told.inputs[0][0] ^= word;
    bench_prove(&b, &s, &told);
    status = bench_submit(&b, &s);
    bench_submission_fini(&s);
    return status;
}

static uint64_t credits_of(int i)
{
    char wallet[48];

    snprintf(wallet, sizeof wallet, "0x%040d", i);
    return orchestrator_credits(b.o, i ? wallet : BENCH_WALLET);
}

static void expect_credits(int a, int c, int d)
{
    assert_int_equal(credits_of(0), a);
    assert_int_equal(credits_of(1), c);
    assert_int_equal(credits_of(2), d);
}

static bool same_work(int i, int k)
{
    return memcmp(tasks[i].inputs, tasks[k].inputs, sizeof tasks[i].inputs) == 0;
}

static void three_nodes_get_the_same_work_as_tasks_of_their_own(void **state)
{
    struct bench_task first;

    (void)state;
    b.settings.programs[0].n = (struct settings_range){1, UINT32_MAX};
    start();
    fetch(0);
    first = tasks[0];
    fetch(0); /* no second seat for the same node */
    assert_memory_not_equal(first.inputs, tasks[0].inputs, 12);
    tasks[0] = first;
    fetch(1);
    fetch(2);
    assert_true(same_work(0, 1) && same_work(0, 2));
    assert_string_not_equal(tasks[0].task_id, tasks[1].task_id);
    assert_int_equal(tasks[1].type, TASK_PROOF_HASH);
    fetch(3); /* full: the next group */
    assert_false(same_work(0, 3));
}

static void the_majority_is_credited_at_once_and_the_third_is_compared(void **state)
{
    (void)state;
    start();
    for (int i = 0; i < 3; i++)
        fetch(i);
    assert_int_equal(submit(0, 0), 200);
    assert_non_null(strstr(b.verdict.why.text, "held"));
    expect_credits(0, 0, 0);
    assert_int_equal(submit(0, 0), 404); /* it was handed in */
    restart();
    assert_int_equal(submit(1, 0), 200);
    expect_credits(1, 1, 0);
    restart();
    assert_int_equal(submit(2, 5), 422); /* known by now */
    assert_int_equal(b.verdict.failed, CHECK_CONSENSUS);
    expect_credits(1, 1, 0);
    assert_int_equal(submit(2, 0), 200); /* it may do better */
    expect_credits(1, 1, 1);
    assert_int_equal(orchestrator_metrics(b.o)->tasks_accepted, 3);
}

static void the_minority_is_refused_when_the_majority_has_spoken(void **state)
{
    (void)state;
    b.settings.reputation = (struct settings_reputation){DIFFICULTY_LARGE, 0, 1};
    start();
    for (int i = 0; i < 3; i++)
        fetch(i);
    assert_int_equal(submit(0, 9), 200);
    assert_int_equal(submit(1, 0), 200);
    assert_int_equal(submit(2, 0), 200);
    expect_credits(0, 1, 1);
    assert_int_equal(orchestrator_metrics(b.o)->refused[CHECK_CONSENSUS], 1);
    assert_int_equal(submit(0, 0), 404); /* closed */
    restart();
    assert_int_equal(submit(0, 0), 404);
    assert_int_equal(bench_fetch_as(&b, node(0), DIFFICULTY_LARGE), 200);
    assert_int_equal(bench_task(&b).difficulty, DIFFICULTY_MEDIUM); /* punished */
    assert_int_equal(bench_fetch_as(&b, node(1), DIFFICULTY_LARGE), 200);
}

static void without_a_majority_nobody_is_credited_and_nobody_to_blame(void **state)
{
    (void)state;
    start();
    for (int i = 0; i < 3; i++) {
        fetch(i);
        b.now_ns += SECOND;
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(submit(i, (uint8_t)(i + 1)), 200);
    for (int i = 0; i < 2; i++) {
        expect_credits(0, 0, 0);
        assert_true(orchestrator_deadline_ns(b.o) == 600 * SECOND);
        restart();
    }
    b.now_ns = 602 * SECOND;
    orchestrator_tick(b.o, b.now_ns);
    assert_int_equal(orchestrator_metrics(b.o)->tasks_expired, 3);
    assert_int_equal(orchestrator_metrics(b.o)->refused[CHECK_CONSENSUS], 0);
    restart();
    expect_credits(0, 0, 0);
}

static void a_seat_is_taken_while_there_is_time_and_need(void **state)
{
    (void)state;
    b.settings.programs[0].n = (struct settings_range){1, UINT32_MAX};
    start();
    fetch(0);
    b.now_ns = 599 * SECOND;
    fetch(1);
    assert_true(same_work(0, 1));
    b.now_ns = 601 * SECOND; /* the first one's time is over */
    fetch(2);
    assert_false(same_work(0, 2));
    b.settings.consensus = 2;
    assert_int_equal(submit(1, 0), 200);
    b.now_ns = 3000 * SECOND;
    orchestrator_tick(b.o, b.now_ns);
    expect_credits(0, 0, 0);
}

static void a_decided_group_takes_no_more(void **state)
{
    (void)state;
    b.settings.programs[0].n = (struct settings_range){1, UINT32_MAX};
    start();
    fetch(0);
    fetch(1);
    assert_int_equal(submit(0, 0), 200);
    assert_int_equal(submit(1, 0), 200);
    expect_credits(1, 1, 0);
    fetch(2);
    assert_false(same_work(0, 2));
}

static void a_younger_group_may_end_first(void **state)
{
    (void)state;
    b.settings.consensus = 2;
    start();
    fetch(0);
    fetch(0); /* another group */
    fetch(1); /* the first group's other seat */
    fetch(1); /* the second's */
    assert_true(same_work(0, 1));
    assert_int_equal(submit(0, 0), 200);
    assert_int_equal(submit(1, 0), 200);
    expect_credits(1, 1, 0);
    fetch(2);
    fetch(3);
    assert_true(same_work(2, 3));
}

static void a_harder_group_is_not_for_everybody(void **state)
{
    (void)state;
    start();
    assert_int_equal(bench_fetch_as(&b, node(0), DIFFICULTY_LARGE), 200);
    fetch(1);
    assert_int_equal(tasks[1].difficulty, DIFFICULTY_SMALL);
}

static void odd_tasks_and_tasks_with_proofs_have_no_group(void **state)
{
    (void)state;
    bench_fault(&b, "task_long_id");
    b.plan.rules[0].where.nth = 1;
    start();
    fetch(0);
    assert_int_equal(submit(0, 0), 200);
    expect_credits(1, 0, 0);
    orchestrator_free(b.o);
    b.o = NULL;
    b.settings.type_weights[0] = 1;
    b.settings.type_weights[1] = 0;
    assert_int_equal(orchestrator_new(&b.o, &b.settings, &b.plan, b.store, b.now_ns, NULL), ST_OK);
    fetch(1);
    assert_int_equal(submit(1, 0), 200);
    expect_credits(1, 1, 0);
}

/* Allowances of submissions count what was handed in, when it was handed in. */
static void what_is_held_counts_in_the_allowance(void **state)
{
    (void)state;
    b.settings.submissions_per_window = 1;
    b.settings.closed_tasks_kept = 1;
    start();
    fetch(0);
    fetch(1);
    b.now_ns = 10 * SECOND;
    assert_int_equal(submit(0, 0), 200);
    fetch(0);
    restart();
    b.now_ns = 30 * SECOND;
    assert_int_equal(submit(0, 0), 429);
    assert_string_equal(bench_header(&b, "retry-after"), "160");
    assert_int_equal(submit(1, 0), 200); /* decides */
    restart();
    assert_int_equal(submit(0, 0), 429);
    assert_string_equal(bench_header(&b, "retry-after"), "160");
}

/* Whoever submits something for a task without inputs has no proof that could hash to it. */
static void a_task_without_inputs_cannot_be_proved(void **state)
{
    struct bench_submission s;
    struct bench_task t;

    (void)state;
    b.settings.type_weights[0] = 1;
    b.settings.type_weights[1] = 0;
    bench_fault(&b, "task_no_inputs");
    start();
    assert_int_equal(bench_fetch_as(&b, node(0), DIFFICULTY_SMALL), 200);
    t = bench_task(&b);
    bench_prove(&b, &s, &t);
    memset(s.proof_hash, 'a', sizeof s.proof_hash - 1);
    bench_sign(&b, &s);
    assert_int_equal(bench_submit(&b, &s), 422);
    assert_int_equal(b.verdict.failed, CHECK_HASH);
    bench_submission_fini(&s);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(three_nodes_get_the_same_work_as_tasks_of_their_own),
        CASE(the_majority_is_credited_at_once_and_the_third_is_compared),
        CASE(the_minority_is_refused_when_the_majority_has_spoken),
        CASE(without_a_majority_nobody_is_credited_and_nobody_to_blame),
        CASE(a_seat_is_taken_while_there_is_time_and_need),
        CASE(a_decided_group_takes_no_more),
        CASE(a_younger_group_may_end_first),
        CASE(a_harder_group_is_not_for_everybody),
        CASE(odd_tasks_and_tasks_with_proofs_have_no_group),
        CASE(a_task_without_inputs_cannot_be_proved),
        CASE(what_is_held_counts_in_the_allowance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
