/* SPDX-License-Identifier: Apache-2.0 */
/* The network client 0.10.18: the time line and the vectors of the specification, defects included.
 */
#include "tests/support/test.h"

#include <string.h>

#include "base/clock.h"
#include "tests/client/core/script.h"
#include "tests/support/support.h"

#define NODE   "GET /v3/nodes/5880437"
#define FETCH  "POST /v3/tasks"
#define SUBMIT "POST /v3/tasks/submit"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void begin(struct script *s, const struct script_answer *answers, size_t count,
                  const struct reference_options *o)
{
    s->answers = answers;
    s->answer_count = count;
    assert_int_equal(reference_current_new(&s->runtime, o, NULL), ST_OK);
    script_start(s);
}

/* ---- client.md 5.7; EV_START is its second 0.9 ---- */

static void the_time_line_of_the_newest_client(void **state)
{
    static const struct script_answer answers[] = {
        {NODE, 0.2, 200, NULL, NULL, NULL},        {FETCH, 0.02, 200, NULL, "A:SMALL_MEDIUM", NULL},
        {SUBMIT, 0.02, 200, NULL, NULL, NULL},     {FETCH, 0.02, 429, "60", NULL, NULL},
        {FETCH, 0.04, 503, NULL, NULL, NULL},      {FETCH, 0.04, 503, NULL, NULL, NULL},
        {FETCH, 0.02, 200, NULL, "B:SMALL", NULL}, {SUBMIT, 0.1, 429, "30", NULL, NULL},
        {FETCH, 0.02, 429, NULL, NULL, NULL},
    };
    static const struct script_note line[] = {
        {0.9, NODE},
        {1.1, FETCH " SMALL_MEDIUM"},
        {31.4, SUBMIT " of A"},
        {31.4, "Step 4 of 4: Proof submitted successfully for task A"},
        {31.5, "Step 1 of 4: Waiting - ready for next task (89) seconds"},
        {121.1, FETCH " MEDIUM"},
        {122.2, "Step 1 of 4: Waiting - ready for next task (68) seconds"},
        {191.1, "Step 1 of 4: Waiting - ready for next task (50) seconds"},
        {241.1, FETCH " MEDIUM"},
        {241.15, FETCH " MEDIUM"},
        {242.3, "Step 1 of 4: Waiting - ready for next task (38) seconds"},
        {281.2, "Step 1 of 4: Waiting - ready for next task (80) seconds"},
        {361.2, FETCH " MEDIUM"},
        {361.2, "Server adjusted difficulty: asked MEDIUM, assigned SMALL (by reputation)"},
        {400, SUBMIT " of B"},
        {400.1, "Failed to submit proof for task B after 1 attempt: HTTP 429. The proof is thrown "
                "away"},
        {400.2, "Step 1 of 4: Waiting - ready for next task (81) seconds"},
        {481.2, FETCH " MEDIUM"}, /* the last success is still A */
    };
    struct script_note shifted[COUNT(line)];
    struct reference_options o;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    s.events = " waiting submitted difficulty_adjusted lost ";
    s.prove_s = 30;
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 200);
    s.prove_s = 38.45; /* of B */
    script_until(&s, 480.4);
    assert_int_equal(runtime_stats(s.runtime)->lost, 1);
    script_until(&s, 481);
    for (size_t i = 0; i < COUNT(line); i++)
        shifted[i] = (struct script_note){line[i].at - 0.9, line[i].text};
    script_expect(&s, shifted, COUNT(shifted));
    assert_int_equal(runtime_stats(s.runtime)->accepted, 1);
    assert_int_equal(runtime_stats(s.runtime)->fetched, 2);
    script_fini(&s);
}

/* ---- vectors ---- */

/* Plays answers from the beginning until a time. */
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

static void every_vector_of_retry_after_of_a_fetch(void **state)
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
        size_t in_a_row = (size_t)json_integer_value(json_object_get(c, "fetch_attempts_in_a_row"));
        double next = json_number_value(json_object_get(c, "next_fetch_after_s"));
        const struct script_answer answers[] = {
            {NODE, 0, 200, NULL, NULL, NULL},
            {FETCH, 0, status, header, NULL, NULL},
            {FETCH, 0, status, header, NULL, NULL},
            {FETCH, 0, 429, NULL, NULL, NULL},
        };
        struct http_response r = {.status = status};
        struct reference_options o;
        uint32_t seconds = 0;
        struct script s;

        if (header)
            r.headers[r.header_count++] = (struct http_header){"retry-after", header};
        assert_int_equal(reference_advice_s(&seconds, &r), json_is_integer(parsed));
        assert_int_equal(seconds, json_integer_value(parsed));

        script_init(&s);
        o = script_options(&s);
        begin(&s, answers, in_a_row + 1, &o);
        script_until(&s, 0.5);
        assert_int_equal(requests(&s, FETCH), in_a_row);
        s.answers = answers + COUNT(answers) - 1 - (in_a_row + 1);
        s.answer_count = in_a_row + 2;
        script_until(&s, next - 0.001);
        assert_int_equal(requests(&s, FETCH), in_a_row);
        script_until(&s, next);
        assert_int_equal(requests(&s, FETCH), in_a_row + 1);
        script_fini(&s);
    }
    json_decref(root);
}

static void every_vector_of_retry_after_of_a_submission(void **state)
{
    json_t *root = golden_json("client/retry.json");
    json_t *c;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(root, "cases"), i, c)
    {
        unsigned status = (unsigned)json_integer_value(json_object_get(c, "status"));
        const char *header = json_string_value(json_object_get(c, "retry_after"));
        size_t in_a_row =
            (size_t)json_integer_value(json_object_get(c, "submit_attempts_in_a_row"));
        const struct script_answer no = {SUBMIT, 0, status, header, NULL, NULL};
        const struct script_answer answers[] = {
            {NODE, 0, 200, NULL, NULL, NULL}, {FETCH, 0, 200, NULL, "A", NULL}, no, no, no, no, no,
        };
        struct script s;

        play(&s, answers, 2 + in_a_row, 119);
        assert_int_equal(requests(&s, SUBMIT), in_a_row);
        assert_int_equal(runtime_stats(s.runtime)->lost, 1);
        assert_int_equal(runtime_open_tasks(s.runtime), 0);
        script_fini(&s);
    }
    json_decref(root);
}

static void every_vector_of_promotion(void **state)
{
    json_t *root = golden_json("client/difficulty.json");
    json_t *c;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(root, "promotion"), i, c)
    {
        const char *last = json_string_value(json_object_get(c, "last_success"));
        double seconds = json_number_value(json_object_get(c, "seconds"));
        char task[40], expected[60];
        const struct script_answer answers[] = {
            {NODE, 0, 200, NULL, NULL, NULL},
            {FETCH, 0, 200, NULL, task, NULL},
            {SUBMIT, 0, 200, NULL, NULL, NULL},
            {FETCH, 0, 429, NULL, NULL, NULL},
        };
        struct reference_options o;
        struct snapshot seen;
        struct script s;

        snprintf(task, sizeof task, "A:%s", last ? last : "SMALL");
        snprintf(expected, sizeof expected, FETCH " %s",
                 json_string_value(json_object_get(c, "ask")));
        if (strcmp(json_string_value(json_object_get(c, "ask")), "SMALL") == 0)
            snprintf(expected, sizeof expected, FETCH); /* absent on the wire */
        script_init(&s);
        o = script_options(&s);
        s.prove_s = seconds < 1 ? 0 : seconds - 0.3;
        begin(&s, answers, COUNT(answers), &o);
        script_until(&s, !last ? 0 : seconds < 120 ? 121 : seconds + 1);
        if (last) {
            runtime_snapshot(s.runtime, &seen, s.now_ns);
            assert_string_equal(difficulty_name(seen.asks),
                                json_string_value(json_object_get(c, "ask")));
        }
        assert_string_equal(s.notes[last ? 3 : 1].text, expected);
        script_fini(&s);
    }
    json_decref(root);
}

/* ---- the rest of the chapter, defects included ---- */

static void any_failure_of_the_node_look_up_ends_it(void **state)
{
    static const struct script_answer table[] = {
        {NODE, 0, 404, NULL, NULL, NULL},
        {NODE, 0, 503, NULL, NULL, NULL}, /* though it would pass */
        {NODE, 0, 429, "1", NULL, NULL},
        {NODE, 0, 0, NULL, NULL, NULL},
        {NODE, 0, 200, NULL, NULL, "\xff"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct script s;

        play(&s, &table[i], 1, 1);
        assert_true(s.over);
        assert_int_equal(s.end, CORE_NO_NODE);
        script_fini(&s);
    }
}

static void an_odd_answer_to_a_fetch_ends_it(void **state)
{
    static const struct script_answer table[] = {
        {FETCH, 0, 200, NULL, NULL, NULL},               /* empty */
        {FETCH, 0, 200, NULL, NULL, "\x22\x02\x30\x07"}, /* task_type 7 */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct script_answer answers[] = {{NODE, 0, 200, NULL, NULL, NULL}, table[i]};
        struct script s;

        play(&s, answers, 2, 1);
        assert_true(s.over);
        assert_int_equal(s.end, CORE_BROKEN);
        script_fini(&s);
    }
}

static void two_fetches_in_a_row_then_the_interval(void **state)
{
    static const struct script_answer answers[] = {
        {NODE, 0, 200, NULL, NULL, NULL},    {FETCH, 0, 0, NULL, NULL, NULL},
        {FETCH, 0, 200, NULL, NULL, "\xff"}, /* does not decode */
        {FETCH, 0, 302, NULL, NULL, NULL},   /* once */
        {FETCH, 0, 401, NULL, NULL, NULL},   {FETCH, 0, 403, NULL, NULL, NULL},
    };
    static const struct script_note line[] = {
        {0, NODE},
        {0, FETCH " SMALL_MEDIUM"},
        {0, FETCH " SMALL_MEDIUM"},
        {120, FETCH " SMALL_MEDIUM"},
        {240, FETCH " SMALL_MEDIUM"},
        {240, FETCH " SMALL_MEDIUM"},
    };
    struct snapshot seen;
    struct script s;

    (void)state;
    play(&s, answers, COUNT(answers), 359);
    script_expect(&s, line, COUNT(line));
    assert_int_equal(runtime_stats(s.runtime)->fetch_errors, 5);
    runtime_snapshot(s.runtime, &seen, s.now_ns);
    assert_string_equal(seen.phase, "working");
    assert_string_equal(seen.profile, "current");
    assert_true(seen.routes[CORE_ROUTE_FETCH].next_wall_ns > s.now_ns);
    script_fini(&s);
}

static void inputs_side_by_side_and_all_to_their_end(void **state)
{
    static const struct script_answer answers[] = {
        {NODE, 0, 200, NULL, NULL, NULL},
        {FETCH, 0, 200, NULL, "A", NULL},
        {SUBMIT, 0, 200, NULL, NULL, NULL},
        {FETCH, 0, 200, NULL, "B", NULL},
    };
    struct wire_memory memory = {0};
    struct wire_submission m;
    struct reference_options o;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    o.workers = s.slots = 2;
    o.has_max_difficulty = true;
    o.max_difficulty = DIFFICULTY_LARGE;
    s.inputs = 5;
    s.task_type = TASK_ALL_PROOF_HASHES;
    s.events = " submitted done abandoned ";
    s.fails = "B";
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 4);
    assert_int_equal(s.most_proving, 2);
    assert_int_equal(
        wire_decode_submission(&m, &memory, buffer_bytes(&s.last_submission), 1 << 20, NULL),
        ST_OK);
    assert_int_equal(m.all_proof_hash_count, 5);
    assert_int_equal(m.proof_count, 0);
    wire_memory_fini(&memory);
    assert_string_equal(s.notes[1].text, FETCH " LARGE");
    assert_string_equal(s.notes[4].text, "Task A completed: 5 inputs, 3 s, SMALL_MEDIUM");

    script_until(&s, 125); /* of B all five are tried, and the server is told nothing */
    assert_int_equal(runtime_stats(s.runtime)->abandoned, 1);
    assert_int_equal(runtime_stats(s.runtime)->proofs, 5);
    assert_int_equal(s.proving, 0);
    assert_int_equal(requests(&s, SUBMIT), 1);
    script_fini(&s);
}

static void a_malformed_task_is_given_up(void **state)
{
    static const struct script_answer answers[] = {
        {NODE, 0, 200, NULL, NULL, NULL},
        {FETCH, 0, 200, NULL, NULL, "\x22\x06\x0a\x01X\x2a\x01z"}, /* an input of one byte */
        {FETCH, 0, 200, NULL, NULL, "\x22\x03\x0a\x01Y"},          /* no inputs */
    };
    struct script s;

    (void)state;
    play(&s, answers, COUNT(answers), 121);
    assert_int_equal(runtime_stats(s.runtime)->fetched, 2);
    assert_int_equal(runtime_stats(s.runtime)->abandoned, 2);
    assert_int_equal(runtime_open_tasks(s.runtime), 0);
    script_fini(&s);
}

static void five_submissions_with_nothing_but_measuring_between(void **state)
{
    static const struct script_answer answers[] = {
        {NODE, 0, 200, NULL, NULL, NULL},   {FETCH, 0, 200, NULL, "A", NULL},
        {SUBMIT, 0, 0, NULL, NULL, NULL},   {SUBMIT, 0, 503, NULL, NULL, NULL},
        {SUBMIT, 0, 404, NULL, NULL, NULL}, {SUBMIT, 0, 400, NULL, NULL, NULL},
        {SUBMIT, 0, 200, NULL, NULL, NULL},
    };
    static const struct script_note line[] = {
        {0, NODE},
        {0, FETCH " SMALL_MEDIUM"},
        {1.3, SUBMIT " of A"},
        {1.6, SUBMIT " of A"},
        {1.9, SUBMIT " of A"},
        {2.2, SUBMIT " of A"},
        {2.5, SUBMIT " of A"},
        {2.5, "Step 4 of 4: Proof submitted successfully for task A (5 attempts)"},
    };
    struct reference_options o;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    o.max_tasks = 1;
    s.events = " submitted ";
    begin(&s, answers, COUNT(answers), &o);
    script_until(&s, 10);
    script_expect(&s, line, COUNT(line));
    assert_true(s.over);
    assert_int_equal(s.end, CORE_DONE);
    script_fini(&s);
}

static void two_tasks_are_enough(void **state)
{
    static const struct script_answer answers[] = {
        {NODE, 0, 200, NULL, NULL, NULL},   {FETCH, 0, 200, NULL, "A", NULL},
        {SUBMIT, 0, 200, NULL, NULL, NULL}, {FETCH, 0, 200, NULL, "B", NULL},
        {SUBMIT, 0, 200, NULL, NULL, NULL},
    };
    struct reference_options o;
    struct snapshot seen;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    o.max_tasks = 2;
    s.silent = true;
    begin(&s, answers, COUNT(answers), &o);
    runtime_snapshot(s.runtime, &seen, s.now_ns);
    assert_string_equal(seen.phase, "greeting");
    script_until(&s, 119);
    assert_false(s.over);
    script_until(&s, 125);
    assert_true(s.over);
    assert_int_equal(s.end, CORE_DONE);
    script_fini(&s);
}

static void nothing_outlives_it(void **state)
{
    static const struct script_answer answers[] = {
        {NODE, 0, 200, NULL, NULL, NULL},
        {FETCH, 0, 200, NULL, "A", NULL},
    };
    struct outbox_record record;
    struct reference_options o;
    struct script s;

    (void)state;
    script_init(&s);
    o = script_options(&s);
    assert_int_equal(reference_current_new(&s.runtime, &o, NULL), ST_OK);
    assert_true(outbox_record_init(&record, "5880437", "old", "fib", 1));
    assert_int_equal(runtime_restore(s.runtime, &record, NULL), ST_OK);
    assert_int_equal(runtime_open_tasks(s.runtime), 0);
    s.answers = answers;
    s.answer_count = COUNT(answers);
    script_start(&s);
    script_until(&s, 0.5);
    assert_int_equal(runtime_open_tasks(s.runtime), 1);
    runtime_handle(s.runtime, &(struct event){.type = EV_SAVED, .id = 1}, s.now_ns); /* nobody's */
    runtime_handle(s.runtime, &(struct event){.type = EV_UNSAVED, .id = 1}, s.now_ns);
    runtime_handle(s.runtime, &(struct event){.type = EV_RESPONSE, .id = 99}, s.now_ns);
    runtime_handle(s.runtime, &(struct event){.type = EV_TRANSPORT, .id = 99}, s.now_ns);
    runtime_handle(s.runtime, &(struct event){.type = EV_UNPROVED, .id = 99}, s.now_ns);
    runtime_handle(s.runtime, &(struct event){.type = EV_UNPROVED, .id = 1}, s.now_ns);
    script_shutdown(&s); /* wherever it is */
    assert_true(s.over);
    assert_int_equal(s.end, CORE_INTERRUPTED);
    script_fini(&s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_of_retry_after_of_a_fetch),
        cmocka_unit_test(every_vector_of_retry_after_of_a_submission),
        cmocka_unit_test(every_vector_of_promotion),
        cmocka_unit_test(the_time_line_of_the_newest_client),
        cmocka_unit_test(any_failure_of_the_node_look_up_ends_it),
        cmocka_unit_test(an_odd_answer_to_a_fetch_ends_it),
        cmocka_unit_test(two_fetches_in_a_row_then_the_interval),
        cmocka_unit_test(inputs_side_by_side_and_all_to_their_end),
        cmocka_unit_test(a_malformed_task_is_given_up),
        cmocka_unit_test(five_submissions_with_nothing_but_measuring_between),
        cmocka_unit_test(two_tasks_are_enough),
        cmocka_unit_test(nothing_outlives_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
