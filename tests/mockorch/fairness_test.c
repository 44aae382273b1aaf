/* SPDX-License-Identifier: Apache-2.0 */
/* Floods of refused submissions: whose case is judged next, and how long a refusal is held back. */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/patience.h"
#include "mockorch/core/turns.h"
#include "tests/mockorch/bench.h"

#define GAP 100

/* ---- patience ---- */

static int64_t refused(struct patience *p, uint64_t user, uint64_t key, uint64_t address,
                       int64_t now_ns)
{
    return patience_refused(p, (const uint64_t[PATIENCE_KINDS]){user, key, address}, now_ns);
}

static void the_first_refusals_are_told_at_once_and_then_one_each_gap(void **state)
{
    static const struct {
        int64_t at, held;
    } table[] = {
        {0, 0},     {0, 0},     {0, 0},     {0, 0},    {0, 0}, {0, 0}, {0, 0}, {0, 0}, /* eight */
        {0, 100},   {0, 200},   {100, 200},            /* several connections: ever later */
        {300, 100},                                    /* one that waits each time */
        {400, 100}, {500, 100}, {650, 50},  {5000, 0}, /* all is forgiven */
    };
    struct patience p;

    (void)state;
    patience_init(&p, GAP);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int64_t held = refused(&p, 7, 0, 0, table[i].at);

        if (held != table[i].held)
            fail_msg("row %zu: held for %d", i, (int)held);
    }
    patience_fini(&p);
}

static void nobody_waits_longer_than_eight_gaps(void **state)
{
    struct patience p;

    (void)state;
    patience_init(&p, GAP);
    for (int i = 0; i < 1000; i++)
        assert_true(refused(&p, 7, 0, 0, 0) <= 8 * GAP);
    assert_true(refused(&p, 7, 0, 0, 0) == 8 * GAP);
    assert_true(refused(&p, 7, 0, 0, 8 * GAP) == GAP); /* those thousand cost no more than 16 */
    patience_fini(&p);
}

static void the_longest_wait_of_user_key_and_address_counts(void **state)
{
    struct patience p;

    (void)state;
    patience_init(&p, 8 * GAP);
    for (int i = 0; i < 8; i++)
        assert_true(refused(&p, 1, 1, 1, 0) == 0);
    assert_true(refused(&p, 1, 2, 2, 0) == 8 * GAP);
    assert_true(refused(&p, 2, 1, 2, 0) == 8 * GAP);
    for (int i = 3; i < 58; i++) /* ever new users: the address, 64 at once */
        assert_true(refused(&p, (uint64_t)i, (uint64_t)i, 1, 0) == 0);
    assert_true(refused(&p, 58, 58, 1, 0) == 0);
    assert_true(refused(&p, 59, 59, 1, 0) == GAP); /* and eight times as fast as one user */
    assert_true(refused(&p, 60, 60, 9, 0) == 0);
    patience_fini(&p);
}

static void a_thousand_names_drive_nobody_patient_out(void **state)
{
    struct patience p;
    const uint64_t flooder = patience_party("flooder", 7);

    (void)state;
    patience_init(&p, GAP);
    for (int i = 0; i < 12; i++)
        refused(&p, 0, flooder, 0, 0);
    for (uint64_t i = 0; i < 1000; i++) {
        char name[24];

        snprintf(name, sizeof name, "key %u", (unsigned)i);
        refused(&p, 0, patience_party(name, strlen(name)), 0, 0);
    }
    assert_true(refused(&p, 0, flooder, 0, 0) == 5 * GAP); /* the one with the most to wait stays */
    patience_fini(&p);
}

static void without_a_gap_nothing_is_held(void **state)
{
    struct patience p;

    (void)state;
    patience_init(&p, 0);
    for (int i = 0; i < 100; i++)
        assert_true(refused(&p, 1, 1, 1, 0) == 0);
    assert_null(p.places);
    patience_fini(&p);
    assert_true(patience_party("", 0) != 0);
}

/* ---- turns ---- */

static struct judge_case of(uint64_t user, uint64_t node, uint64_t address)
{
    return (struct judge_case){.party = user, .node = node, .address = address};
}

static void judge_one(struct turns *t, struct judge_case c, enum status st)
{
    turns_serve(t, &c);
    turns_judged(t, &c, st);
}

/* Of two that came in this order, which is taken first? */
static int first_of(const struct turns *t, struct judge_case x, struct judge_case y)
{
    const struct turns_rank a = turns_rank(t, &x, 1), b = turns_rank(t, &y, 2);

    assert_true(turns_before(&a, &b) != turns_before(&b, &a));
    return turns_before(&a, &b) ? 1 : 2;
}

static bool displaces(const struct turns *t, struct judge_case x, struct judge_case y)
{
    const struct turns_rank a = turns_rank(t, &x, 2), b = turns_rank(t, &y, 1);

    return turns_displaces(&a, &b);
}

static struct turns turns;

static void those_who_came_first_go_first_until_they_were_served(void **state)
{
    (void)state;
    turns_init(&turns);
    assert_int_equal(first_of(&turns, of(1, 1, 1), of(2, 2, 2)), 1);
    judge_one(&turns, of(1, 1, 1), ST_OK);
    assert_int_equal(first_of(&turns, of(1, 1, 1), of(2, 2, 2)), 2);
    judge_one(&turns, of(2, 2, 2), ST_OK);
    assert_int_equal(first_of(&turns, of(2, 2, 2), of(1, 1, 1)), 2);
    assert_false(displaces(&turns, of(1, 1, 1), of(2, 2, 2))); /* only the honest displace others */
}

static void a_refused_proof_puts_its_user_behind_the_others(void **state)
{
    (void)state;
    turns_init(&turns);
    judge_one(&turns, of(1, 1, 1), ST_INVALID);
    judge_one(&turns, of(2, 2, 2), ST_OK);
    assert_int_equal(first_of(&turns, of(1, 1, 1), of(2, 2, 2)), 2);
    assert_int_equal(first_of(&turns, of(1, 3, 3), of(2, 2, 2)), 2); /* with another node too */
    assert_true(displaces(&turns, of(2, 2, 2), of(1, 1, 1)));
    judge_one(&turns, of(1, 1, 1), ST_OK);
    judge_one(&turns, of(2, 2, 2), ST_OK);
    assert_int_equal(first_of(&turns, of(1, 1, 1), of(2, 2, 2)), 1); /* forgiven */
    judge_one(&turns, of(1, 1, 1), ST_IO); /* the judge's own trouble is nobody's strike */
    judge_one(&turns, of(2, 2, 2), ST_OK);
    assert_int_equal(first_of(&turns, of(1, 1, 1), of(2, 2, 2)), 1);
}

static void a_node_that_is_refused_goes_behind_its_sisters(void **state)
{
    (void)state;
    turns_init(&turns);
    judge_one(&turns, of(1, 10, 1), ST_INPUT);
    assert_int_equal(first_of(&turns, of(1, 10, 1), of(1, 11, 1)), 2);
}

static void new_users_of_a_flooding_address_go_behind_those_of_others(void **state)
{
    struct judge_case known = of(6, 6, 1);

    (void)state;
    turns_init(&turns);
    judge_one(&turns, of(1, 1, 1), ST_INVALID);
    assert_int_equal(first_of(&turns, of(5, 5, 1), of(7, 7, 2)), 2);
    known.credited = true; /* a record of his own */
    assert_int_equal(first_of(&turns, known, of(7, 7, 2)), 1);
    assert_true(displaces(&turns, known, of(5, 5, 1)));
}

static void strikes_have_an_end_and_half_go_with_each_that_holds(void **state)
{
    const struct judge_case c = of(1, 1, 1);

    (void)state;
    turns_init(&turns);
    for (int i = 0; i < 100; i++)
        judge_one(&turns, c, ST_INVALID);
    assert_int_equal(turns_rank(&turns, &c, 0).strikes[TURNS_USER], TURNS_MOST_STRIKES);
    for (int i = 0; i < 3; i++)
        judge_one(&turns, c, ST_OK);
    for (int kind = 0; kind < TURNS_KINDS; kind++)
        assert_int_equal(turns_rank(&turns, &c, 0).strikes[kind], 1);
}

static void of_too_many_the_one_served_longest_ago_is_forgotten(void **state)
{
    const struct judge_case late = of(9999999, 9999999, 9999999), early = of(1, 1, 1);
    uint32_t kept = 0;

    (void)state;
    turns_init(&turns);
    judge_one(&turns, early, ST_INVALID);
    for (uint64_t i = 2; i < 4000; i++)
        judge_one(&turns, of(i, i, i), ST_INVALID);
    judge_one(&turns, late, ST_INVALID);
    assert_int_equal(turns_rank(&turns, &late, 0).strikes[TURNS_USER], 1);
    assert_int_equal(turns_rank(&turns, &early, 0).strikes[TURNS_USER], 0);
    for (uint64_t i = 2; i < 4000; i++) {
        const struct judge_case c = of(i, i, i);

        kept += turns_rank(&turns, &c, 0).strikes[TURNS_USER];
    }
    assert_true(kept > TURNS_SETS && kept < TURNS_SETS * TURNS_WAYS);
    turns_judged(&turns, &early, ST_INVALID); /* forgotten while it was judged: nothing happens */
}

/* ---- in the orchestrator ---- */

static int setup(void **state)
{
    static struct bench b;

    bench_init(&b);
    b.settings.fetches_per_window = 0;
    b.settings.refusal_gap_ns = SECOND;
    b.peer = "192.0.2.1";
    bench_start(&b);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_fini(*state);
    return 0;
}

static struct bench_submission submission;

static void prepare(struct bench *b)
{
    struct bench_task t;

    assert_int_equal(bench_fetch(b), 200);
    t = bench_task(b);
    bench_prove(b, &submission, &t);
}

/* So many are told at once, with that status; the next one is held. */
static void expect_at_once(struct bench *b, unsigned status, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(bench_submit(b, &submission), status);
        if (b->verdict.held_ns)
            fail_msg("number %u is held", i);
    }
    assert_int_equal(bench_submit(b, &submission), status);
    assert_true(b->verdict.held_ns > 0);
    assert_true(b->verdict.carriage.delay_ns == b->verdict.held_ns);
}

static void expect_honest_work(struct bench *b)
{
    assert_int_equal(bench_work(b), 200);
    assert_true(b->verdict.held_ns == 0 && b->verdict.carriage.delay_ns == 0);
}

static void a_flood_of_bad_proofs_is_held_and_good_ones_are_not(void **state)
{
    struct bench *b = *state;

    prepare(b);
    b->judge.broken = ST_INVALID;
    expect_at_once(b, 422, 8);
    b->judge.broken = ST_LIMIT;
    assert_int_equal(bench_submit(b, &submission),
                     503); /* nor is a full judge asked at once again */
    assert_true(b->verdict.held_ns == 2 * SECOND);
    b->judge.broken = ST_IO;
    assert_int_equal(bench_submit(b, &submission), 500);
    assert_true(b->verdict.held_ns == 0);
    b->judge.broken = ST_OK;
    expect_honest_work(b);
    assert_int_equal(bench_submit(b, &submission), 200);
    bench_submission_fini(&submission);
}

static void unknown_tasks_count_with_key_and_address(void **state)
{
    struct bench *b = *state;

    prepare(b);
    submission.message.task_id = "86-01K00000000000000000000000";
    expect_at_once(b, 404, 8);
    expect_honest_work(b);
    for (int i = 0; i < 55; i++) { /* ever new keys */
        b->public_key[0]++;
        submission.message.public_key = bytes_of(b->public_key, sizeof b->public_key);
        assert_int_equal(bench_submit(b, &submission), 404);
        assert_true(b->verdict.held_ns == 0);
    }
    b->public_key[0]++;
    assert_int_equal(bench_submit(b, &submission), 404);
    assert_true(b->verdict.held_ns == SECOND / 8);
    b->peer = "192.0.2.2";
    b->public_key[0]++;
    assert_int_equal(bench_submit(b, &submission), 404);
    assert_true(b->verdict.held_ns == 0);
    bench_submission_fini(&submission);
}

/* Whoever names the task of another does not make him wait. */
static void a_foreign_key_is_not_the_users_fault(void **state)
{
    struct bench *b = *state;
    static uint8_t foreign[SIGNING_PUBLIC_SIZE] = {9};

    prepare(b);
    submission.message.public_key = bytes_of(foreign, sizeof foreign);
    expect_at_once(b, 403, 8);
    submission.message.public_key = bytes_of(b->public_key, sizeof b->public_key);
    b->judge.broken = ST_INVALID;
    expect_at_once(b, 422, 8);
    bench_submission_fini(&submission);
}

static void bodies_that_are_none_count_with_their_address(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < 64; i++) {
        assert_int_equal(bench_send(b, HTTP_POST, "/v3/tasks/submit", bytes_of("\377", 1)), 400);
        assert_true(b->verdict.held_ns == 0);
    }
    assert_int_equal(bench_send(b, HTTP_POST, "/v3/tasks/submit", bytes_of("\377", 1)), 400);
    assert_true(b->verdict.held_ns == SECOND / 8);
    assert_int_equal(bench_send(b, HTTP_POST, "/v3/tasks", bytes_of("\377", 1)), 400);
    assert_true(b->verdict.held_ns == 0); /* only submissions */
}

static void a_gap_of_more_than_an_hour_is_refused(void **state)
{
    struct settings s;
    struct why why;

    (void)state;
    settings_init(&s);
    s.refusal_gap_ns = 0;
    assert_int_equal(settings_check(&s, &why), ST_OK);
    s.refusal_gap_ns = 3600 * SECOND + 1;
    assert_int_equal(settings_check(&s, &why), ST_INPUT);
    assert_non_null(strstr(why.text, "refusal_gap: at most 1h"));
    s.refusal_gap_ns = -1;
    assert_int_equal(settings_check(&s, &why), ST_INPUT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_refusals_are_told_at_once_and_then_one_each_gap),
        cmocka_unit_test(nobody_waits_longer_than_eight_gaps),
        cmocka_unit_test(the_longest_wait_of_user_key_and_address_counts),
        cmocka_unit_test(a_thousand_names_drive_nobody_patient_out),
        cmocka_unit_test(without_a_gap_nothing_is_held),
        cmocka_unit_test(those_who_came_first_go_first_until_they_were_served),
        cmocka_unit_test(a_refused_proof_puts_its_user_behind_the_others),
        cmocka_unit_test(a_node_that_is_refused_goes_behind_its_sisters),
        cmocka_unit_test(new_users_of_a_flooding_address_go_behind_those_of_others),
        cmocka_unit_test(strikes_have_an_end_and_half_go_with_each_that_holds),
        cmocka_unit_test(of_too_many_the_one_served_longest_ago_is_forgotten),
        CASE(a_flood_of_bad_proofs_is_held_and_good_ones_are_not),
        CASE(unknown_tasks_count_with_key_and_address),
        CASE(a_foreign_key_is_not_the_users_fault),
        CASE(bodies_that_are_none_count_with_their_address),
        cmocka_unit_test(a_gap_of_more_than_an_hour_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
