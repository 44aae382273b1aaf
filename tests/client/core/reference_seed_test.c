/* SPDX-License-Identifier: Apache-2.0 */
/* v0.9.0: the time line of the specification row by row, and each of its rules and defects. */
#include "tests/support/test.h"

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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_line_of_the_seed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
