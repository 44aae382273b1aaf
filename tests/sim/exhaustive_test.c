/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>

#include "sim/exhaustive.h"
#include "sim/shelf.h"
#include "tests/sim/prover.h"

static const char small[] =
    "name: small\nheal_at: 1m\nproofs: model\n"
    "orchestrator: {task_limit: 1, programs: [{id: fib, n: 1, a: 1, b: 1}]}\n"
    "clients: [{name: laptop, prove: 10s, disk_full: 0.5}]\n"
    "faults: [{fault: submit_429, probability: 0.5}, {fault: fetch_503, probability: 0.5}]\n";

static struct exhaustive_result all_of(const char *yaml, unsigned most, enum host_bug bug)
{
    const struct run_options o = {.seed = 1, .bug = bug};
    struct exhaustive_result r;
    struct scenario *s;
    struct why why;

    if (scenario_parse(&s, bytes_of_text(yaml), &why) || run_check(s, &why) ||
        exhaustive_run(&r, s, prover, &o, most, NULL, &why))
        fail_msg("%s", why.text);
    scenario_free(s);
    return r;
}

static void each_place_has_a_run_of_its_own(void **state)
{
    struct exhaustive_result none = all_of(small, 0, HOST_NO_BUG);
    struct exhaustive_result one = all_of(small, 1, HOST_NO_BUG);
    struct exhaustive_result two = all_of(small, 2, HOST_NO_BUG);

    (void)state;
    assert_int_equal(none.runs, 1);
    assert_int_equal(none.places, 0);
    assert_int_equal(one.runs, 1 + one.places);
    /* The tame run has one fetch, one submission, five writes, and a kill behind each event. */
    assert_in_range(one.places, 10, 40);
    assert_int_equal(two.places, one.places);
    assert_true(two.runs > one.runs + one.places * (one.places - 1) / 2); /* faults make more */
    assert_int_equal(one.failed + two.failed, 0);
}

/* Two faults together: a 429 that is not obeyed, at the second time only. */
static void a_failure_says_where_its_faults_stand(void **state)
{
    struct exhaustive_result r = all_of(small, 1, HOST_DEAF);
    const struct exhaustive_failure *f = &r.failures[0];

    (void)state;
    assert_int_equal(r.failed, 1);
    assert_int_equal(r.failure_count, 1);
    assert_int_equal(f->run.broken, 5);
    assert_int_equal(f->count, 1);
    assert_string_equal(f->choices[0].lane, "fault submit_429");
    assert_int_equal(f->choices[0].number, 1);
    assert_int_equal(f->choices[0].value, 1);
}

static void a_run_that_fails_tamely_is_the_only_one(void **state)
{
    struct exhaustive_result r = all_of(small, 2, HOST_STUBBORN);

    (void)state;
    assert_int_equal(r.runs, 1);
    assert_int_equal(r.failed, 1);
    assert_int_equal(r.failures[0].count, 0);
}

static void the_life_of_one_task_survives_every_pair_of_faults(void **state)
{
    const struct run_options o = {.seed = 1};
    struct exhaustive_result r;
    struct scenario *s;

    (void)state;
    assert_int_equal(shelf_take(&s, "one_task", NULL), ST_OK);
    assert_int_equal(exhaustive_run(&r, s, prover, &o, 2, NULL, NULL), ST_OK);
    assert_int_equal(r.failed, 0);
    assert_true(r.runs > 3000);
    scenario_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_place_has_a_run_of_its_own),
        cmocka_unit_test(a_failure_says_where_its_faults_stand),
        cmocka_unit_test(a_run_that_fails_tamely_is_the_only_one),
        cmocka_unit_test(the_life_of_one_task_survives_every_pair_of_faults),
    };

    return cmocka_run_group_tests(tests, make_prover, free_prover);
}
