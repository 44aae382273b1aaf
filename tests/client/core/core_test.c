/* SPDX-License-Identifier: Apache-2.0 */
/* The client's core as stories on a scripted clock: greeting, fetching, proving, stopping. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/client/core/story.h"
#include "tests/support/support.h"

#define NODE_PATH "/v3/nodes/5880437"

/* ---- the time line of client.md 5.7 ---- */

static void the_reference_s_day_goes_better(void **state)
{
    struct story s;
    double second;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_expect(&s, HTTP_GET, NODE_PATH);
    story_until(&s, 1.1);
    story_answer(&s, 200, NULL, NULL);

    /* 1.1: the first fetch is immediate and asks for SMALL_MEDIUM; 30 s of proving; accepted. */
    assert_int_equal(story_asked(&s), DIFFICULTY_SMALL_MEDIUM);
    story_give(&s, (struct story_task){"A", "fib_input_initial", TASK_PROOF_REQUIRED,
                                       DIFFICULTY_SMALL_MEDIUM, 1, 0});
    assert_string_equal(s.program, "fib_input_initial");
    assert_int_equal(s.input[0], 9);
    story_until(&s, 31.4);
    story_prove(&s, "proof A");
    story_expect(&s, HTTP_POST, "/v3/tasks/submit");
    story_answer(&s, 200, NULL, NULL);
    assert_string_equal(story_line(&s, "submitted")->text,
                        "Step 4 of 4: Proof submitted successfully for task A");
    assert_string_equal(story_line(&s, "waiting")->text,
                        "Step 1 of 4: Waiting - ready for next task (90) seconds");

    /* 121.1: asks for the next bucket; 429, Retry-After 60, which the interval outlasts. */
    story_until_request(&s, 200);
    assert_true(story_time(&s) == 121.1);
    assert_int_equal(story_asked(&s), DIFFICULTY_MEDIUM);
    story_answer(&s, 429, "60", NULL);

    /* 241.1: 503. The reference asks again at once; here once is enough. */
    story_until_request(&s, 300);
    assert_true(story_time(&s) == 241.1);
    assert_int_equal(story_asked(&s), DIFFICULTY_MEDIUM);
    story_answer(&s, 503, NULL, "<html>");
    assert_int_equal(s.request, 0);

    /* 361.1: task B, of less difficulty than asked for. */
    story_until_request(&s, 400);
    assert_true(story_time(&s) == 361.1);
    story_give(&s, (struct story_task){"B", "fib", TASK_PROOF_REQUIRED, DIFFICULTY_SMALL, 1, 0});
    assert_string_equal(story_line(&s, "difficulty_adjusted")->text,
                        "Server adjusted difficulty: asked MEDIUM, assigned SMALL (by reputation)");

    /* 400: the submission is limited. The reference loses the proof; here it is sent again. */
    story_until(&s, 400);
    story_prove(&s, "proof B");
    story_answer(&s, 429, "30", NULL);
    assert_int_equal(story_state(&s, "B"), OUTBOX_PROVED);
    story_until_request(&s, 440);
    story_expect(&s, HTTP_POST, "/v3/tasks/submit");
    second = story_time(&s);
    assert_true(second >= 430 && second <= 433);
    story_answer(&s, 200, NULL, NULL);
    assert_string_equal(story_line(&s, "submitted")->text,
                        "Step 4 of 4: Proof submitted successfully for task B (2 attempts)");

    /* 481.1: the last success is B, so one above SMALL. */
    story_until_request(&s, 500);
    assert_true(story_time(&s) == 481.1);
    assert_int_equal(story_asked(&s), DIFFICULTY_SMALL_MEDIUM);
    assert_int_equal(core_stats(s.core)->accepted, 2);
    assert_int_equal(core_stats(s.core)->submit_requests, 3);
    story_end(&s);
}

/* Our rule against each of the network's vectors: never before the reference's interval, never
 * before what the server asked for, one request at a time. */
static void retry_after_of_a_fetch_is_obeyed_for_every_vector(void **state)
{
    json_t *root = golden_json("client/retry.json");
    json_t *c;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(root, "cases"), i, c)
    {
        unsigned status = (unsigned)json_integer_value(json_object_get(c, "status"));
        const char *header = json_string_value(json_object_get(c, "retry_after"));
        json_t *parsed = json_object_get(c, "seconds");
        double asked = 0, wait;
        bool halved;
        struct story s;

        /* The reference takes 30 for any 5xx; here the header counts for them too. */
        if (status >= 500)
            asked = header ? atof(header) : 0;
        else if (json_is_integer(parsed))
            asked = (double)json_integer_value(parsed);
        if (asked > 24 * 3600)
            asked = 24 * 3600;
        story_begin(&s);
        s.options.seed = i;
        story_start(&s);
        story_answer(&s, 200, NULL, NULL);
        story_expect(&s, HTTP_POST, "/v3/tasks");
        story_answer(&s, status, header, NULL);
        assert_int_equal(s.request, 0); /* fetch_attempts_in_a_row: never more than one */
        if (header && strstr(header, "2026")) { /* a date: the story's wall clock is before it */
            story_until_request(&s, 1e9);
            assert_true(story_time(&s) > 24 * 3600);
        } else if (header && strcmp(header, "4294967296") == 0) {
            /* beyond 32 bits: no advice for the reference; either way the interval holds */
            story_until_request(&s, 90000);
            assert_true(story_time(&s) >= 120);
        } else {
            story_until_request(&s, 100000);
            wait = story_time(&s);
            assert_true(wait >= 120 && wait >= asked);
            /* A 429 that names no time to speak of halves the rate. */
            halved = status == 429 && asked < 60;
            assert_true(wait <= (halved ? 240 : 120) || wait <= asked + 30 + 1e-9);
            assert_true(asked < 110 ? wait == (halved ? 240 : 120) : true);
            if (json_integer_value(json_object_get(c, "next_fetch_after_s")) == 120 &&
                status < 500 && !halved)
                assert_true(wait <= 120 * 1.1);
        }
        story_end(&s);
    }
    assert_int_equal(i, 26);
    json_decref(root);
}

/* ---- greeting ---- */

static void a_node_that_is_refused_ends_the_run(void **state)
{
    static const struct {
        unsigned status;
        const char *word;
    } table[] = {{404, "register-node"}, {403, "place"}, {401, "401"}, {400, "400"}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct story s;

        story_begin(&s);
        story_start(&s);
        story_answer(&s, table[i].status, NULL, "no");
        assert_true(s.over);
        assert_int_equal(s.end, table[i].status == 403 ? CORE_NOT_SERVED : CORE_NO_NODE);
        assert_non_null(strstr(story_line(&s, "node_refused")->text, table[i].word));
        story_end(&s);
    }
}

static void a_server_that_is_down_at_start_is_waited_for(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_break(&s, false);
    assert_true(story_said(&s, "node_unreachable"));
    for (int i = 0; i < 20; i++) {
        story_until_request(&s, 20000);
        story_expect(&s, HTTP_GET, NODE_PATH);
        story_answer(&s, i % 2 ? 503 : 408, NULL, "<html>");
    }
    assert_true(story_time(&s) > 60);
    assert_true(story_said(&s, "route_failing"));
    story_until_request(&s, 20000);
    story_answer(&s, 429, "500", NULL);
    {
        double before = story_time(&s);

        story_until_request(&s, 20000);
        assert_true(story_time(&s) >= before + 500);
    }
    story_answer(&s, 200, NULL, NULL);
    story_expect(&s, HTTP_POST, "/v3/tasks");
    story_end(&s);
}

static void requests_carry_the_headers_of_the_network_client(void **state)
{
    struct story s;
    const struct http_header *h = s.headers.headers;

    (void)state;
    story_begin(&s);
    story_start(&s);
    assert_int_equal(s.headers.header_count, 3);
    assert_string_equal(http_header_of(h, 3, "user-agent"), "nexus-cli/0.10.18");
    assert_string_equal(http_header_of(h, 3, "x-build-timestamp"), "1770077994000");
    assert_string_equal(http_header_of(h, 3, "accept"), "*/*");
    story_answer(&s, 200, NULL, "any body");
    assert_int_equal(s.headers.header_count, 4);
    assert_string_equal(http_header_of(h, 4, "content-type"), "application/octet-stream");
    story_end(&s);
}

/* ---- fetching ---- */

static void odd_answers_to_a_fetch_are_errors_and_not_the_end(void **state)
{
    static const uint8_t unknown_type[] = {0x22, 0x09, 0x0a, 0x01, 'A', 0x30, 0x63,
                                           0x2a, 0x02, 'x',  'y'};
    static const uint8_t broken[] = {0x22, 0x7f, 0x00};
    static const struct {
        struct bytes body;
        const char *word;
    } table[] = {
        {{NULL, 0}, "no task"},
        {{(const uint8_t *)"\x22\x00", 2}, "no task"},
        {{unknown_type, sizeof unknown_type}, "Decoding error"},
        {{broken, sizeof broken}, "Decoding error"},
        {{(const uint8_t *)"<html>", 6}, "Decoding error"},
    };
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    for (size_t i = 0; i < 5; i++) {
        story_until_request(&s, 1e6);
        story_answer_bytes(&s, 200, table[i].body);
        assert_false(s.over);
        assert_int_equal(s.proof, 0);
        assert_non_null(strstr(story_line(&s, "fetch_failed")->text, table[i].word));
    }
    assert_int_equal(core_stats(s.core)->fetch_errors, 5);
    story_end(&s);
}

static void every_fetch_error_repeats_at_the_interval_s_pace(void **state)
{
    static const unsigned statuses[] = {401, 403, 404, 400, 429, 500, 302, 101};
    struct story s;
    double last = 0;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    for (size_t i = 0; i < 8; i++) {
        story_answer(&s, statuses[i], NULL, "x");
        story_until_request(&s, 1e5);
        assert_true(story_time(&s) >= last + 120);
        last = story_time(&s);
    }
    story_break(&s, true);
    story_until_request(&s, 1e5);
    assert_true(story_time(&s) >= last + 120);
    assert_int_equal(story_line(&s, "fetch_limited")->status, 429);
    story_end(&s);
}

static void failures_in_a_row_wait_longer_and_longer(void **state)
{
    struct story s;
    double longest = 0;

    (void)state;
    story_begin(&s);
    s.options.fetch_gap_ns = NS_PER_S;
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    for (int i = 0; i < 40; i++) {
        double before = story_time(&s);

        story_answer(&s, 500, NULL, NULL);
        story_until_request(&s, 1e6);
        assert_true(story_time(&s) - before >= 1);
        assert_true(story_time(&s) - before <= 660); /* a breaker's longest, and a tenth */
        if (story_time(&s) - before > longest)
            longest = story_time(&s) - before;
    }
    assert_true(longest > 300);
    story_end(&s);
}

static void malformed_tasks_are_given_up_and_the_next_is_fetched(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    story_give(&s, (struct story_task){"short", "fib", TASK_PROOF_REQUIRED, DIFFICULTY_SMALL, 2, 11});
    assert_int_equal(s.proof, 0);
    assert_int_equal(story_state(&s, "short"), OUTBOX_ABANDONED);
    assert_string_equal(story_line(&s, "abandoned")->task_id, "short");
    story_until_request(&s, 130);
    story_give(&s, (struct story_task){"none", "fib", TASK_PROOF_REQUIRED, DIFFICULTY_SMALL, 0, 0});
    assert_int_equal(story_state(&s, "none"), OUTBOX_ABANDONED);
    assert_non_null(strstr(story_line(&s, "abandoned")->text, "no inputs"));
    story_until_request(&s, 250);
    assert_int_equal(core_stats(s.core)->abandoned, 2);
    assert_int_equal(core_open_tasks(s.core), 0);
    story_end(&s);
}

static void a_known_task_is_never_proved_twice(void **state)
{
    struct story_task a = {"A", "fib", TASK_PROOF_REQUIRED, DIFFICULTY_SMALL, 1, 0};
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_to_task(&s, "A");
    story_prove(&s, "p");
    story_answer(&s, 503, "1000", NULL);
    story_until_request(&s, 130);
    story_give(&s, a); /* still open */
    assert_int_equal(s.proof, 0);
    assert_int_equal(core_stats(s.core)->duplicates, 1);
    while (core_stats(s.core)->accepted == 0) {
        story_until_request(&s, 2000);
        if (strcmp(s.path, "/v3/tasks") == 0)
            story_answer(&s, 429, NULL, NULL);
        else
            story_answer(&s, 200, NULL, NULL);
    }
    story_until_request(&s, 4000);
    story_give(&s, a); /* closed */
    assert_int_equal(s.proof, 0);
    assert_int_equal(core_stats(s.core)->duplicates, 2);

    story_crash(&s); /* and in the next run */
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    story_give(&s, a);
    assert_int_equal(s.proof, 0);
    assert_int_equal(core_stats(s.core)->duplicates, 1);
    story_end(&s);
}

static void a_difficulty_named_by_the_user_is_asked_for(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    s.options.has_max_difficulty = true;
    s.options.max_difficulty = DIFFICULTY_LARGE;
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(story_asked(&s), DIFFICULTY_LARGE);
    story_end(&s);
}

/* ---- proving ---- */

static void inputs_are_proved_in_order(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    story_give(&s, (struct story_task){"A", "fib", TASK_PROOF_REQUIRED, DIFFICULTY_SMALL, 3, 13});
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(s.input[0], 9 + i);
        assert_int_equal(s.input[1], 1);
        assert_int_equal(s.request, 0);
        story_prove(&s, "p");
    }
    story_expect(&s, HTTP_POST, "/v3/tasks/submit");
    assert_int_equal(core_stats(s.core)->proofs, 3);
    story_answer(&s, 200, NULL, NULL);
    assert_non_null(strstr(story_line(&s, "done")->text, "3 inputs"));
    story_end(&s);
}

static void a_task_too_large_for_the_machine_lowers_the_difficulty(void **state)
{
    static const struct {
        enum status status;
        enum difficulty then;
    } table[] = {
        {ST_LIMIT, DIFFICULTY_SMALL},
        {ST_NO_MEMORY, DIFFICULTY_SMALL},
        {ST_GUEST, DIFFICULTY_SMALL_MEDIUM}, /* not a matter of size */
        {ST_NOT_FOUND, DIFFICULTY_SMALL_MEDIUM},
        {ST_CANCELLED, DIFFICULTY_SMALL_MEDIUM},
    };

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct story s;

        story_begin(&s);
        story_start(&s);
        story_to_task(&s, "A");
        story_fail_proof(&s, table[i].status, "the reason");
        assert_non_null(strstr(story_line(&s, "abandoned")->text, "the reason"));
        assert_int_equal(story_state(&s, "A"), OUTBOX_ABANDONED);
        story_until_request(&s, 130);
        assert_int_equal(story_asked(&s), table[i].then);
        story_end(&s);
    }
}

static void news_of_a_proof_nobody_waits_for_is_ignored(void **state)
{
    struct story s;
    struct event late = {.type = EV_PROVED, .id = 4711};

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_to_task(&s, "A");
    core_handle(s.core, &late, s.now_ns);
    late.type = EV_UNPROVED;
    core_handle(s.core, &late, s.now_ns);
    late.type = EV_TRANSPORT;
    core_handle(s.core, &late, s.now_ns);
    late.type = EV_RESPONSE;
    core_handle(s.core, &late, s.now_ns);
    story_prove(&s, "p");
    story_expect(&s, HTTP_POST, "/v3/tasks/submit");
    story_end(&s);
}

/* ---- the end ---- */

static void max_tasks_counts_accepted_proofs_and_fetches_no_more(void **state)
{
    struct story s;
    unsigned requests;

    (void)state;
    story_begin(&s);
    s.options.max_tasks = 2;
    story_start(&s);
    story_to_task(&s, "A");
    story_fail_proof(&s, ST_GUEST, "x"); /* does not count */
    story_until_request(&s, 130);
    story_give(&s, (struct story_task){"B", "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
    story_prove(&s, "p");
    story_answer(&s, 200, NULL, NULL);
    assert_false(s.over);
    story_until_request(&s, 250);
    story_give(&s, (struct story_task){"C", "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 1, 0});
    story_prove(&s, "p");
    requests = s.requests;
    story_answer(&s, 429, "600", NULL); /* no third task while the second may still count */
    story_until_request(&s, 1000);
    assert_int_equal(s.requests, requests + 1);
    story_expect(&s, HTTP_POST, "/v3/tasks/submit");
    story_answer(&s, 200, NULL, NULL);
    assert_true(s.over);
    assert_int_equal(s.end, CORE_DONE);
    assert_int_equal(story_state(&s, "C"), OUTBOX_ACKED);
    story_end(&s);
}

static void shutdown_while_nothing_is_under_way_is_immediate(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_event(&s, EV_SHUTDOWN); /* the greeting is abandoned */
    assert_true(s.over);
    assert_int_equal(s.end, CORE_INTERRUPTED);
    assert_int_equal(core_deadline_ns(s.core), INT64_MAX);
    story_end(&s);

    story_begin(&s);
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    story_event(&s, EV_SHUTDOWN); /* so is a fetch */
    assert_true(s.over);
    story_end(&s);
}

static void shutdown_cancels_the_proof_and_keeps_the_task(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_to_task(&s, "A");
    story_event(&s, EV_SHUTDOWN);
    assert_int_equal(s.cancels, 1);
    assert_false(s.over);
    story_fail_proof(&s, ST_CANCELLED, "cancelled");
    assert_true(s.over);
    assert_int_equal(story_state(&s, "A"), OUTBOX_FETCHED);

    story_crash(&s); /* the next run proves it */
    story_start(&s);
    assert_true(story_said(&s, "restored"));
    story_answer(&s, 200, NULL, NULL);
    story_prove(&s, "p");
    story_expect(&s, HTTP_POST, "/v3/tasks/submit");
    story_end(&s);
}

static void shutdown_keeps_a_proof_that_was_done_just_then(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_to_task(&s, "A");
    story_event(&s, EV_SHUTDOWN);
    story_prove(&s, "p");
    assert_true(s.over);
    assert_int_equal(story_state(&s, "A"), OUTBOX_PROVED);
    story_end(&s);
}

static void shutdown_waits_for_the_answer_to_a_submission(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_to_task(&s, "A");
    story_prove(&s, "p");
    story_event(&s, EV_SHUTDOWN);
    assert_false(s.over);
    story_until(&s, 3);
    story_answer(&s, 200, NULL, NULL);
    assert_true(s.over);
    assert_int_equal(story_state(&s, "A"), OUTBOX_ACKED);
    story_end(&s);
}

static void shutdown_takes_bounded_time(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_to_task(&s, "A");
    story_prove(&s, "p");
    story_event(&s, EV_SHUTDOWN);
    story_until(&s, 4.9);
    assert_false(s.over);
    story_until(&s, 5);
    assert_true(s.over);
    assert_int_equal(story_state(&s, "A"), OUTBOX_SENDING);
    story_end(&s);
}

static void a_second_shutdown_is_at_once(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    story_to_task(&s, "A");
    story_event(&s, EV_SHUTDOWN);
    assert_false(s.over);
    story_event(&s, EV_SHUTDOWN);
    assert_true(s.over);
    story_end(&s);
}

static void each_route_has_a_name_for_the_disk(void **state)
{
    (void)state;
    assert_string_equal(core_route_name(CORE_ROUTE_NODE), "node");
    assert_string_equal(core_route_name(CORE_ROUTE_FETCH), "fetch");
    assert_string_equal(core_route_name(CORE_ROUTE_SUBMIT), "submit");
}

static void a_refusal_during_shutdown_changes_nothing(void **state)
{
    struct story s;
    struct http_response refusal = {.status = 404};
    struct event ev = {.type = EV_RESPONSE, .response = &refusal};

    (void)state;
    story_begin(&s);
    story_start(&s);
    ev.id = s.request;
    core_handle(s.core, &(struct event){.type = EV_SHUTDOWN}, s.now_ns);
    core_handle(s.core, &ev, s.now_ns);
    ev = (struct event){.type = EV_TRANSPORT, .id = s.request, .transport.text = "reset"};
    core_handle(s.core, &ev, s.now_ns);
    story_settle(&s);
    assert_int_equal(s.end, CORE_INTERRUPTED);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_s_day_goes_better),
        cmocka_unit_test(retry_after_of_a_fetch_is_obeyed_for_every_vector),
        cmocka_unit_test(a_node_that_is_refused_ends_the_run),
        cmocka_unit_test(a_server_that_is_down_at_start_is_waited_for),
        cmocka_unit_test(requests_carry_the_headers_of_the_network_client),
        cmocka_unit_test(odd_answers_to_a_fetch_are_errors_and_not_the_end),
        cmocka_unit_test(every_fetch_error_repeats_at_the_interval_s_pace),
        cmocka_unit_test(failures_in_a_row_wait_longer_and_longer),
        cmocka_unit_test(malformed_tasks_are_given_up_and_the_next_is_fetched),
        cmocka_unit_test(a_known_task_is_never_proved_twice),
        cmocka_unit_test(a_difficulty_named_by_the_user_is_asked_for),
        cmocka_unit_test(inputs_are_proved_in_order),
        cmocka_unit_test(a_task_too_large_for_the_machine_lowers_the_difficulty),
        cmocka_unit_test(news_of_a_proof_nobody_waits_for_is_ignored),
        cmocka_unit_test(max_tasks_counts_accepted_proofs_and_fetches_no_more),
        cmocka_unit_test(shutdown_while_nothing_is_under_way_is_immediate),
        cmocka_unit_test(shutdown_cancels_the_proof_and_keeps_the_task),
        cmocka_unit_test(shutdown_keeps_a_proof_that_was_done_just_then),
        cmocka_unit_test(shutdown_waits_for_the_answer_to_a_submission),
        cmocka_unit_test(shutdown_takes_bounded_time),
        cmocka_unit_test(a_second_shutdown_is_at_once),
        cmocka_unit_test(a_refusal_during_shutdown_changes_nothing),
        cmocka_unit_test(each_route_has_a_name_for_the_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
