/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>

#include "sim/outline.h"
#include "sim/tier_c/timescale.h"

static json_t *tree_of(const char *yaml)
{
    json_t *tree;
    struct why why;

    if (outline_read(&tree, bytes_of_text(yaml), &why))
        fail_msg("%s", why.text);
    return tree;
}

static const char *value(const json_t *tree, const char *part, size_t i, const char *key)
{
    const json_t *in = json_object_get(tree, part);

    in = json_is_array(in) ? json_array_get(in, i) : in;
    return json_string_value(json_object_get(part[0] ? in : tree, key));
}

static const char scenario[] =
    "name: x\n"
    "heal_at: 10m\n"
    "duration: 1h\n"
    "orchestrator: {window: 180s, fetches_per_window: 3, task_expiry: 1h, node_window: 100ms}\n"
    "network: {latency: 60ms, jitter: 6s}\n"
    "clients: [{name: a, start: 0, start_spread: 1m}]\n"
    "faults:\n"
    "  - {call: fetch, status: 429, retry_after: \"90\", from: 1m, until: 2m, delay: 70s}\n"
    "  - {call: submit, status: 429, retry_after: date+61}\n"
    "  - {call: submit, status: 429, retry_after: soon}\n"
    "  - {call: submit, status: 429, retry_after: \"-5\"}\n"
    "  - {fault: fetch_429_date}\n"
    "  - {fault: submit_answer_lost, nth: 7}\n"
    "events: [{at: 2m, event: kill, for: 1s, every: 3m, who: a}]\n";

static void times_of_the_world_are_divided_and_others_are_not(void **state)
{
    static const struct {
        const char *part;
        size_t i;
        const char *key, *is;
    } table[] = {
        {"", 0, "heal_at", "10000ms"},
        {"", 0, "duration", "60000ms"},
        {"orchestrator", 0, "window", "3000ms"},
        {"orchestrator", 0, "fetches_per_window", "3"},
        {"orchestrator", 0, "node_window", "2ms"}, /* up, never away */
        {"orchestrator", 0, "idle_retry", "1000ms"}, /* what is not written has a value, too */
        {"orchestrator", 0, "task_expiry", "1h"}, /* a client's waits are not divided either */
        {"network", 0, "latency", "60ms"},
        {"network", 0, "jitter", "6s"},
        {"clients", 0, "start", "0"},
        {"clients", 0, "start_spread", "1000ms"},
        {"faults", 0, "retry_after", "2"},
        {"faults", 0, "from", "1000ms"},
        {"faults", 0, "until", "2000ms"},
        {"faults", 0, "delay", "70s"},
        {"faults", 1, "retry_after", "date+2"},
        {"faults", 2, "retry_after", "soon"},
        {"faults", 3, "retry_after", "-5"},
        {"faults", 4, "retry_after", "date+2"}, /* of the catalogue: 90 s ahead */
        {"faults", 5, "nth", "7"},
        {"events", 0, "at", "2000ms"},
        {"events", 0, "for", "17ms"},
        {"events", 0, "every", "3000ms"},
        {"events", 0, "who", "a"},
    };
    json_t *tree = tree_of(scenario);
    struct why why;

    (void)state;
    assert_int_equal(timescale_divide(tree, 60, &why), ST_OK);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *is = value(tree, table[i].part, table[i].i, table[i].key);

        if (!is || strcmp(is, table[i].is) != 0)
            fail_msg("%s %zu %s: %s, not %s", table[i].part, table[i].i, table[i].key,
                     is ? is : "(none)", table[i].is);
    }
    assert_null(value(tree, "faults", 5, "retry_after"));
    json_decref(tree);
}

static void divided_by_one_it_stays_as_it_is_written(void **state)
{
    json_t *tree = tree_of(scenario), *same = tree_of(scenario);
    struct why why;

    (void)state;
    assert_int_equal(timescale_divide(tree, 1, &why), ST_OK);
    assert_true(json_equal(tree, same));
    json_decref(tree);
    json_decref(same);
}

static void an_orchestrator_that_is_not_described_has_its_usual_times(void **state)
{
    json_t *tree = tree_of("name: x\nheal_at: 1h\n");
    struct why why;

    (void)state;
    assert_int_equal(timescale_divide(tree, 10, &why), ST_OK);
    assert_string_equal(value(tree, "orchestrator", 0, "window"), "18000ms");
    assert_null(value(tree, "orchestrator", 0, "task_expiry"));
    json_decref(tree);
}

static void what_is_no_time_is_refused_by_name(void **state)
{
    static const char *const wrong[] = {
        "heal_at: soon\n",
        "heal_at: 1h\norchestrator: {window: many}\n",
        "heal_at: 1h\nclients: [{name: a, start: never}]\n",
        "heal_at: 1h\nfaults: [{fault: fetch_429, until: late}]\n",
        "heal_at: 1h\nevents: [{at: noon, event: kill}]\n",
    };
    struct why why;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        json_t *tree = tree_of(wrong[i]);

        assert_int_equal(timescale_divide(tree, 2, &why), ST_INPUT);
        assert_non_null(strstr(why.text, "is not"));
        json_decref(tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_the_world_are_divided_and_others_are_not),
        cmocka_unit_test(divided_by_one_it_stays_as_it_is_written),
        cmocka_unit_test(an_orchestrator_that_is_not_described_has_its_usual_times),
        cmocka_unit_test(what_is_no_time_is_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
