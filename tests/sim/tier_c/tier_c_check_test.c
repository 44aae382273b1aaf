/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/tier_c/tier_c_inside.h"

static struct scenario *scenario_of(const char *client, const char *rest)
{
    char yaml[600];
    struct scenario *s;
    struct why why;

    snprintf(yaml, sizeof yaml, "name: x\nheal_at: 1h\nclients: [{name: a%s%s}]\n%s\n",
             *client ? ", " : "", client, rest);
    if (scenario_parse(&s, bytes_of_text(yaml), &why))
        fail_msg("%s: %s", yaml, why.text);
    return s;
}

/* What cannot be carried out: in a client, or elsewhere; and what is said about it. */
static const struct {
    const char *client, *rest, *said;
    bool foreign; /* only with a client whose inside we do not know */
} impossible[] = {
    {"disk_full: 0.1", "", "client 'a': disk_full", false},
    {"disk_error: 0.1", "", "client 'a': disk_error", false},
    {"disk_lost: 0.1", "", "client 'a': disk_lost", false},
    {"disk_torn: 0.1", "", "client 'a': disk_torn", false},
    {"disk_rot: 0.1", "", "client 'a': disk_rot", false},
    {"memory_short: 0.1", "", "client 'a': memory_short", false},
    {"prove_fails: 0.1", "", "client 'a': prove_fails", false},
    {"prove_dies: 0.1", "", "client 'a': prove_dies", false},
    {"clock_drift_ppm: -20", "", "client 'a': clock_drift_ppm", false},
    {"wall_skew: -3s", "", "client 'a': wall_skew", false},
    {"disk_stalls: 0.1", "", "client 'a': disk_stalls", false},
    {"prove_wrong: 0.1", "", "client 'a': prove_wrong", false},
    {"registers: true", "", "client 'a': registers", false},
    {"version: 0.10.18", "", "client 'a': version", false},
    {"", "network: {duplicate: 0.1}", "network: duplicate", false},
    {"", "events: [{at: 1s, event: kill_writing}]", "event 'kill_writing'", false},
    {"", "events: [{at: 1s, event: power_cut}]", "event 'power_cut'", false},
    {"", "events: [{at: 1s, event: power_cut_writing}]", "event 'power_cut_writing'", false},
    {"", "events: [{at: 1s, event: clock_step, amount: 5}]", "event 'clock_step'", false},
    {"", "events: [{at: 1s, event: status}]", "event 'status'", false},
    {"", "events: [{at: 1s, event: admin, who: orchestrator, call: GET /admin/state}]",
     "event 'admin'", false},
    {"", "events: [{at: 1s, event: visit, who: orchestrator, call: GET /v3/nodes/1}]",
     "event 'visit'", false},
    {"", "events: [{at: 1s, event: disk_full}]", "event 'disk_full'", false},
    {"", "events: [{at: 1s, event: disk_broken}]", "event 'disk_broken'", false},
    {"", "events: [{at: 1s, event: second_instance}]", "event 'second_instance'", true},
    {"", "events: [{at: 1s, event: worker_crash}]", "event 'worker_crash'", true},
    {"", "events: [{at: 1s, event: out_of_memory}]", "event 'out_of_memory'", true},
    {"", "events: [{at: 1s, event: slow, amount: 2}]", "event 'slow'", true},
    {"", "expect: [{metric: torn_records, at_most: 0}]", "expect 'torn_records'", false},
    {"", "expect: [{metric: abandoned, at_most: 0}]", "expect 'abandoned'", true},
};

#define IMPOSSIBLE (sizeof impossible / sizeof *impossible)

static void what_cannot_be_carried_out_is_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < IMPOSSIBLE; i++) {
        for (int foreign = 0; foreign < 2; foreign++) {
            struct scenario *s = scenario_of(impossible[i].client, impossible[i].rest);
            const struct live_options o = {.command = foreign ? "client" : NULL};
            enum status want = impossible[i].foreign && !foreign ? ST_OK : ST_INPUT;
            struct why why = {""};

            if (tier_c_check(s, &o, &why) != want ||
                (want && strncmp(why.text, impossible[i].said, strlen(impossible[i].said)) != 0))
                fail_msg("%s, foreign %d: '%s'", impossible[i].said, foreign, why.text);
            scenario_free(s);
        }
    }
}

static void left_out_it_is_told_and_gone(void **state)
{
    (void)state;
    for (size_t i = 0; i < IMPOSSIBLE; i++) {
        struct scenario *s = scenario_of(impossible[i].client, impossible[i].rest);
        char *told = NULL;
        size_t size = 0;
        struct live_options o = {.name = "x", .command = "client", .leave_out = true};
        struct why why;

        o.progress = open_memstream(&told, &size);
        assert_int_equal(tier_c_check(s, &o, &why), ST_OK);
        fclose(o.progress);
        assert_memory_equal(told, "x: left out: ", 13);
        assert_memory_equal(told + 13, impossible[i].said, strlen(impossible[i].said));
        assert_int_equal(s->event_count + s->expect_count, 0);
        o.leave_out = false;
        assert_int_equal(tier_c_check(s, &o, &why), ST_OK);
        scenario_free(s);
        free(told);
    }
}

static void what_can_be_carried_out_stays(void **state)
{
    struct scenario *s = scenario_of(
        "count: 2, nodes: 2, max_tasks: 3",
        "network: {latency: 5ms, loss: 0.1, reset: 0.1, retransmit: 0.1}\n"
        "events:\n"
        "  - {at: 1s, event: kill}\n"
        "  - {at: 1s, event: stop, for: 2s}\n"
        "  - {at: 1s, event: restart, who: orchestrator}\n"
        "  - {at: 1s, event: partition_up, for: 1s}\n"
        "  - {at: 1s, event: clog, for: 1s}\n"
        "  - {at: 1s, event: slow, amount: 3, for: 1s}\n"
        "expect: [{metric: credits, at_least: 1}, {metric: proofs_lost, at_most: 0}]");
    struct why why;

    (void)state;
    assert_int_equal(tier_c_check(s, &(struct live_options){.leave_out = true}, &why), ST_OK);
    assert_int_equal(s->event_count, 6);
    assert_int_equal(s->expect_count, 2);
    scenario_free(s);
}

static void too_many_and_what_has_no_meaning_is_refused_in_any_case(void **state)
{
    static const struct {
        const char *client, *rest, *said;
        unsigned port;
    } table[] = {
        {"count: 17", "", "clients: at most 16", 0},
        {"count: 2, nodes: 33", "", "clients: at most 16", 0},
        {"count: 2", "", "--port is for", 8080},
        {"", "swarm: true", "swarm", 0},
        {"", "buggify: true", "buggify", 0},
        {"", "tape: written", "choices", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct scenario *s = scenario_of(table[i].client, table[i].rest);
        const struct live_options o = {.leave_out = true, .port = table[i].port};
        struct why why = {""};

        if (tier_c_check(s, &o, &why) != ST_INPUT || !strstr(why.text, table[i].said))
            fail_msg("%s: '%s'", table[i].said, why.text);
        scenario_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_carried_out_is_refused_by_name),
        cmocka_unit_test(left_out_it_is_told_and_gone),
        cmocka_unit_test(what_can_be_carried_out_stays),
        cmocka_unit_test(too_many_and_what_has_no_meaning_is_refused_in_any_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
