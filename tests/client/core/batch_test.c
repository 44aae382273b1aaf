/* SPDX-License-Identifier: Apache-2.0 */
/* Our core in the profile seed: what v0.9.0 shows the orchestrator, without its losses. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/line_queue.h"
#include "client/core/speaker.h"
#include "client/core/task_input.h"
#include "tests/client/core/story.h"

static const uint8_t fib_input[12] = {9, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};

static void begin(struct story *s)
{
    story_begin(s);
    s->options.profile = &profile_seed;
    story_start(s);
}

/* A task as a server of that time wrote it: the deprecated field only. */
static struct wire_task old_task(const char *id, const char *program, size_t input_size)
{
    return (struct wire_task){
        .task_id = id, .program_id = program, .public_inputs = bytes_of(fib_input, input_size)};
}

static void give_list(struct story *s, const struct wire_task *tasks, size_t count)
{
    struct buffer body;

    buffer_init(&body, 0);
    wire_encode_tasks(&body, &(struct wire_tasks){.tasks = tasks, .task_count = count});
    story_expect(s, HTTP_GET, "/v3/tasks");
    story_answer_bytes(s, 200, buffer_bytes(&body));
    buffer_fini(&body);
}

static void give_one(struct story *s, const char *id)
{
    struct buffer body;

    buffer_init(&body, 0);
    wire_encode_fetched(&body, &(struct wire_fetched){.task_id = id,
                                                      .program_id = "fib_input_initial",
                                                      .public_inputs = bytes_of(fib_input, 12)});
    story_expect(s, HTTP_POST, "/v3/tasks");
    story_answer_bytes(s, 200, buffer_bytes(&body));
    buffer_fini(&body);
}

static void a_list_then_one_by_one_until_429(void **state)
{
    struct wire_memory memory = {0};
    struct wire_list m;
    struct story s;

    (void)state;
    begin(&s);
    story_expect(&s, HTTP_GET, "/v3/tasks"); /* nobody asks about nodes */
    assert_int_equal(s.headers.header_count, 2);
    assert_string_equal(s.headers.headers[0].name, "content-type");
    assert_string_equal(s.headers.headers[1].name, "accept");
    assert_int_equal(wire_decode_list(&m, &memory, buffer_bytes(&s.body), WIRE_MAX_RESPONSE, NULL),
                     ST_OK);
    assert_string_equal(m.node_id, "5880437");
    wire_memory_fini(&memory);
    story_answer(&s, 200, NULL, NULL);
    give_one(&s, "A");
    give_one(&s, "B");
    give_one(&s, "C");
    story_expect(&s, HTTP_POST, "/v3/tasks");
    story_answer(&s, 429, NULL, NULL);
    assert_string_equal(story_line(&s, "queued")->text,
                        "Task Fetcher: Queue status: +3 tasks, 3 open; next fetch in 30 s");
    assert_int_equal(core_stats(s.core)->fetched, 3);
    assert_int_equal(core_stats(s.core)->fetch_requests, 5);

    /* They are proved in turn; each proof goes out as it was then: once, in field 5. */
    assert_string_equal(s.program, "fib_input_initial");
    assert_string_equal(story_line(&s, "proving")->text, "Prover 0: Proving task A");
    story_prove(&s, "proof of A");
    story_expect(&s, HTTP_POST, "/v3/tasks/submit");
    {
        struct wire_submission sent;

        assert_int_equal(wire_decode_submission(&sent, &memory, buffer_bytes(&s.body),
                                                WIRE_MAX_SUBMISSION, NULL),
                         ST_OK);
        assert_true(bytes_equal(sent.proof, bytes_of_text("proof of A")));
        assert_int_equal(sent.proof_count, 0);
        wire_memory_fini(&memory);
    }
    story_answer(&s, 200, NULL, NULL);
    assert_string_equal(story_line(&s, "submitted")->text,
                        "Proof Submitter: Proof submitted successfully for task A");

    /* The next batch: 30 s after the end of the first; it holds B and C, so POST again. */
    story_until_path(&s, "/v3/tasks", 100);
    assert_true(story_time(&s) == 30);
    give_list(&s, (struct wire_task[]){old_task("B", "fib", 12), old_task("C", "fib", 12)}, 2);
    story_expect(&s, HTTP_POST, "/v3/tasks");
    story_answer(&s, 429, NULL, NULL);
    assert_int_equal(strncmp(story_line(&s, "duplicates")->text,
                             "Task Fetcher: All 2 tasks were duplicates, backing off for ", 59),
                     0);
    story_until_path(&s, "/v3/tasks", 200);
    assert_true(story_time(&s) >= 60 && story_time(&s) <= 90);

    story_until(&s, 61);
    assert_string_equal(story_line(&s, "statistics")->text,
                        "Proof Submitter: 1 tasks completed in 60 s (1.0 tasks/min)");
    story_end(&s);
}

static void five_404_in_a_row_end_a_batch(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    story_answer(&s, 404, NULL, NULL);
    for (int i = 0; i < 4; i++) {
        story_expect(&s, HTTP_POST, "/v3/tasks");
        story_answer(&s, 404, NULL, NULL);
    }
    give_one(&s, "A"); /* counts from the beginning */
    for (int i = 0; i < 5; i++) {
        story_expect(&s, HTTP_POST, "/v3/tasks");
        story_answer(&s, 404, NULL, NULL);
    }
    assert_false(story_waits(&s, "/v3/tasks"));
    assert_true(story_said(&s, "queued"));

    /* A batch of nothing but 404 is nobody's error. */
    story_until_path(&s, "/v3/tasks", 31);
    story_answer(&s, 404, NULL, NULL);
    for (int i = 0; i < 5; i++) {
        story_expect(&s, HTTP_POST, "/v3/tasks");
        story_answer(&s, 404, NULL, NULL);
    }
    assert_true(story_said(&s, "none"));
    assert_int_equal(core_stats(s.core)->fetch_errors, 0);
    story_end(&s);
}

static void twenty_requests_are_a_batch(void **state)
{
    struct story s;
    char id[8];

    (void)state;
    begin(&s);
    story_answer(&s, 200, NULL, NULL);
    for (int i = 0; i < 19; i++) {
        snprintf(id, sizeof id, "T%d", i);
        give_one(&s, id);
    }
    story_expect(&s, HTTP_POST, "/v3/tasks");
    story_answer(&s, 404, NULL, NULL);
    assert_false(story_waits(&s, "/v3/tasks"));
    assert_int_equal(core_stats(s.core)->fetched, 19);

    /* 18 wait for the prover: below the mark of 25, so there is a second batch, of 20 tasks. */
    story_until_path(&s, "/v3/tasks", 31);
    story_answer(&s, 404, NULL, NULL);
    for (int i = 0; i < 20; i++) {
        snprintf(id, sizeof id, "U%d", i);
        give_one(&s, id);
    }
    assert_false(story_waits(&s, "/v3/tasks"));
    /* Now there are more than 25: nothing is asked for until some are proved. */
    story_until(&s, 200);
    assert_false(story_waits(&s, "/v3/tasks"));
    story_end(&s);
}

static void a_failure_in_between_loses_nothing(void **state)
{
    static const struct {
        unsigned status; /* 0: no answer */
        const char *body;
    } table[] = {{503, NULL}, {403, "{\"message\":\"no\"}"}, {0, NULL}, {200, "\xff"}, {200, ""}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct story s;

        begin(&s);
        story_answer(&s, 200, NULL, NULL);
        give_one(&s, "A");
        story_expect(&s, HTTP_POST, "/v3/tasks");
        if (table[i].status)
            story_answer(&s, table[i].status, NULL, table[i].body);
        else
            story_break(&s, false);
        assert_int_equal(core_stats(s.core)->fetch_errors, 1);
        assert_int_equal(core_stats(s.core)->fetched, 1);
        assert_int_equal(story_state(&s, "A"), OUTBOX_FETCHED);
        assert_true(story_said(&s, "fetch_failed"));
        story_until_path(&s, "/v3/tasks", 100); /* from the list again */
        assert_int_equal(s.method, HTTP_GET);
        assert_true(story_time(&s) >= 30);
        story_end(&s);
    }
}

static void a_list_that_fails_is_asked_for_later(void **state)
{
    static const struct {
        unsigned status;
        const char *retry_after, *body, *event;
        double least;
    } table[] = {
        {429, "100", NULL, "fetch_limited", 100},
        {429, NULL, NULL, "fetch_limited", 30},
        {500, NULL, NULL, "fetch_failed", 30},
        {200, NULL, "\xff", "fetch_failed", 30},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct story s;

        begin(&s);
        story_answer(&s, table[i].status, table[i].retry_after, table[i].body);
        assert_true(story_said(&s, table[i].event));
        assert_false(story_waits(&s, "/v3/tasks"));
        story_until_path(&s, "/v3/tasks", 1000);
        assert_int_equal(s.method, HTTP_GET);
        assert_true(story_time(&s) >= table[i].least);
        assert_true(story_time(&s) <= table[i].least * 1.1 + 60);
        story_end(&s);
    }
}

/* 429 without a single task is "nothing yet". */
static void a_429_at_once_is_told_as_such(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    story_answer(&s, 200, NULL, NULL);
    story_expect(&s, HTTP_POST, "/v3/tasks");
    story_answer(&s, 429, "75", NULL);
    assert_true(story_said(&s, "fetch_limited"));
    story_until_path(&s, "/v3/tasks", 200);
    assert_true(story_time(&s) >= 75 && story_time(&s) < 83);

    /* After some tasks it is the end of a batch, and its Retry-After counts all the same. */
    story_answer(&s, 404, NULL, NULL);
    give_one(&s, "A");
    {
        double from = story_time(&s);

        story_answer(&s, 429, "200", NULL);
        assert_true(story_said(&s, "queued"));
        story_until_path(&s, "/v3/tasks", 1000);
        assert_true(story_time(&s) >= from + 200);
    }
    story_end(&s);
}

static void programs_read_their_own_inputs(void **state)
{
    uint8_t two[2][12] = {{1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0}, {4}};
    struct bytes inputs[] = {bytes_of(two[0], 12), bytes_of(two[1], 12)};
    struct wire_task tasks[] = {
        old_task("F", "fast-fib", 1),
        old_task("S", "fib_input_initial", 11), /* short */
        old_task("N", "fib_input_initial", 0),  /* none */
        {.task_id = "L",
         .program_id = "fib",
         .inputs = inputs,
         .input_count = 2,
         .public_inputs = bytes_of(fib_input, 12),
         .task_type = TASK_ALL_PROOF_HASHES},
    };
    uint32_t numbers[3];
    struct story s;

    (void)state;
    begin(&s);
    give_list(&s, tasks, 4);
    assert_int_equal(core_stats(s.core)->fetched, 4);
    assert_int_equal(core_stats(s.core)->abandoned, 2);
    assert_int_equal(story_state(&s, "S"), OUTBOX_ABANDONED);
    assert_int_equal(story_state(&s, "N"), OUTBOX_ABANDONED);
    assert_string_equal(s.program, "fast-fib");
    assert_int_equal(s.input[0], 9);
    assert_int_equal(s.input[1], 0);
    story_prove(&s, "proof of F");
    story_expect(&s, HTTP_POST, "/v3/tasks/submit");
    story_answer(&s, 200, NULL, NULL);
    assert_string_equal(s.program, "fib");
    assert_int_equal(s.input[1], 2); /* the list of inputs counts when it is there */
    assert_int_equal(task_input(numbers, "fast-fib", bytes_of(NULL, 0), NULL), ST_INPUT);
    story_end(&s);
}

static void many_malformed_tasks_of_a_list_wait_for_the_next_one(void **state)
{
    struct wire_task tasks[20];
    char ids[20][8];
    struct story s;

    (void)state;
    for (int i = 0; i < 20; i++) {
        snprintf(ids[i], sizeof ids[i], "M%d", i);
        tasks[i] = old_task(ids[i], "fib", 3);
    }
    begin(&s);
    give_list(&s, tasks, 20);
    assert_int_equal(core_stats(s.core)->abandoned, 8);
    story_until_path(&s, "/v3/tasks", 31);
    give_list(&s, tasks, 20);
    assert_int_equal(core_stats(s.core)->abandoned, 16);
    story_end(&s);
}

static void no_more_is_taken_than_is_wanted(void **state)
{
    struct wire_task tasks[3] = {old_task("A", "fib", 12), old_task("B", "fib", 12),
                                 old_task("C", "fib", 12)};
    struct story s;

    (void)state;
    story_begin(&s);
    s.options.profile = &profile_seed;
    s.options.max_tasks = 2;
    story_start(&s);
    give_list(&s, tasks, 3);
    assert_int_equal(core_stats(s.core)->fetched, 2);
    story_until(&s, 100);
    assert_false(story_waits(&s, "/v3/tasks"));
    story_end(&s);

    story_begin(&s);
    s.options.profile = &profile_seed;
    s.options.max_tasks = 1;
    story_start(&s);
    story_answer(&s, 404, NULL, NULL);
    give_one(&s, "A");
    assert_false(story_waits(&s, "/v3/tasks"));
    story_end(&s);
}

/* A batch that a modern server answers: the task of field 4 counts. */
static void a_modern_answer_is_understood_too(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    story_answer(&s, 404, NULL, NULL);
    story_give(&s, (struct story_task){"A", "fib", TASK_PROOF_HASH, DIFFICULTY_SMALL, 2, 0});
    assert_int_equal(core_stats(s.core)->fetched, 1);
    assert_int_equal(s.input[0], 9);
    story_end(&s);
}

static void every_line_has_its_speaker(void **state)
{
    static const struct {
        const char *event, *speaker;
    } table[] = {
        {"fetching", "Task Fetcher"},      {"none", "Task Fetcher"},
        {"proving", "Prover 3"},           {"submitted", "Proof Submitter"},
        {"statistics", "Proof Submitter"}, {"unsaved", ""},
    };
    char name[SPEAKER_NAME];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        speaker_of(name, table[i].event, 3);
        assert_string_equal(name, table[i].speaker);
    }
}

static void profiles_have_names_and_places(void **state)
{
    (void)state;
    assert_ptr_equal(profile_of_name("current"), &profile_current);
    assert_ptr_equal(profile_of_name("seed"), &profile_seed);
    assert_null(profile_of_name("Seed"));
    assert_string_equal(profile_base_url(&profile_seed, NULL),
                        "https://beta.orchestrator.nexus.xyz");
    assert_string_equal(profile_base_url(&profile_seed, "beta"),
                        "https://beta.orchestrator.nexus.xyz");
    assert_string_equal(profile_base_url(&profile_seed, "LOCAL"), "http://localhost:50505");
    assert_string_equal(profile_base_url(&profile_seed, "staging"),
                        "https://staging.orchestrator.nexus.xyz");
    assert_string_equal(profile_base_url(&profile_current, "local"), profile_current.base_url);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_then_one_by_one_until_429),
        cmocka_unit_test(five_404_in_a_row_end_a_batch),
        cmocka_unit_test(twenty_requests_are_a_batch),
        cmocka_unit_test(a_failure_in_between_loses_nothing),
        cmocka_unit_test(a_list_that_fails_is_asked_for_later),
        cmocka_unit_test(a_429_at_once_is_told_as_such),
        cmocka_unit_test(programs_read_their_own_inputs),
        cmocka_unit_test(many_malformed_tasks_of_a_list_wait_for_the_next_one),
        cmocka_unit_test(no_more_is_taken_than_is_wanted),
        cmocka_unit_test(a_modern_answer_is_understood_too),
        cmocka_unit_test(every_line_has_its_speaker),
        cmocka_unit_test(profiles_have_names_and_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
