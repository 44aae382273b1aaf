/* SPDX-License-Identifier: Apache-2.0 */
/* What a client that knows how long tasks live, and how fast its machine is, does otherwise. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/client/core/story.h"

#define FETCH  "/v3/tasks"
#define SUBMIT "/v3/tasks/submit"

static void give(struct story *s, const char *id, enum difficulty d, size_t inputs)
{
    story_until_path(s, FETCH, 1e6);
    story_give(s, (struct story_task){id, "fib", TASK_PROOF_HASH, d, inputs, 0});
}

static void begin(struct story *s, const struct learnt *learnt)
{
    story_begin(s);
    s->options.learnt = learnt;
    story_start(s);
    story_answer(s, 200, NULL, NULL);
}

static void an_expired_task_teaches_and_later_ones_are_passed_over_for_a_while(void **state)
{
    struct story s;
    unsigned passed = 0;
    char id[16];

    (void)state;
    begin(&s, NULL);
    give(&s, "A", DIFFICULTY_MEDIUM, 1);
    story_until(&s, 700);
    story_prove(&s, "late");
    story_until_path(&s, SUBMIT, 1000);
    story_answer(&s, 404, NULL, NULL);
    assert_int_equal(s.learnt.life.of[2].gone_s, 700);
    for (double until = story_time(&s) + 1e5; !s.proof && story_time(&s) < until; passed++) {
        snprintf(id, sizeof id, "B%u", passed);
        story_until_path(&s, FETCH, 1e6);
        assert_int_equal(story_asked(&s), DIFFICULTY_SMALL_MEDIUM); /* but the server decides */
        story_give(&s, (struct story_task){id, "fib", TASK_PROOF_HASH, DIFFICULTY_MEDIUM, 1, 0});
    }
    assert_in_range(passed, 5, 8); /* then the bound is tried anew */
    assert_int_equal(core_stats(s.core)->abandoned, passed - 1);
    assert_non_null(strstr(story_line(&s, "abandoned")->text, "would take 700 s more"));
    assert_non_null(strstr(story_line(&s, "abandoned")->text, "difficulty MEDIUM"));
    story_until(&s, story_time(&s) + 100);
    story_prove(&s, "in time");
    story_until_path(&s, SUBMIT, 1e6);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(s.learnt.life.of[2].accepted_s, 100);
    story_end(&s);
}

static void an_answer_that_was_lost_teaches_nothing(void **state)
{
    struct story s;

    (void)state;
    begin(&s, NULL);
    give(&s, "A", DIFFICULTY_MEDIUM, 1);
    story_until(&s, 700);
    story_prove(&s, "credited");
    story_until_path(&s, SUBMIT, 1000);
    story_break(&s, true);
    story_until_path(&s, SUBMIT, 2000);
    story_answer(&s, 404, NULL, NULL);
    assert_int_equal(s.learnt.life.of[2].gone_s, 0);
    give(&s, "B", DIFFICULTY_MEDIUM, 1);
    story_until(&s, story_time(&s) + 100);
    story_prove(&s, "second");
    story_until_path(&s, SUBMIT, 1e5);
    story_answer(&s, 409, NULL,
                 NULL); /* it lived when the server had it first, whenever that was */
    assert_int_equal(core_stats(s.core)->accepted, 1);
    assert_int_equal(s.learnt.life.of[2].accepted_s, 0);
    story_end(&s);
}

static void the_proof_that_expires_first_is_sent_first(void **state)
{
    struct learnt learnt = {0};
    struct snapshot snap;
    struct story s;

    (void)state;
    lifespan_gone(&learnt.life, DIFFICULTY_LARGE, 6000); /* a life of 3000 s */
    lifespan_gone(&learnt.life, DIFFICULTY_SMALL, 1000); /* of 500 s */
    story_begin(&s);
    s.options.learnt = &learnt;
    s.options.proofs_at_once = 2;
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    give(&s, "A", DIFFICULTY_LARGE, 1);
    give(&s, "B", DIFFICULTY_SMALL, 1);
    core_snapshot(s.core, &snap, s.now_ns);
    assert_int_equal(snap.tasks[0].expires_wall_ns, (STORY_WALL_S + 3000) * NS_PER_S);
    assert_int_equal(snap.tasks[1].expires_wall_ns, (STORY_WALL_S + 120 + 500) * NS_PER_S);
    story_pick(&s, "A", 0);
    story_prove(&s, "A");
    story_expect(&s, HTTP_POST, SUBMIT);
    story_answer(&s, 429, "60", NULL);
    story_pick(&s, "B", 0);
    story_prove(&s, "B");
    story_until_path(&s, SUBMIT, 1000);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(story_state(&s, "B"), OUTBOX_ACKED);
    assert_int_equal(story_state(&s, "A"), OUTBOX_PROVED);
    story_until_path(&s, SUBMIT, 1000);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(story_state(&s, "A"), OUTBOX_ACKED);
    story_end(&s);
}

static void nothing_is_fetched_that_would_be_late_behind_what_is_being_proved(void **state)
{
    static const struct {
        int64_t gone_s; /* 0: nobody knows */
        double fetched;
    } table[] = {{0, 120}, {1200, 120}, {700, 250}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct learnt learnt = {0};
        struct story s;

        if (table[i].gone_s)
            lifespan_gone(&learnt.life, DIFFICULTY_SMALL_MEDIUM, table[i].gone_s);
        speed_proved(&learnt.speed, "fib", DIFFICULTY_SMALL_MEDIUM, 200 * NS_PER_S);
        speed_task(&learnt.speed, DIFFICULTY_SMALL_MEDIUM, 1);
        begin(&s, &learnt);
        give(&s, "A", DIFFICULTY_SMALL_MEDIUM, 1);
        if (table[i].fetched >
            120) { /* 200 s of the first and 200 s of the next are more than 350 */
            story_until(&s, 250);
            assert_false(story_waits(&s, FETCH));
            story_prove(&s, "A");
            story_answer(&s, 200, NULL, NULL);
        }
        story_until_path(&s, FETCH, 1000);
        assert_true(story_time(&s) == table[i].fetched);
        story_end(&s);
    }
}

static void what_was_learnt_is_known_after_a_restart(void **state)
{
    struct story s;

    (void)state;
    begin(&s, NULL);
    give(&s, "A", DIFFICULTY_LARGE, 2);
    story_until(&s, 60);
    story_prove(&s, "first");
    story_until(&s, 100);
    story_prove(&s, "second");
    assert_int_equal(s.learnt_count, 0); /* one save for each task that ends */
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(s.learnt_count, 1);
    assert_int_equal(speed_bucket_ns(&s.learnt.speed, DIFFICULTY_LARGE, 1), 120 * NS_PER_S);
    story_crash(&s);
    s.options.has_max_difficulty = false;
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    story_until_path(&s, FETCH, 1000);
    assert_int_equal(story_asked(&s), DIFFICULTY_EXTRA_LARGE);
    story_crash(&s);
    s.options.has_max_difficulty = true; /* what the user says goes before what was learnt */
    s.options.max_difficulty = DIFFICULTY_SMALL;
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    story_until_path(&s, FETCH, 1000);
    assert_int_equal(story_asked(&s), DIFFICULTY_SMALL);
    story_end(&s);
}

static void a_task_of_a_former_run_is_not_begun_when_it_would_be_late(void **state)
{
    struct learnt learnt = {0};
    struct story s;

    (void)state;
    lifespan_gone(&learnt.life, DIFFICULTY_SMALL, 1000); /* a life of 500 s */
    speed_proved(&learnt.speed, "fib", DIFFICULTY_SMALL, 200 * NS_PER_S);
    begin(&s, &learnt);
    give(&s, "A", DIFFICULTY_SMALL, 1);
    assert_int_equal(s.proof_count, 1);
    story_crash(&s);
    s.now_ns += 301 * NS_PER_S;
    story_start(&s);
    story_answer(&s, 200, NULL, NULL);
    assert_int_equal(s.proof_count, 0);
    assert_non_null(strstr(story_line(&s, "abandoned")->text, "it is 301 s old, would take 200 s"));
    story_end(&s);
}

static void closed_tasks_of_former_runs_are_known_the_newest_4096_of_them(void **state)
{
    struct story s;

    (void)state;
    story_begin(&s);
    assert_int_equal(core_new(&s.core, &s.options, NULL), ST_OK);
    for (uint64_t i = 0; i < 5000; i++) {
        struct outbox_record r;
        char id[16];

        snprintf(id, sizeof id, "T%u", (unsigned)i);
        assert_true(outbox_record_init(&r, "5880437", id, "fib", 1));
        r.id = i + 1;
        r.state = OUTBOX_ACKED;
        assert_int_equal(core_restore(s.core, &r, NULL), ST_OK);
    }
    story_event(&s, EV_START);
    story_answer(&s, 200, NULL, NULL);
    give(&s, "T904", DIFFICULTY_SMALL, 1);
    give(&s, "T4999", DIFFICULTY_SMALL, 1);
    assert_int_equal(core_stats(s.core)->duplicates, 2);
    assert_int_equal(s.proof_count, 0);
    give(&s, "T903", DIFFICULTY_SMALL, 1); /* forgotten */
    assert_int_equal(core_stats(s.core)->duplicates, 2);
    assert_int_equal(s.proof_count, 1);
    story_end(&s);
}

/* A machine whose time doubles with each bucket, and tasks that live for ten minutes. The reference
 * goes up after 320 s for EXTRA_LARGE, and from then on brings every proof after 640 s, too late.
 */
struct machine {
    struct story s;
    enum difficulty given[600];
    double arrived[600];
    unsigned tasks;
    uint64_t proof;
    double done_at;
};

static void give_what_is_asked_for(struct machine *m)
{
    char id[16];

    assert_true(m->tasks < 600);
    snprintf(id, sizeof id, "%u", m->tasks);
    m->given[m->tasks] = story_asked(&m->s);
    m->arrived[m->tasks++] = story_time(&m->s);
    story_give(&m->s,
               (struct story_task){id, "fib", TASK_PROOF_HASH, m->given[m->tasks - 1], 1, 0});
}

static void judge_by_age(struct machine *m)
{
    struct wire_memory memory = {0};
    struct wire_submission w;
    double age;

    assert_int_equal(
        wire_decode_submission(&w, &memory, buffer_bytes(&m->s.body), WIRE_MAX_SUBMISSION, NULL),
        ST_OK);
    age = story_time(&m->s) - m->arrived[atoi(w.task_id)];
    wire_memory_fini(&memory);
    story_answer(&m->s, age <= 600 ? 200 : 404, NULL, NULL);
}

static void work(struct machine *m)
{
    if (m->s.proof && m->s.proof != m->proof) {
        m->proof = m->s.proof;
        m->done_at = story_time(&m->s) +
                     20 * (double)(1u << ladder_rung(m->given[atoi(m->s.proofs[0].task)]));
    }
    if (m->s.proof && m->done_at <= story_time(&m->s))
        story_prove(&m->s, "stand-in");
    while (m->s.request) {
        if (strcmp(m->s.path, FETCH) == 0)
            give_what_is_asked_for(m);
        else if (strcmp(m->s.path, SUBMIT) == 0)
            judge_by_age(m);
        else
            story_answer(&m->s, 200, NULL, NULL);
    }
}

static void a_machine_settles_at_what_arrives_in_time(void **state)
{
    struct machine m = {0};
    const struct stats *stats;

    (void)state;
    story_begin(&m.s);
    story_start(&m.s);
    for (double t = 1; t <= 24 * 3600; t++) {
        work(&m);
        story_until(&m.s, t);
    }
    stats = core_stats(m.s.core);
    print_message("24 h: %u fetched, %u accepted, %u expired, %u passed over\n",
                  (unsigned)stats->fetched, (unsigned)stats->accepted, (unsigned)stats->refused,
                  (unsigned)stats->abandoned);
    assert_true(stats->accepted >= 24 * 3600 / 320 * 85 / 100);
    assert_true(stats->refused + stats->abandoned <= stats->fetched / 20);
    story_end(&m.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_expired_task_teaches_and_later_ones_are_passed_over_for_a_while),
        cmocka_unit_test(an_answer_that_was_lost_teaches_nothing),
        cmocka_unit_test(the_proof_that_expires_first_is_sent_first),
        cmocka_unit_test(nothing_is_fetched_that_would_be_late_behind_what_is_being_proved),
        cmocka_unit_test(what_was_learnt_is_known_after_a_restart),
        cmocka_unit_test(a_task_of_a_former_run_is_not_begun_when_it_would_be_late),
        cmocka_unit_test(a_machine_settles_at_what_arrives_in_time),
        cmocka_unit_test(closed_tasks_of_former_runs_are_known_the_newest_4096_of_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
