/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>

#include "base/clock.h"
#include "sim/outline.h"
#include "sim/shelf.h"
#include "sim/shrink.h"
#include "tests/sim/prover.h"

/* ---- outlines ---- */

static void put_again(struct buffer *out, struct bytes yaml)
{
    json_t *tree;
    struct why why;

    if (outline_read(&tree, yaml, &why))
        fail_msg("%s", why.text);
    buffer_init(out, 0);
    outline_write(out, tree);
    json_decref(tree);
}

static void an_outline_is_the_same_scenario(void **state)
{
    (void)state;
    for (size_t i = 0; i < shelf_count(); i++) {
        struct buffer once, twice;
        struct scenario *a, *b;
        struct run_result ra, rb;
        const struct run_options o = {.seed = 3};

        put_again(&once, shelf_at(i).yaml);
        put_again(&twice, buffer_bytes(&once));
        assert_true(bytes_equal(buffer_bytes(&once), buffer_bytes(&twice)));
        assert_int_equal(scenario_parse(&a, shelf_at(i).yaml, NULL), ST_OK);
        if (a->clients[0].count > 100 || a->heal_ns > 7 * 86400 * NS_PER_S) { /* a large one */
            scenario_free(a);
            buffer_fini(&once);
            buffer_fini(&twice);
            continue;
        }
        assert_int_equal(scenario_parse(&b, buffer_bytes(&once), NULL), ST_OK);
        assert_int_equal(run_once(&ra, a, prover, &o, NULL), ST_OK);
        assert_int_equal(run_once(&rb, b, prover, &o, NULL), ST_OK);
        assert_memory_equal(&ra, &rb, sizeof ra);
        scenario_free(a);
        scenario_free(b);
        buffer_fini(&once);
        buffer_fini(&twice);
    }
}

static void texts_are_quoted_when_they_must_be(void **state)
{
    struct buffer out;

    (void)state;
    put_again(&out, bytes_of_text("a: ''\nb: \"x: y\\n\"\nc: [1, [2, {d: -3}], {}]\n"
                                  "e: {f: {g: 1.5}, h: []}\n"));
    buffer_put_u8(&out, 0);
    assert_string_equal((const char *)out.data,
                        "a: \"\"\nb: \"x: y\\n\"\nc:\n  - 1\n  - [2, {d: -3}]\n"
                        "  - {}\ne:\n  f: {g: 1.5}\n  h: []\n");
    buffer_fini(&out);
}

static void what_is_no_mapping_is_no_outline(void **state)
{
    static const char *const table[] = {"", "- a\n", "a: [\n", "text", "a: b: c\n"};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct why why = {""};
        json_t *tree;

        assert_int_equal(outline_read(&tree, bytes_of_text(table[i]), &why), ST_INPUT);
        assert_int_equal(strncmp(why.text, "line ", 5), 0);
    }
}

/* ---- shrinking ---- */

static const struct {
    enum host_bug bug;
    const char *scenario;
    uint64_t seed;
} bugs[] = {
    {HOST_DEAF, "rate_limits", 1},      {HOST_HASTY, "repeated_work", 1},
    {HOST_STUBBORN, "lost_answers", 1}, {HOST_FORGETFUL, "rate_limits", 1},
    {HOST_WASTEFUL, "many_nodes", 16},
};

static void text_of(struct buffer *out, const char *name)
{
    buffer_init(out, 0);
    assert_int_equal(shelf_text(out, name, NULL), ST_OK);
}

static void what_is_left_fails_the_same_way_and_is_small(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bugs / sizeof *bugs; i++) {
        const struct shrink_options o = {.run = {.seed = bugs[i].seed, .bug = bugs[i].bug},
                                         .most_runs = SHRINK_RUNS};
        struct run_options again = o.run;
        struct shrink_result small;
        struct run_result r;
        struct scenario *s;
        struct buffer yaml;
        struct why why;

        text_of(&yaml, bugs[i].scenario);
        if (shrink_scenario(&small, buffer_bytes(&yaml), prover, &o, &why))
            fail_msg("%s: %s", bugs[i].scenario, why.text);
        assert_true(small.after.schedule <= 10);
        assert_true(small.after.events <= small.before.events);
        assert_true(small.after.schedule < small.before.schedule);
        assert_int_equal(scenario_parse(&s, buffer_bytes(&small.yaml), &why), ST_OK);
        assert_true(s->has_seed && s->seed == bugs[i].seed);
        assert_int_equal(run_once(&r, s, prover, &again, &why), ST_OK);
        assert_memory_equal(&r, &small.run, sizeof r);
        assert_int_not_equal(r.broken, 0);
        again.bug = HOST_NO_BUG; /* and it is the bug that fails, not the scenario */
        assert_int_equal(run_once(&r, s, prover, &again, &why), ST_OK);
        assert_int_equal(r.broken, 0);
        scenario_free(s);
        buffer_fini(&small.yaml);
        buffer_fini(&yaml);
    }
}

static void an_expectation_is_shrunk_too(void **state)
{
    static const char yaml[] =
        "name: x\nheal_at: 5m\norchestrator: {programs: [{id: fib, n: 1, a: 1, b: 1}]}\n"
        "network: {latency: 50ms, jitter: 100ms, loss: 0.1}\n"
        "clients: [{name: a, prove: 10s, prove_jitter: 5s}, {name: b, count: 2, prove: 5s}]\n"
        "faults: [{fault: fetch_503, probability: 0.2}, {fault: submit_429, probability: 0.5}]\n"
        "expect: [{metric: credits, at_least: 1}, {metric: faults, at_most: 0}]\n";
    const struct shrink_options o = {.run = {.seed = 2}, .most_runs = SHRINK_RUNS};
    struct shrink_result small;

    (void)state;
    assert_int_equal(shrink_scenario(&small, bytes_of_text(yaml), prover, &o, NULL), ST_OK);
    assert_int_equal(small.run.broken, RUN_EXPECT);
    assert_int_equal(small.after.schedule, 1);
    buffer_fini(&small.yaml);
}

static void few_runs_are_kept_to(void **state)
{
    const struct shrink_options o = {.run = {.seed = 16, .bug = HOST_WASTEFUL}, .most_runs = 9};
    struct shrink_result small;
    struct buffer yaml;

    (void)state;
    text_of(&yaml, "many_nodes");
    assert_int_equal(shrink_scenario(&small, buffer_bytes(&yaml), prover, &o, NULL), ST_OK);
    assert_int_equal(small.runs, 9);
    assert_int_equal(small.run.broken, 8);
    buffer_fini(&small.yaml);
    buffer_fini(&yaml);
}

static void what_holds_cannot_be_shrunk(void **state)
{
    const struct shrink_options o = {.run = {.seed = 1}, .most_runs = SHRINK_RUNS};
    struct shrink_result small;
    struct buffer yaml;
    struct why why;

    (void)state;
    text_of(&yaml, "rate_limits");
    assert_int_equal(shrink_scenario(&small, buffer_bytes(&yaml), prover, &o, &why), ST_INPUT);
    assert_non_null(strstr(why.text, "nothing to shrink"));
    assert_int_equal(shrink_scenario(&small, bytes_of_text("- x"), prover, &o, &why), ST_INPUT);
    assert_int_equal(shrink_scenario(&small, bytes_of_text("name: x\n"), prover, &o, &why),
                     ST_INPUT);
    buffer_fini(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outline_is_the_same_scenario),
        cmocka_unit_test(texts_are_quoted_when_they_must_be),
        cmocka_unit_test(what_is_no_mapping_is_no_outline),
        cmocka_unit_test(what_is_left_fails_the_same_way_and_is_small),
        cmocka_unit_test(an_expectation_is_shrunk_too),
        cmocka_unit_test(few_runs_are_kept_to),
        cmocka_unit_test(what_holds_cannot_be_shrunk),
    };

    return cmocka_run_group_tests(tests, make_prover, free_prover);
}
