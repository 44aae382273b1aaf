/* SPDX-License-Identifier: Apache-2.0 */
/* v0.9.0: the time line of the specification row by row, and each of its rules and defects. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/seed_cache.h"
#include "tests/client/core/script.h"

#define LIST   "GET /v3/tasks"
#define FETCH  "POST /v3/tasks"
#define SUBMIT "POST /v3/tasks/submit"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void begin(struct script *s, const struct script_answer *answers, size_t count,
                  const struct reference_options *o)
{
    s->answers = answers;
    s->answer_count = count;
    assert_int_equal(reference_seed_new(&s->runtime, o, NULL), ST_OK);
    script_start(s);
}

static void the_time_line_of_the_seed(void **state)
{
    static const struct script_answer answers[] = {
        {LIST, 0.14, 200, NULL, NULL, NULL},   {FETCH, 0.14, 200, NULL, "A", NULL},
        {FETCH, 0.14, 200, NULL, "B", NULL},   {FETCH, 0.14, 200, NULL, "C", NULL},
        {FETCH, 0.14, 429, "60", NULL, NULL},  {SUBMIT, 0.02, 200, NULL, NULL, NULL},
        {SUBMIT, 0.02, 200, NULL, NULL, NULL}, {LIST, 0.1, 200, NULL, "C", NULL},
        {SUBMIT, 0.02, 200, NULL, NULL, NULL}, {LIST, 0.05, 404, NULL, NULL, NULL},
        {FETCH, 0.05, 429, NULL, NULL, NULL},  {LIST, 0.1, 429, "600", NULL, NULL},
        {LIST, 0.05, 200, NULL, NULL, NULL},   {FETCH, 0.05, 404, NULL, NULL, NULL},
        {FETCH, 0.05, 404, NULL, NULL, NULL},  {FETCH, 0.05, 404, NULL, NULL, NULL},
        {FETCH, 0.05, 404, NULL, NULL, NULL},  {FETCH, 0.05, 404, NULL, NULL, NULL},
    };
    static const struct script_note line[] = {
        {0.5, LIST},
        {0.64, FETCH},
        {0.78, FETCH},
        {0.92, FETCH},
        {1.06, FETCH},
        {1.2, "Task Fetcher: Queue status: +3 tasks, 3 of 100"},
        {12.2, "Prover 0: Proof completed (Task ID: A)"},
        {12.5, SUBMIT " of A"},
        {12.5, "Proof Submitter: Proof submitted. Task ID: A"},
        {23.2, "Prover 0: Proof completed (Task ID: B)"},
        {23.5, SUBMIT " of B"},
        {23.5, "Proof Submitter: Proof submitted. Task ID: B"},
        {31.5, LIST},
        {31.6, "Task Fetcher: All 1 tasks were duplicates, backing off for 60 s"},
        {34.2, "Prover 0: Proof completed (Task ID: C)"},
        {34.5, SUBMIT " of C"},
        {34.5, "Proof Submitter: Proof submitted. Task ID: C"},
        {92, LIST},
        {92.05, FETCH},
        {92.1, "Task Fetcher: No tasks available"},
        {122.5, LIST},
        {122.6, "Task Fetcher: HTTP 429, retrying in 60 s"},
        {183, LIST},
        {183.05, FETCH},
        {183.1, FETCH},
        {183.15, FETCH},
        {183.2, FETCH},
        {183.25, FETCH},
        {183.3, "Task Fetcher: No tasks available"},
    };
    struct reference_options o;
    struct snapshot seen;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    s.events = " queued duplicates proved submitted none fetch_limited ";
    s.prove_s = 11;
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 213);
    script_expect(&s, line, COUNT(line));
    assert_int_equal(runtime_stats(s.runtime)->accepted, 3);
    runtime_snapshot(s.runtime, &seen, s.now_ns);
    assert_int_equal(seen.open, 0);
    assert_string_equal(seen.profile, "seed");
    script_fini(&s);
}

static void play(struct script *s, const struct script_answer *answers, size_t count, double until)
{
    struct reference_options o;

    script_init(s);
    o = script_options(s);
    begin(s, answers, count, &o);
    script_until(s, until);
}

static size_t requests(const struct script *s, const char *what)
{
    size_t count = 0;

    for (size_t i = 0; i < s->note_count; i++)
        count += strncmp(s->notes[i].text, what, strlen(what)) == 0;
    return count;
}

/* ---- fetching ---- */

static void a_failure_in_a_batch_forgets_all_of_it(void **state)
{
    static const struct script_answer table[] = {
        {FETCH, 0, 503, NULL, NULL, NULL},
        {FETCH, 0, 401, NULL, NULL, NULL},
        {FETCH, 0, 0, NULL, NULL, NULL},
        {FETCH, 0, 200, NULL, NULL, "\xff"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct script_answer answers[] = {
            {LIST, 0, 404, NULL, NULL, NULL},  {FETCH, 0, 200, NULL, "A", NULL},
            {FETCH, 0, 404, NULL, NULL, NULL}, table[i],
            {LIST, 0, 200, NULL, "A", NULL},   {SUBMIT, 0, 200, NULL, NULL, NULL},
        };
        struct script s;

        play(&s, answers, COUNT(answers), 60);
        assert_int_equal(runtime_stats(s.runtime)->fetched, 0);
        assert_int_equal(runtime_stats(s.runtime)->fetch_errors, 1);
        assert_int_equal(runtime_open_tasks(s.runtime), 0);
        script_until(&s, 62); /* b = 60; the server lists it again */
        assert_int_equal(runtime_stats(s.runtime)->accepted, 1);
        script_fini(&s);
    }
}

static void a_list_that_fails_doubles_the_backoff(void **state)
{
    static const struct script_answer answers[] = {
        {LIST, 0, 200, NULL, NULL, "\xff"}, {LIST, 0, 500, NULL, NULL, NULL},
        {LIST, 0, 0, NULL, NULL, NULL},     {LIST, 0, 404, NULL, NULL, NULL},
        {FETCH, 0, 429, NULL, NULL, NULL},  {LIST, 0, 403, NULL, NULL, NULL},
    };
    static const struct script_note line[] = {
        {0.5, LIST}, {60.5, LIST}, {120.5, LIST}, {180.5, LIST}, {180.5, FETCH}, {210.5, LIST},
    };
    struct script s;

    (void)state;
    play(&s, answers, COUNT(answers), 211);
    script_expect(&s, line, COUNT(line));
    script_fini(&s);
}

static void a_fetch_that_takes_a_minute_is_given_up(void **state)
{
    static const struct script_answer answers[] = {
        {LIST, 40, 200, NULL, NULL, NULL}, {FETCH, 30, 200, NULL, "A", NULL}, /* too late */
        {LIST, 70, 200, NULL, "B", NULL}, /* too late by itself */
        {LIST, 0, 404, NULL, NULL, NULL},  {FETCH, 0, 429, NULL, NULL, NULL},
    };
    static const struct script_note line[] = {
        {0.5, LIST},
        {40.5, FETCH},
        {60.5, "Task Fetcher: Fetch timeout, retrying in 60 s"},
        {120.5, LIST},
        {180.5, "Task Fetcher: Fetch timeout, retrying in 60 s"},
        {240.5, LIST},
        {240.5, FETCH},
    };
    struct reference_options o;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    s.events = " fetch_timeout ";
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 241);
    script_expect(&s, line, COUNT(line));
    assert_int_equal(runtime_stats(s.runtime)->fetched, 0);
    script_fini(&s);
}

/* Ids for a list. */
static const char *many(char *text, size_t size, int first, int count)
{
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%d", i ? " " : "", first + i);
    return text;
}

static void fewer_than_25_are_queued_before_more_is_fetched(void **state)
{
    char first[512];
    struct script_answer answers[] = {
        {LIST, 0, 200, NULL, many(first, sizeof first, 100, 36), NULL},
        {SUBMIT, 0, 200, NULL, NULL, NULL},
        {SUBMIT, 0, 200, NULL, NULL, NULL},
        {LIST, 0, 404, NULL, NULL, NULL},
        {FETCH, 0, 429, NULL, NULL, NULL},
    };
    struct reference_options o;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    s.prove_s =
        100; /* one at work, eight behind it, one in the hand of the dispatcher: 26 queued */
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 0.6);
    s.prove_s = 100.1; /* of those behind the first */
    script_until(&s, 200.9);
    assert_int_equal(requests(&s, LIST), 1);
    script_until(&s, 201); /* 24 since 200.6; this is the next tick */
    assert_int_equal(requests(&s, LIST), 2);
    script_fini(&s);
}

static void more_than_the_queue_holds_blocks_the_fetcher(void **state)
{
    static char text[512];
    struct script_answer answers[] = {
        {LIST, 0, 200, NULL, text, NULL},
        {SUBMIT, 0, 200, NULL, NULL, NULL},
    };
    struct reference_options o;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    many(text, sizeof text, 100, 124); /* 100 queued; 10 with worker and dispatcher; 14 wait */
    s.prove_s = 100;
    s.events = " queued ";
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 99);
    assert_int_equal(requests(&s, "Task Fetcher"), 0);
    assert_int_equal(runtime_stats(s.runtime)->fetched, 110);
    assert_int_equal(runtime_open_tasks(s.runtime), 110);
    script_until(&s, 101); /* one is proved: the fetcher goes one further */
    assert_int_equal(runtime_stats(s.runtime)->fetched, 111);
    script_fini(&s);
}

static void twenty_posts_are_a_batch(void **state)
{
    static char ids[20][8];
    struct script_answer answers[21] = {{LIST, 0, 404, NULL, NULL, NULL}};
    struct reference_options o;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    s.prove_s = 1000;
    s.events = " queued ";
    for (int i = 0; i < 20; i++) {
        snprintf(ids[i], sizeof ids[i], "T%d", i);
        answers[i + 1] = (struct script_answer){FETCH, 0, 200, NULL, ids[i], NULL};
    }
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 1);
    assert_int_equal(requests(&s, FETCH), 20);
    assert_string_equal(s.notes[s.note_count - 1].text,
                        "Task Fetcher: Queue status: +20 tasks, 20 of 100");
    script_fini(&s);
}

static void a_task_that_is_not_accepted_in_five_minutes_is_proved_again(void **state)
{
    static const struct script_answer answers[] = {
        {LIST, 0, 200, NULL, "A", NULL},    {SUBMIT, 0, 429, "5", NULL, NULL},
        {LIST, 0, 200, NULL, "A", NULL},    {LIST, 0, 200, NULL, "A", NULL},
        {LIST, 0, 200, NULL, "A", NULL},    {LIST, 0, 200, NULL, "A", NULL},
        {LIST, 0, 200, NULL, "A", NULL},    {LIST, 0, 200, NULL, "A", NULL},
        {SUBMIT, 0, 200, NULL, NULL, NULL}, {LIST, 0, 404, NULL, NULL, NULL},
        {FETCH, 0, 429, NULL, NULL, NULL},
    };
    struct script s;

    (void)state;
    play(&s, answers, COUNT(answers), 365);
    assert_int_equal(runtime_stats(s.runtime)->lost, 1);
    assert_int_equal(runtime_stats(s.runtime)->proofs, 2);
    assert_int_equal(runtime_stats(s.runtime)->accepted, 1);
    assert_int_equal(runtime_stats(s.runtime)->duplicates, 5);
    script_fini(&s);
}

static void a_proof_of_an_accepted_task_is_dropped(void **state)
{
    static const struct script_answer answers[] = {
        {LIST, 0, 200, NULL, "A", NULL}, {LIST, 0, 200, NULL, "A", NULL},
        {LIST, 0, 200, NULL, "A", NULL}, {SUBMIT, 0, 200, NULL, NULL, NULL},
        {LIST, 0, 200, NULL, "A", NULL}, {LIST, 0, 200, NULL, "A", NULL},
        {LIST, 0, 200, NULL, "A", NULL}, {LIST, 0, 200, NULL, "A", NULL},
    };
    struct reference_options o;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    s.prove_s = 100;
    s.events = " submitted_before ";
    begin(&s, answers, COUNT(answers), &o);
    /* Enqueued at 0.5 and, as that is forgotten, at 330.5; accepted at 100.8, which is known till
     * 400.8. */
    script_until(&s, 300);
    s.prove_s = 1;
    script_until(&s, 335);
    assert_int_equal(runtime_stats(s.runtime)->proofs, 2);
    assert_int_equal(runtime_stats(s.runtime)->abandoned, 1);
    assert_int_equal(requests(&s, "Proof Submitter: Ignoring proof of task A"), 1);
    script_fini(&s);
}

/* ---- workers ---- */

static void round_robin_waits_for_a_full_worker_though_others_are_idle(void **state)
{
    char ids[512];
    struct script_answer answers[40] = {{LIST, 0, 200, NULL, many(ids, sizeof ids, 100, 30), NULL}};
    struct reference_options o;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    o.workers = 2;
    o.proofs_at_once = s.slots = 1; /* the second worker never comes to prove */
    s.prove_s = 10;
    for (size_t i = 1; i < COUNT(answers); i++)
        answers[i] = (struct script_answer){SUBMIT, 0, 200, NULL, NULL, NULL};
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 1);
    assert_int_equal(s.most_proving, 1);
    assert_int_equal(runtime_open_tasks(s.runtime), 30);
    script_fini(&s);
}

static void eight_workers_prove_side_by_side(void **state)
{
    char ids[512];
    struct script_answer answers[20] = {{LIST, 0, 200, NULL, many(ids, sizeof ids, 100, 8), NULL}};
    struct reference_options o;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    o.workers = s.slots = 8;
    for (size_t i = 1; i < COUNT(answers); i++)
        answers[i] = (struct script_answer){SUBMIT, 0, 200, NULL, NULL, NULL};
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 10);
    assert_int_equal(s.most_proving, 8);
    assert_int_equal(runtime_stats(s.runtime)->accepted, 8);
    script_fini(&s);
}

static void what_fails_or_is_malformed_is_dropped_with_a_line(void **state)
{
    static const struct script_answer answers[] = {
        {LIST, 0, 200, NULL, "A B", NULL},
        {SUBMIT, 0, 0, NULL, NULL, NULL}, /* of B: lost for want of an answer */
        {LIST, 0, 404, NULL, NULL, NULL},
        {FETCH, 0, 200, NULL, NULL, NULL}, /* a task of nothing */
        {FETCH, 0, 429, NULL, NULL, NULL},
    };
    struct reference_options o;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    s.fails = "A";
    s.program = "fast-fib";
    s.events = " abandoned lost queue statistics ";
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 31);
    assert_int_equal(s.last_input[0], 9); /* one byte */
    assert_int_equal(s.last_input[1], 0);
    assert_int_equal(runtime_stats(s.runtime)->abandoned, 2);
    assert_int_equal(runtime_stats(s.runtime)->lost, 1);
    assert_int_equal(requests(&s, "Prover 0: Task A: the guest failed"), 1);
    assert_int_equal(requests(&s, "Prover 0: Task : Malformed task: no public inputs"), 1);
    assert_int_equal(requests(&s, "Task Fetcher: Queue: 0 of 100 tasks"), 1);
    script_until(&s, 60);
    assert_string_equal(s.notes[s.note_count - 1].text,
                        "Proof Submitter: 0 tasks completed in 60 s (0.0 tasks/min)");
    script_fini(&s);
}

/* ---- the end ---- */

static void a_proof_under_way_is_finished_for_nothing(void **state)
{
    static const struct script_answer answers[] = {{LIST, 0, 200, NULL, "A B", NULL}};
    struct snapshot seen;
    struct reference_options o;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    s.prove_s = 10;
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 5);
    runtime_snapshot(s.runtime, &seen, s.now_ns);
    assert_string_equal(seen.phase, "working");
    script_shutdown(&s);
    assert_false(s.over);
    runtime_snapshot(s.runtime, &seen, s.now_ns);
    assert_string_equal(seen.phase, "stopping");
    script_until(&s, 20);
    assert_true(s.over);
    assert_int_equal(s.end, CORE_INTERRUPTED);
    assert_int_equal(requests(&s, SUBMIT), 0);
    script_fini(&s);

    script_init(&s);
    o = script_options(&s);
    s.prove_s = 10;
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 5);
    script_shutdown(&s);
    script_shutdown(&s); /* at once */
    assert_true(s.over);
    script_fini(&s);
}

static void enough_is_enough(void **state)
{
    static const struct script_answer answers[] = {
        {LIST, 0, 200, NULL, "A B", NULL},
        {SUBMIT, 0, 200, NULL, NULL, NULL},
    };
    struct reference_options o;
    struct outbox_record record;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    o.max_tasks = 1;
    assert_int_equal(reference_seed_new(&s.runtime, &o, NULL), ST_OK);
    assert_int_equal(runtime_deadline_ns(s.runtime), INT64_MAX);
    assert_true(outbox_record_init(&record, "5880437", "old", "fib", 1));
    assert_int_equal(runtime_restore(s.runtime, &record, NULL), ST_OK);
    s.answers = answers;
    s.answer_count = COUNT(answers);
    script_start(&s);
    script_until(&s, 5);
    assert_true(s.over);
    assert_int_equal(s.end, CORE_DONE);
    runtime_handle(s.runtime, &(struct event){.type = EV_RESPONSE, .id = 99}, s.now_ns);
    runtime_handle(s.runtime, &(struct event){.type = EV_TRANSPORT, .id = 99}, s.now_ns);
    runtime_handle(s.runtime, &(struct event){.type = EV_SAVED, .id = 99}, s.now_ns);
    runtime_handle(s.runtime, &(struct event){.type = EV_UNSAVED, .id = 99}, s.now_ns);
    runtime_handle(s.runtime, &(struct event){.type = EV_UNPROVED, .id = 99}, s.now_ns);
    script_fini(&s);
}

static void two_are_enough_and_nothing_is_told_about_the_machine(void **state)
{
    static const struct script_answer answers[] = {
        {LIST, 0, 200, NULL, "A B C", NULL},
        {SUBMIT, 0, 200, NULL, NULL, NULL},
        {SUBMIT, 0, 200, NULL, NULL, NULL},
    };
    struct wire_memory memory = {0};
    struct reference_options o;
    struct wire_submission m;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    o.max_tasks = 2;
    s.silent = true;
    s.fails = "A";
    s.failure = ST_LIMIT; /* the prover's fault, not the guest's */
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 20);
    assert_true(s.over);
    assert_int_equal(runtime_stats(s.runtime)->accepted, 2);
    assert_int_equal(
        wire_decode_submission(&m, &memory, buffer_bytes(&s.last_submission), 1 << 20, NULL),
        ST_OK);
    assert_false(m.telemetry.has_flops);
    assert_null(m.telemetry.location);
    assert_int_equal(m.proof_count, 0); /* fields 2 to 8 */
    wire_memory_fini(&memory);
    script_fini(&s);
}

/* ---- the cache ---- */

static void the_cache_keeps_500_ids_for_five_minutes(void **state)
{
    static struct seed_cache c;
    char id[16];

    (void)state;
    seed_cache_add(&c, "A", 0);
    seed_cache_add(&c, "A", 200 * NS_PER_S); /* keeps its time */
    assert_true(seed_cache_has(&c, "A", 300 * NS_PER_S - 1));
    assert_false(seed_cache_has(&c, "A", 300 * NS_PER_S));
    for (int i = 0; i < 501; i++) {
        snprintf(id, sizeof id, "T%d", i);
        seed_cache_add(&c, id, 400 * NS_PER_S);
    }
    assert_false(seed_cache_has(&c, "T0", 400 * NS_PER_S)); /* the oldest went */
    assert_true(seed_cache_has(&c, "T1", 400 * NS_PER_S));
    assert_true(seed_cache_has(&c, "T500", 400 * NS_PER_S));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_line_of_the_seed),
        cmocka_unit_test(a_failure_in_a_batch_forgets_all_of_it),
        cmocka_unit_test(a_list_that_fails_doubles_the_backoff),
        cmocka_unit_test(a_fetch_that_takes_a_minute_is_given_up),
        cmocka_unit_test(fewer_than_25_are_queued_before_more_is_fetched),
        cmocka_unit_test(more_than_the_queue_holds_blocks_the_fetcher),
        cmocka_unit_test(twenty_posts_are_a_batch),
        cmocka_unit_test(a_task_that_is_not_accepted_in_five_minutes_is_proved_again),
        cmocka_unit_test(a_proof_of_an_accepted_task_is_dropped),
        cmocka_unit_test(round_robin_waits_for_a_full_worker_though_others_are_idle),
        cmocka_unit_test(eight_workers_prove_side_by_side),
        cmocka_unit_test(what_fails_or_is_malformed_is_dropped_with_a_line),
        cmocka_unit_test(a_proof_under_way_is_finished_for_nothing),
        cmocka_unit_test(enough_is_enough),
        cmocka_unit_test(two_are_enough_and_nothing_is_told_about_the_machine),
        cmocka_unit_test(the_cache_keeps_500_ids_for_five_minutes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
