/* SPDX-License-Identifier: Apache-2.0 */
/* What nxp status and the screen are told. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/snapshot.h"
#include "tests/client/core/story.h"

static struct snapshot look(struct story *s)
{
    struct snapshot snapshot;

    core_snapshot(s->core, &snapshot, s->now_ns);
    return snapshot;
}

static int64_t wall_ns(double seconds)
{
    return STORY_WALL_S * NS_PER_S + (int64_t)(seconds * NS_PER_S);
}

static void each_phase_has_its_name(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    assert_int_equal(core_new(&s.core, &s.options, NULL), ST_OK);
    assert_string_equal(look(&s).phase, "new");
    core_free(s.core);
    story_start(&s);
    assert_string_equal(look(&s).phase, "greeting");
    assert_string_equal(look(&s).profile, "current");
    assert_string_equal(look(&s).nodes[0].standing, "not asked yet");
    story_to_task(&s, "A");
    assert_string_equal(look(&s).phase, "working");
    story_event(&s, EV_SHUTDOWN);
    assert_string_equal(look(&s).phase, "stopping");
    story_fail_proof(&s, ST_CANCELLED, "cancelled");
    assert_string_equal(look(&s).phase, "over");
    story_end(&s);
}

static void a_task_is_seen_in_each_of_its_states(void **state)
{
    struct snapshot_task t;
    struct snapshot all;
    struct story s;

    (void)state;
    story_begin(&s);
    story_start(&s);
    s.slow_disk = true;
    story_to_task(&s, "A");
    t = look(&s).tasks[0];
    assert_string_equal(t.task_id, "A");
    assert_string_equal(t.program_id, "fib");
    assert_string_equal(t.node_id, "5880437");
    assert_int_equal(t.state, OUTBOX_FETCHED);
    assert_int_equal(t.difficulty, DIFFICULTY_SMALL_MEDIUM);
    assert_int_equal(t.fetched_wall_ns, wall_ns(0));
    assert_false(t.on_disk);
    story_saved(&s);
    s.slow_disk = false;
    t = look(&s).tasks[0];
    assert_true(t.on_disk);
    assert_int_equal(t.inputs, 1);
    assert_int_equal(t.inputs_proving, 1);
    assert_int_equal(look(&s).proving, 1);
    story_prove(&s, "p");
    t = look(&s).tasks[0];
    assert_int_equal(t.state, OUTBOX_SENDING);
    assert_int_equal(t.attempts, 1);
    assert_int_equal(t.inputs_proved, 1);
    assert_int_equal(t.next_try_wall_ns, 0);
    story_answer(&s, 429, "50", NULL);
    all = look(&s);
    t = all.tasks[0];
    assert_int_equal(t.state, OUTBOX_PROVED);
    assert_int_equal(t.last_status, 429);
    assert_in_range(t.next_try_wall_ns, wall_ns(50), wall_ns(56));
    assert_in_range(all.routes[CORE_ROUTE_SUBMIT].next_wall_ns, wall_ns(50), wall_ns(56));
    assert_in_range(all.routes[CORE_ROUTE_FETCH].next_wall_ns, wall_ns(120), wall_ns(120));
    assert_int_equal(all.nodes[0].open, 1);
    story_until_request(&s, 60);
    s.slow_disk = true;
    story_answer(&s, 200, NULL, NULL);
    all = look(&s); /* its end is not on disk yet */
    assert_int_equal(all.open, 0);
    assert_int_equal(all.task_count, 0);
    assert_int_equal(all.nodes[0].open, 0);
    assert_int_equal(all.nodes[0].accepted, 1);
    assert_int_equal(all.stats.accepted, 1);
    story_end(&s);
}

static void a_task_of_another_node_is_nobody_s_here(void **state)
{
    struct outbox_record r;
    struct story s;

    (void)state;
    story_begin(&s);
    assert_true(outbox_record_init(&r, "99", "A", "fib", 1));
    r.id = 1;
    r.fetched_wall_s = STORY_WALL_S;
    signing_key_public(s.key, r.public_key);
    assert_int_equal(outbox_put(&s.disk->base, &r, NULL), ST_OK);
    outbox_record_fini(&r);
    story_start(&s);
    assert_int_equal(look(&s).open, 1);
    assert_int_equal(look(&s).nodes[0].open, 0);
    story_end(&s);
}

static void only_the_oldest_tasks_are_listed(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    for (uint64_t id = 1; id <= SNAPSHOT_TASKS + 5; id++) {
        struct outbox_record r;
        char task[16];

        snprintf(task, sizeof task, "T%u", (unsigned)id);
        assert_true(outbox_record_init(&r, "5880437", task, "fib", 1));
        r.id = id;
        r.fetched_wall_s = STORY_WALL_S;
        signing_key_public(s.key, r.public_key);
        assert_int_equal(outbox_put(&s.disk->base, &r, NULL), ST_OK);
        outbox_record_fini(&r);
    }
    story_start(&s);
    assert_int_equal(look(&s).open, SNAPSHOT_TASKS + 5);
    assert_int_equal(look(&s).task_count, SNAPSHOT_TASKS);
    assert_string_equal(look(&s).tasks[SNAPSHOT_TASKS - 1].task_id, "T64");
    assert_int_equal(look(&s).nodes[0].open, SNAPSHOT_TASKS + 5);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_phase_has_its_name),
        cmocka_unit_test(a_task_is_seen_in_each_of_its_states),
        cmocka_unit_test(a_task_of_another_node_is_nobody_s_here),
        cmocka_unit_test(only_the_oldest_tasks_are_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
