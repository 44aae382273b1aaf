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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_of_retry_after_of_a_fetch),
        cmocka_unit_test(every_vector_of_retry_after_of_a_submission),
        cmocka_unit_test(every_vector_of_promotion),
        cmocka_unit_test(the_time_line_of_the_newest_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
