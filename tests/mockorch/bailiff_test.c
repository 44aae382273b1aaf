/* SPDX-License-Identifier: Apache-2.0 */
/* Who is judged when: turns between parties, and floods behind everybody else. One thread and a
 * judge at a gate, so that the order is known. */
#include "tests/support/test.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "mockorch/server/bailiff.h"

#define LIMIT 16

struct slow_judge {
    struct judge base;
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    unsigned allowed; /* cases that may pass the gate */
    unsigned begun;
    uint64_t order[64]; /* parties as they were judged */
};

static enum status slow_verify(struct judge *base, const struct judge_case *c, struct why *why)
{
    struct slow_judge *j = (struct slow_judge *)base;

    pthread_mutex_lock(&j->mutex);
    j->order[j->begun++] = c->party;
    pthread_cond_broadcast(&j->moved);
    while (j->allowed < j->begun)
        pthread_cond_wait(&j->moved, &j->mutex);
    pthread_mutex_unlock(&j->mutex);
    return c->count ? fail(why, ST_INVALID, "bad") : ST_OK; /* proofs: it is a bad one */
}

struct court {
    struct slow_judge judge;
    struct bailiff *bailiff;
    uint64_t jobs;
};

static int setup(void **state)
{
    static const struct judge_ops ops = {.verify = slow_verify};
    static struct court c;

    memset(&c, 0, sizeof c);
    c.judge.base.ops = &ops;
    pthread_mutex_init(&c.judge.mutex, NULL);
    pthread_cond_init(&c.judge.moved, NULL);
    assert_int_equal(bailiff_new(&c.bailiff, &c.judge.base, 1, LIMIT, NULL), ST_OK);
    *state = &c;
    return 0;
}

static void allow(struct court *c, unsigned more)
{
    pthread_mutex_lock(&c->judge.mutex);
    c->judge.allowed += more;
    pthread_cond_broadcast(&c->judge.moved);
    pthread_mutex_unlock(&c->judge.mutex);
}

static int teardown(void **state)
{
    struct court *c = *state;

    allow(c, 1000);
    bailiff_free(c->bailiff);
    bailiff_free(NULL);
    pthread_cond_destroy(&c->judge.moved);
    pthread_mutex_destroy(&c->judge.mutex);
    return 0;
}

/* The cases: good and bad ones of parties 0 to 9. */
static const struct judge_case *case_of(uint64_t party, bool bad)
{
#define PAIR(n) {{.party = (n)}, {.party = (n), .count = 1}}
    static const struct judge_case cases[10][2] = {PAIR(0), PAIR(1), PAIR(2), PAIR(3), PAIR(4),
                                                   PAIR(5), PAIR(6), PAIR(7), PAIR(8), PAIR(9)};

    return &cases[party][bad];
}

static bool bring(struct court *c, uint64_t party, bool bad)
{
    return bailiff_bring(c->bailiff, ++c->jobs, case_of(party, bad));
}

static void wait_begun(struct court *c, unsigned count)
{
    pthread_mutex_lock(&c->judge.mutex);
    while (c->judge.begun < count)
        pthread_cond_wait(&c->judge.moved, &c->judge.mutex);
    pthread_mutex_unlock(&c->judge.mutex);
}

static struct bailiff_verdict take(struct court *c)
{
    struct pollfd fd = {.fd = bailiff_fd(c->bailiff), .events = POLLIN};
    struct bailiff_verdict v;

    while (!bailiff_take(c->bailiff, &v))
        assert_int_equal(poll(&fd, 1, 10000), 1);
    return v;
}

static void judge_all(struct court *c, unsigned count)
{
    allow(c, count);
    while (count--)
        take(c);
}

static void verdicts_come_back_with_their_words(void **state)
{
    struct court *c = *state;
    struct bailiff_verdict v;

    assert_true(bring(c, 1, true));
    allow(c, 1);
    v = take(c);
    assert_true(v.job == 1 && v.st == ST_INVALID);
    assert_string_equal(v.why.text, "bad");
    assert_false(bailiff_take(c->bailiff, &v));
}

static void parties_take_turns(void **state)
{
    static const uint64_t order[] = {1, 2, 1, 2, 1, 1};
    struct court *c = *state;

    assert_true(bring(c, 1, false)); /* at the gate at once */
    wait_begun(c, 1);
    for (int i = 0; i < 3; i++)
        assert_true(bring(c, 1, false));
    for (int i = 0; i < 2; i++)
        assert_true(bring(c, 2, false));
    judge_all(c, 6);
    for (size_t i = 0; i < 6; i++)
        assert_true(c->judge.order[i] == order[i]);
}

static void bad_proofs_wait_behind_every_honest_one(void **state)
{
    static const uint64_t order[] = {1, 9, 2, 2, 3, 9, 9, 9};
    struct court *c = *state;

    assert_true(bring(c, 9, true)); /* a first strike */
    judge_all(c, 1);
    assert_true(bring(c, 1, false));
    wait_begun(c, 2);
    for (int i = 0; i < 3; i++)
        assert_true(bring(c, 9, true));
    assert_true(bring(c, 2, false));
    assert_true(bring(c, 2, false));
    assert_true(bring(c, 3, false));
    judge_all(c, 7);
    assert_true(c->judge.order[0] == 9);
    for (size_t i = 1; i < 5; i++) /* 1 was at the gate; 2, 3, 2 by turns */
        assert_true(c->judge.order[i] != 9);
    for (size_t i = 5; i < 8; i++)
        assert_true(c->judge.order[i] == order[i]);
}

static void honest_cases_clear_a_record(void **state)
{
    struct court *c = *state;

    for (int i = 0; i < 3; i++) /* 1, 2, 3 strikes */
        assert_true(bring(c, 9, true));
    judge_all(c, 3);
    for (int i = 0; i < 2; i++) /* 1, 0 */
        assert_true(bring(c, 9, false));
    judge_all(c, 2);
    assert_true(bring(c, 1, false));
    judge_all(c, 1);
    assert_true(bring(c, 5, false));
    wait_begun(c, 7);
    assert_true(bring(c, 1, false)); /* served after 9, so its turn comes later */
    assert_true(bring(c, 9, false));
    judge_all(c, 3);
    assert_true(c->judge.order[7] == 9 && c->judge.order[8] == 1);
}

static void one_party_leaves_room_for_others(void **state)
{
    struct court *c = *state;

    for (int i = 0; i < LIMIT / 2; i++)
        assert_true(bring(c, 9, true));
    assert_false(bring(c, 9, true));
    for (int i = 0; i < LIMIT / 2; i++)
        assert_true(bring(c, (uint64_t)i % 8, false));
    assert_false(bring(c, 8, false)); /* full */
    judge_all(c, LIMIT);
    assert_true(bring(c, 9, true));
    judge_all(c, 1);
}

static void a_flood_of_several_makes_way_for_honest_ones(void **state)
{
    struct court *c = *state;

    assert_true(bring(c, 8, true));
    assert_true(bring(c, 9, true));
    judge_all(c, 2); /* a strike each */
    for (int i = 0; i < LIMIT; i++)
        assert_true(bring(c, i % 2 ? 8 : 9, true));
    wait_begun(c, 3); /* that one stays */
    for (int i = 0; i < LIMIT - 1; i++) {
        struct bailiff_verdict v;

        assert_true(bring(c, 1 + (uint64_t)i % 6, false));
        v = take(c);
        assert_true(v.job > 2 && v.job <= 2 + LIMIT);
        assert_int_equal(v.st, ST_LIMIT);
        assert_string_equal(v.why.text, "the judge has too many cases of others");
    }
    assert_false(bring(c, 7, false)); /* full of their like */
    assert_false(bring(c, 9, true));
    judge_all(c, LIMIT);
    for (int i = 3; i < LIMIT + 2; i++)
        assert_true(c->judge.order[i] <= 6);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(verdicts_come_back_with_their_words),
        CASE(parties_take_turns),
        CASE(bad_proofs_wait_behind_every_honest_one),
        CASE(honest_cases_clear_a_record),
        CASE(one_party_leaves_room_for_others),
        CASE(a_flood_of_several_makes_way_for_honest_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
