/* SPDX-License-Identifier: Apache-2.0 */
/* One client that works for several nodes of a user, as stories on a scripted clock. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/snapshot.h"
#include "tests/client/core/story.h"

#define FETCH  "/v3/tasks"
#define SUBMIT "/v3/tasks/submit"

static const char *const three[] = {"11", "22", "33"};

static void begin(struct story *s)
{
    story_begin(s);
    s->options.node_ids = three;
    s->options.node_count = 3;
    story_start(s);
}

/* All three known, and the first fetch is waiting. */
static void greet(struct story *s)
{
    begin(s);
    for (int i = 0; i < 3; i++) {
        char path[32];

        snprintf(path, sizeof path, "/v3/nodes/%s", three[i]);
        story_until_path(s, path, 10);
        story_answer(s, 200, NULL, NULL);
    }
    story_expect(s, HTTP_POST, FETCH);
}

static void give(struct story *s, const char *id)
{
    story_give(s, (struct story_task){id, "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
}

static void expect_turn(struct story *s, const char *node)
{
    story_until_path(s, FETCH, 1e6);
    (void)story_asked(s);
    assert_string_equal(s->asked_for, node);
}

static void work_begins_with_the_first_node_that_is_known(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    story_expect(&s, HTTP_GET, "/v3/nodes/11");
    assert_int_equal(s.waiting_count, 1); /* one is asked about at a time */
    story_answer(&s, 200, NULL, NULL);
    assert_string_equal(story_line(&s, "ready")->text, "Ready to fetch tasks for node 11");
    expect_turn(&s, "11");
    assert_int_equal(s.waiting_count, 1);
    story_until(&s, 1.9);
    assert_int_equal(s.waiting_count, 1);
    story_until(&s, 2);
    story_expect(&s, HTTP_GET, "/v3/nodes/22");
    story_answer(&s, 200, NULL, NULL);
    story_until(&s, 4);
    story_expect(&s, HTTP_GET, "/v3/nodes/33");
    story_answer(&s, 200, NULL, NULL);
    assert_string_equal(story_line(&s, "ready")->text, "Ready to fetch tasks for node 33");
    story_until(&s, 119);
    assert_int_equal(s.requests, 4);
    story_end(&s);
}

static void fetches_go_round_at_the_pace_of_one(void **state)
{
    static const char *const turns[] = {"22", "33", "11", "22"};
    struct story s;

    (void)state;
    greet(&s);
    for (int i = 0; i < 4; i++) {
        double before = story_time(&s);

        story_answer(&s, 429, NULL, NULL); /* the user's allowance, no node's fault */
        expect_turn(&s, turns[i]);
        assert_true(story_time(&s) >= before + 120);
    }
    story_end(&s);
}

static void each_record_carries_the_node_that_fetched_it(void **state)
{
    struct story s;
    struct snapshot snapshot;

    (void)state;
    greet(&s);
    give(&s, "A");
    story_prove(&s, "p");
    story_answer(&s, 200, NULL, NULL);
    expect_turn(&s, "22");
    give(&s, "B");
    core_snapshot(s.core, &snapshot, s.now_ns);
    assert_int_equal(snapshot.node_count, 3);
    assert_string_equal(snapshot.nodes[0].id, "11");
    assert_string_equal(snapshot.nodes[0].standing, "known");
    assert_int_equal(snapshot.nodes[0].accepted, 1);
    assert_int_equal(snapshot.nodes[0].open, 0);
    assert_int_equal(snapshot.nodes[1].fetch_requests, 1);
    assert_int_equal(snapshot.nodes[1].fetched, 1);
    assert_int_equal(snapshot.nodes[1].open, 1);
    assert_string_equal(snapshot.tasks[0].node_id, "22");
    assert_int_equal(snapshot.nodes[2].fetch_requests, 0);
    story_end(&s);
}

static void a_refused_node_is_left_out_and_the_last_one_ends_the_run(void **state)
{
    struct snapshot snapshot;
    struct story s;

    (void)state;
    begin(&s);
    story_answer(&s, 404, NULL, NULL);
    assert_non_null(strstr(story_line(&s, "node_refused")->text, "node 11"));
    assert_false(s.over);
    story_until_path(&s, "/v3/nodes/22", 3);
    story_answer(&s, 200, NULL, NULL);
    expect_turn(&s, "22");
    story_until_path(&s, "/v3/nodes/33", 5);
    story_answer(&s, 403, NULL, NULL); /* while work is under way */
    assert_non_null(strstr(story_line(&s, "node_refused")->text, "node 33"));
    assert_false(s.over);
    core_snapshot(s.core, &snapshot, s.now_ns);
    assert_string_equal(snapshot.nodes[0].standing, "refused");
    story_expect(&s, HTTP_POST, FETCH);
    story_answer(&s, 429, NULL, NULL);
    expect_turn(&s, "22");
    story_end(&s);

    begin(&s);
    for (int i = 0; i < 3; i++) {
        assert_false(s.over);
        story_until_request(&s, 10);
        story_answer(&s, i == 1 ? 401 : 404, NULL, NULL);
    }
    assert_true(s.over);
    assert_int_equal(s.end, CORE_NO_NODE);
    assert_int_equal(s.requests, 3);
    story_end(&s);
}

static void nodes_that_are_not_reachable_are_asked_about_again_in_turn(void **state)
{
    struct snapshot snapshot;
    struct story s;
    double before;

    (void)state;
    begin(&s);
    story_break(&s, false);
    story_until_path(&s, "/v3/nodes/22", 10);
    story_answer(&s, 503, NULL, NULL);
    story_until_path(&s, "/v3/nodes/33", 20);
    story_answer(&s, 200, NULL, NULL);
    expect_turn(&s, "33");
    core_snapshot(s.core, &snapshot, s.now_ns);
    assert_string_equal(snapshot.nodes[0].standing, "not asked yet");
    story_until_path(&s, "/v3/nodes/11", 30);
    story_answer(&s, 429, "300", NULL);
    before = story_time(&s);
    story_until_path(&s, "/v3/nodes/22", 1000);
    assert_true(story_time(&s) >= before + 300); /* whichever node: the route was held */
    story_answer(&s, 200, "700", NULL);
    before = story_time(&s);
    story_until_path(&s, "/v3/nodes/11", 2000);
    assert_true(story_time(&s) >= before + 700);
    story_answer(&s, 200, NULL, NULL);
    story_expect(&s, HTTP_POST, FETCH);
    story_answer(&s, 429, NULL, NULL);
    expect_turn(&s, "11");
    story_answer(&s, 429, NULL, NULL);
    expect_turn(&s, "22");
    story_end(&s);
}

/* 404 to a fetch: the orchestrator has forgotten the node since. */
static void a_node_with_troubles_of_its_own_leaves_its_turns_to_others(void **state)
{
    static const char *const turns[] = {"22", "33", "22", "33", "11", "22",
                                        "33", "22", "33", "22", "33", "11"};
    struct story s;

    (void)state;
    greet(&s);
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        double before = story_time(&s);
        char id[8];

        snprintf(id, sizeof id, "T%u", (unsigned)i);
        if (strcmp(s.asked_for, "22") == 0 || strcmp(s.asked_for, "33") == 0) {
            give(&s, id);
            story_prove(&s, "p");
            story_answer(&s, 200, NULL, NULL);
        } else {
            story_answer(&s, 404, NULL, NULL);
        }
        expect_turn(&s, turns[i]);
        assert_true(story_time(&s) == before + 120); /* the others do not wait for it */
    }
    give(&s, "at last");
    story_prove(&s, "p");
    story_answer(&s, 200, NULL, NULL);
    for (size_t i = 0; i < 4; i++) { /* all is forgiven */
        static const char *const round[] = {"22", "33", "11", "22"};

        expect_turn(&s, round[i]);
        story_answer(&s, 429, NULL, NULL);
    }
    story_end(&s);
}

static void a_task_given_twice_makes_its_node_stand_aside(void **state)
{
    struct story s;

    (void)state;
    greet(&s);
    give(&s, "A");
    story_prove(&s, "p");
    story_answer(&s, 429, "5000", NULL); /* A stays open */
    expect_turn(&s, "22");
    story_answer(&s, 429, NULL, NULL);
    expect_turn(&s, "33");
    story_answer(&s, 429, NULL, NULL);
    expect_turn(&s, "11");
    give(&s, "A");
    assert_int_equal(core_stats(s.core)->duplicates, 1);
    expect_turn(&s, "22");
    story_answer(&s, 429, NULL, NULL);
    expect_turn(&s, "33");
    story_answer(&s, 429, NULL, NULL);
    expect_turn(&s, "22");
    story_end(&s);
}

static void troubles_of_all_nodes_are_waited_out_together(void **state)
{
    struct story s;
    double longest = 0;

    (void)state;
    greet(&s);
    for (int i = 0; i < 60; i++) {
        double before = story_time(&s);

        story_answer(&s, 404, NULL, NULL);
        story_until_path(&s, FETCH, 1e6);
        assert_true(story_time(&s) >= before + 120);
        if (story_time(&s) - before > longest)
            longest = story_time(&s) - before;
    }
    assert_true(longest > 300);
    story_end(&s);
}

static void a_refused_node_takes_nobody_s_turns(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    story_answer(&s, 404, NULL, NULL); /* 11 is left out */
    story_until_path(&s, "/v3/nodes/22", 10);
    story_answer(&s, 200, NULL, NULL);
    story_answer(&s, 404, "1000",
                 NULL); /* 22 is forgotten, 33 not known yet: nobody to stand aside for */
    story_until_path(&s, FETCH, 1200);
    assert_true(story_time(&s) >= 1000); /* a Retry-After counts for the allowance of all */
    story_end(&s);
}

static void what_is_answered_about_a_node_after_the_stop_changes_nothing(void **state)
{
    struct story s;

    (void)state;
    for (int how = 0; how < 2; how++) {
        begin(&s);
        story_answer(&s, 200, NULL, NULL);
        story_give(&s, (struct story_task){"A", "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
        story_until_path(&s, "/v3/nodes/22", 10);
        story_event(&s, EV_SHUTDOWN);
        if (how)
            story_break(&s, false);
        else
            story_answer(&s, 404, NULL, NULL);
        assert_false(story_said(&s, "node_refused"));
        assert_false(story_said(&s, "node_unreachable"));
        story_fail_proof(&s, ST_CANCELLED, "cancelled");
        assert_int_equal(s.end, CORE_INTERRUPTED);
        story_end(&s);
    }
}

static void a_retry_after_to_one_node_is_obeyed_by_all(void **state)
{
    struct story s;

    (void)state;
    greet(&s);
    story_answer(&s, 404, "1000", NULL);
    story_until_path(&s, FETCH, 2000);
    assert_true(story_time(&s) >= 1000);
    assert_int_equal(story_asked(&s), DIFFICULTY_SMALL_MEDIUM);
    assert_string_equal(s.asked_for, "22");
    story_end(&s);
}

static void a_record_of_a_node_that_is_ours_no_more_is_still_submitted(void **state)
{
    static const char *const other[] = {"44"};
    struct story s;

    (void)state;
    greet(&s);
    give(&s, "A");
    story_prove(&s, "p");
    story_answer(&s, 503, NULL, NULL);
    story_crash(&s);
    s.options.node_ids = other;
    s.options.node_count = 1;
    story_start(&s);
    story_expect(&s, HTTP_POST, SUBMIT);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(story_state(&s, "A"), OUTBOX_ACKED);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_begins_with_the_first_node_that_is_known),
        cmocka_unit_test(fetches_go_round_at_the_pace_of_one),
        cmocka_unit_test(each_record_carries_the_node_that_fetched_it),
        cmocka_unit_test(a_refused_node_is_left_out_and_the_last_one_ends_the_run),
        cmocka_unit_test(nodes_that_are_not_reachable_are_asked_about_again_in_turn),
        cmocka_unit_test(a_node_with_troubles_of_its_own_leaves_its_turns_to_others),
        cmocka_unit_test(a_task_given_twice_makes_its_node_stand_aside),
        cmocka_unit_test(troubles_of_all_nodes_are_waited_out_together),
        cmocka_unit_test(a_refused_node_takes_nobody_s_turns),
        cmocka_unit_test(what_is_answered_about_a_node_after_the_stop_changes_nothing),
        cmocka_unit_test(a_retry_after_to_one_node_is_obeyed_by_all),
        cmocka_unit_test(a_record_of_a_node_that_is_ours_no_more_is_still_submitted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
