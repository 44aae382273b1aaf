/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching, proving and submitting side by side: what may overtake what. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/client/core/story.h"

#define FETCH  "/v3/tasks"
#define SUBMIT "/v3/tasks/submit"

/* Greeted, and the first fetch is waiting; a former run has made a proof. */
static void begin(struct story *s)
{
    story_begin(s);
    speed_proved(&s->learnt.speed, "fib", DIFFICULTY_SMALL_MEDIUM, 200 * NS_PER_S);
    s->options.learnt = &s->learnt;
    story_start(s);
    story_answer(s, 200, NULL, NULL);
}

static void give(struct story *s, const char *id)
{
    story_until_path(s, FETCH, 1e6);
    story_give(s, (struct story_task){id, "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL_MEDIUM, 1, 0});
}

static void prove(struct story *s, const char *id)
{
    story_pick(s, id, 0);
    story_prove(s, id);
}

static void the_next_task_is_fetched_while_one_is_proved_but_no_third(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    give(&s, "A");
    give(&s, "B");
    assert_true(story_time(&s) == 120);
    assert_string_equal(s.proofs[0].task, "A");
    story_until(&s, 1000);
    assert_false(story_waits(&s, FETCH)); /* it would only grow old */
    prove(&s, "A");
    assert_string_equal(s.proofs[0].task, "B"); /* at once */
    assert_int_equal(s.waiting_count, 2);
    assert_string_equal(s.waiting[0].path, SUBMIT); /* the proof first */
    assert_string_equal(s.waiting[1].path, FETCH);
    story_end(&s);
}

/* How long it takes, and whether it is in time, nobody knows yet: a task fetched behind it may be late. */
static void nothing_is_fetched_behind_the_first_proof_of_all(void **state)
{
    (void)state;
    for (unsigned places = 1; places <= 2; places++) {
        struct story s;

        story_begin(&s);
        s.options.proofs_at_once = places;
        story_start(&s);
        story_answer(&s, 200, NULL, NULL);
        give(&s, "A");
        story_until(&s, 1000);
        assert_int_equal(story_waits(&s, FETCH), places == 2); /* a place is free */
        if (places == 1) {
            prove(&s, "A");
            assert_true(story_waits(&s, FETCH));
            give(&s, "B"); /* the next ones overlap */
            story_until_path(&s, FETCH, 1121);
        }
        story_end(&s);
    }
}

static void a_submission_without_an_answer_stops_neither_proving_nor_fetching(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    give(&s, "A");
    prove(&s, "A");
    story_expect(&s, HTTP_POST, SUBMIT);
    give(&s, "B"); /* the answer is still on its way */
    assert_int_equal(s.proof_count, 1);
    prove(&s, "B");
    story_until(&s, 130);
    assert_int_equal(s.waiting_count, 1); /* I6: one submission at a time */
    story_expect(&s, HTTP_POST, SUBMIT);
    story_answer(&s, 200, NULL, NULL);
    story_expect(&s, HTTP_POST, SUBMIT);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(core_stats(s.core)->accepted, 2);
    story_end(&s);
}

static void a_held_submission_stops_neither_proving_nor_fetching(void **state)
{
    static const char *const ids[] = {"B", "C", "D"};
    struct story s;

    (void)state;
    begin(&s);
    give(&s, "A");
    prove(&s, "A");
    story_expect(&s, HTTP_POST, SUBMIT);
    story_answer(&s, 429, "100000", NULL);
    for (int i = 0; i < 3; i++) {
        give(&s, ids[i]);
        assert_true(story_time(&s) == 120 * (i + 1));
        prove(&s, ids[i]);
    }
    story_until(&s, 5000);
    assert_int_equal(s.waiting_count, 0); /* four are open */
    story_end(&s);
}

static void a_proof_that_may_go_out_goes_before_the_next_fetch(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    give(&s, "A");
    give(&s, "B");
    story_until(&s, 500); /* the next fetch is long due */
    s.disk->refuse = 1;
    prove(&s, "A"); /* B is begun: there is room for another one */
    assert_int_equal(s.waiting_count, 0);
    s.disk->refuse = 1; /* SENDING */
    story_until(&s, 505);
    assert_int_equal(s.waiting_count, 0);
    story_until(&s, 510);
    assert_true(story_waits(&s, SUBMIT));
    assert_true(story_waits(&s, FETCH));
    story_end(&s);
}

static void the_lines_tell_of_waiting_only_when_there_is_nothing_to_do(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    give(&s, "A");
    story_until(&s, 100);
    assert_false(story_said(&s, "waiting"));
    s.line_count = 0;
    story_until_path(&s, FETCH, 120);
    assert_string_equal(story_line(&s, "fetching")->text, "Step 1 of 4: Fetching task...");
    story_answer(&s, 500, NULL, NULL);
    prove(&s, "A");
    s.line_count = 0;
    story_expect(&s, HTTP_POST, SUBMIT);
    story_answer(&s, 200, NULL, NULL);
    assert_false(story_said(&s, "waiting")); /* the failure has said until when */
    give(&s, "B");
    story_until(&s, 300);
    prove(&s, "B");
    story_expect(&s, HTTP_POST, SUBMIT);
    assert_false(story_said(&s, "waiting"));
    story_answer(&s, 200, NULL, NULL);
    assert_string_equal(story_line(&s, "waiting")->text,
                        "Step 1 of 4: Waiting - ready for next task (60) seconds");
    s.line_count = 0;
    story_until_path(&s, FETCH, 361);
    assert_false(story_said(&s, "fetching"));
    story_end(&s);
}

static void max_tasks_counts_what_waits_for_the_prover(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    s.options.max_tasks = 2;
    s.options.proofs_at_once = 2;
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    give(&s, "A");
    give(&s, "B");
    prove(&s, "A");
    story_until(&s, 500);
    assert_false(story_waits(&s, FETCH));
    story_expect(&s, HTTP_POST, SUBMIT);
    story_answer(&s, 200, NULL, NULL);
    prove(&s, "B");
    story_until_path(&s, SUBMIT, 510);
    story_answer(&s, 200, NULL, NULL);
    assert_true(s.over);
    assert_int_equal(s.end, CORE_DONE);
    story_end(&s);
}

static void a_prover_with_free_places_begins_the_next_task(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    s.options.proofs_at_once = 4;
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    give(&s, "A");
    give(&s, "B");
    assert_int_equal(s.proof_count, 2);
    story_until(&s, 1000); /* the prover may have a queue of its own: no third task even so */
    assert_int_equal(s.waiting_count, 0);
    prove(&s, "B"); /* they end in any order */
    story_expect(&s, HTTP_POST, SUBMIT);
    story_answer(&s, 200, NULL, NULL);
    give(&s, "C");
    prove(&s, "A");
    story_pick(&s, "C", 0);
    story_fail_proof(&s, ST_GUEST, "it trapped");
    story_until_path(&s, SUBMIT, 1100);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(core_stats(s.core)->accepted, 2);
    assert_int_equal(core_stats(s.core)->abandoned, 1);
    story_end(&s);
}

static void a_slow_disk_holds_up_only_what_must_wait_for_it(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    s.slow_disk = true;
    give(&s, "A");
    assert_int_equal(s.proof_count, 0); /* I1 */
    story_saved(&s);
    prove(&s, "A");
    story_until(&s, 130); /* the next fetch is due, but the proof goes first */
    assert_int_equal(s.waiting_count, 0);
    story_saved(&s); /* PROVED */
    assert_int_equal(s.waiting_count, 0);
    assert_int_equal(story_state(&s, "A"), OUTBOX_SENDING);
    story_saved(&s); /* I2 */
    assert_int_equal(s.waiting_count, 2);
    story_answer(&s, 200, NULL, NULL);
    give(&s, "B");
    assert_int_equal(s.saving_count, 2);
    story_event(&s, EV_SHUTDOWN);
    story_until(&s, 131);
    assert_false(s.over);
    story_saved(&s);
    story_saved(&s);
    assert_true(s.over);
    assert_int_equal(story_state(&s, "A"), OUTBOX_ACKED);
    assert_int_equal(story_state(&s, "B"), OUTBOX_FETCHED);
    story_end(&s);
}

static void what_changes_while_it_is_written_is_written_again(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    s.options.proofs_at_once = 2;
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    story_give(&s, (struct story_task){"A", "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 2, 0});
    s.slow_disk = true;
    story_until(&s, 100);
    story_prove(&s, "p0"); /* more than a minute of proving */
    assert_int_equal(s.saving_count, 1);
    story_prove(&s, "p1");
    assert_int_equal(s.saving_count, 1); /* one write of a record at a time */
    assert_int_equal(story_state(&s, "A"), OUTBOX_FETCHED);
    story_saved(&s);
    assert_int_equal(story_state(&s, "A"), OUTBOX_PROVED);
    assert_int_equal(s.waiting_count, 0);
    story_saved(&s);
    story_saved(&s); /* SENDING */
    story_expect(&s, HTTP_POST, SUBMIT);
    story_end(&s);
}

static void what_arrives_for_a_task_that_is_given_up_is_thrown_away(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    s.options.proofs_at_once = 3;
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    story_give(&s, (struct story_task){"A", "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 3, 0});
    s.slow_disk = true;
    story_fail_proof(&s, ST_GUEST, "it trapped");
    story_prove(&s, "too late"); /* its end is not on disk yet */
    story_saved(&s);
    story_fail_proof(&s, ST_CANCELLED, "cancelled");
    assert_int_equal(core_stats(s.core)->abandoned, 1);
    assert_int_equal(core_open_tasks(s.core), 0);
    story_end(&s);
}

static void a_task_that_fails_does_not_cancel_another_one(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    s.options.proofs_at_once = 2;
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    give(&s, "A");
    give(&s, "B");
    story_pick(&s, "A", 0);
    story_fail_proof(&s, ST_GUEST, "it trapped");
    assert_int_equal(s.cancels, 0);
    prove(&s, "B");
    story_expect(&s, HTTP_POST, SUBMIT);
    story_end(&s);
}

static void a_stop_keeps_the_task_that_was_waiting(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    give(&s, "A");
    give(&s, "B");
    story_event(&s, EV_SHUTDOWN);
    assert_int_equal(s.cancels, 1);
    story_fail_proof(&s, ST_CANCELLED, "cancelled");
    assert_true(s.over);
    assert_int_equal(story_state(&s, "A"), OUTBOX_FETCHED);
    assert_int_equal(story_state(&s, "B"), OUTBOX_FETCHED);
    story_crash(&s);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    prove(&s, "A");
    prove(&s, "B");
    story_end(&s);
}

static void a_stop_while_a_fetch_is_under_way_does_not_wait_for_it(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    give(&s, "A");
    prove(&s, "A");
    story_until_path(&s, FETCH, 130);
    story_event(&s, EV_SHUTDOWN); /* the submission may still be answered */
    assert_false(s.over);
    story_give(&s, (struct story_task){"B", "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
    assert_int_equal(story_state(&s, "B"), OUTBOX_FETCHED); /* for the next run */
    assert_int_equal(s.proof_count, 0);
    story_expect(&s, HTTP_POST, SUBMIT);
    story_answer(&s, 200, NULL, NULL);
    assert_true(s.over);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_task_is_fetched_while_one_is_proved_but_no_third),
        cmocka_unit_test(nothing_is_fetched_behind_the_first_proof_of_all),
        cmocka_unit_test(a_submission_without_an_answer_stops_neither_proving_nor_fetching),
        cmocka_unit_test(a_held_submission_stops_neither_proving_nor_fetching),
        cmocka_unit_test(a_proof_that_may_go_out_goes_before_the_next_fetch),
        cmocka_unit_test(the_lines_tell_of_waiting_only_when_there_is_nothing_to_do),
        cmocka_unit_test(max_tasks_counts_what_waits_for_the_prover),
        cmocka_unit_test(a_prover_with_free_places_begins_the_next_task),
        cmocka_unit_test(a_slow_disk_holds_up_only_what_must_wait_for_it),
        cmocka_unit_test(what_changes_while_it_is_written_is_written_again),
        cmocka_unit_test(what_arrives_for_a_task_that_is_given_up_is_thrown_away),
        cmocka_unit_test(a_task_that_fails_does_not_cancel_another_one),
        cmocka_unit_test(a_stop_keeps_the_task_that_was_waiting),
        cmocka_unit_test(a_stop_while_a_fetch_is_under_way_does_not_wait_for_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
