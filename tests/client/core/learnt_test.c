/* SPDX-License-Identifier: Apache-2.0 */
/* What is learnt about the life of tasks and the speed of this machine, and what follows. */
#include "tests/support/test.h"

#include <string.h>

#include "base/clock.h"
#include "client/core/learnt.h"

#define LENGTH(table) (sizeof(table) / sizeof *(table))

#define S  DIFFICULTY_SMALL
#define SM DIFFICULTY_SMALL_MEDIUM
#define M  DIFFICULTY_MEDIUM
#define L  DIFFICULTY_LARGE
#define XL DIFFICULTY_EXTRA_LARGE

/* ---- life ---- */

static void a_task_s_life_is_learnt_from_both_sides(void **state)
{
    static const struct {
        char what; /* a accepted, g gone, p passed over */
        enum difficulty d;
        int64_t age_s;
        enum difficulty of;
        int64_t life_s; /* -1: unknown */
    } table[] = {
        {'a', M, 100, M, -1},      {'g', M, 59, M, -1}, /* too young to teach */
        {'g', M, 700, M, 400},                          /* half way between 100 and 700 */
        {'g', M, 900, M, 400},                          /* nothing new */
        {'a', M, 300, M, 500},     {'g', M, 601, M, 450},
        {'a', M, 200, M, 450},     {'a', S, 50, S, 452}, /* borrowed; 601 has become 605 by it */
        {'a', L, 500, L, 552},                           /* borrowed, with what is known better */
        {'a', L, 700, L, -1},                            /* and refuted */
        {'g', L, 900, L, 800},     {'a', S, 1, XL, 454}, /* the smallest bound is borrowed */
        {'p', M, 0, M, 492},                             /* passed over: an eighth more than 609 */
        {'a', M, 2000, M, -1},                           /* the bound was wrong */
        {'g', M, 70, M, -1}, /* not believed after that: as for the others */
        {'a', M, 10, M, -1},       {'g', M, 80, M, -1},
        {'g', M, 90, M, 45}, /* twice: believed */
        {'p', S, 0, M, 50},  /* a borrowed bound is stretched where it is */
        {'g', XL, 604801, XL, 50}, {'a', XL, 604801, XL, 50}, /* a clock was set */
    };
    struct lifespan l = {0};

    (void)state;
    for (size_t i = 0; i < LENGTH(table); i++) {
        int64_t life;

        if (table[i].what == 'a')
            lifespan_accepted(&l, table[i].d, table[i].age_s);
        else if (table[i].what == 'g')
            lifespan_gone(&l, table[i].d, table[i].age_s);
        else
            lifespan_passed_over(&l, table[i].d);
        life = lifespan_s(&l, table[i].of);
        if (life != (table[i].life_s < 0 ? LIFESPAN_UNKNOWN : table[i].life_s))
            fail_msg("row %zu: life %lld", i, (long long)life);
    }
}

static void a_bound_that_is_stretched_forever_is_given_up(void **state)
{
    struct lifespan l = {0};
    int times = 0;

    (void)state;
    lifespan_passed_over(&l, M); /* there is none */
    lifespan_gone(&l, M, 60);
    while (lifespan_s(&l, M) != LIFESPAN_UNKNOWN) {
        lifespan_passed_over(&l, M);
        times++;
    }
    assert_in_range(times, 60, 90);
    lifespan_gone(&l, M, 600);
    for (times = 0; lifespan_s(&l, M) < 600; times++) /* successes below: more patience */
        lifespan_accepted(&l, S, 10);
    assert_in_range(times, 90, 100);
}

/* ---- speed ---- */

static void a_quarter_is_hopeful_and_the_slowest_of_sixteen_is_cautious(void **state)
{
    struct speed s = {0};

    (void)state;
    assert_int_equal(speed_ns(&s, SPEED_HOPEFUL, "fib", M, 1, 1), 0);
    speed_proved(&s, "fib", M, 1000);
    assert_int_equal(speed_ns(&s, SPEED_HOPEFUL, "fib", M, 1, 1), 1000);
    assert_int_equal(speed_ns(&s, SPEED_CAUTIOUS, "fib", M, 1, 1), 1000);
    for (int i = 1; i <= 15; i++)
        speed_proved(&s, "fib", M, i);
    assert_int_equal(speed_ns(&s, SPEED_HOPEFUL, "fib", M, 1, 1), 4);
    assert_int_equal(speed_ns(&s, SPEED_CAUTIOUS, "fib", M, 1, 1), 1000);
    speed_proved(&s, "fib", M, 16); /* the slow one is forgotten */
    assert_int_equal(speed_ns(&s, SPEED_CAUTIOUS, "fib", M, 1, 1), 16);
    assert_int_equal(speed_ns(&s, SPEED_CAUTIOUS, "fib", M, 10, 1), 160);
    assert_int_equal(speed_ns(&s, SPEED_CAUTIOUS, "fib", M, 10, 4), 48); /* three rounds */
    assert_int_equal(speed_ns(&s, SPEED_CAUTIOUS, "fib", L, 1, 1), 0);
    assert_int_equal(speed_ns(&s, SPEED_CAUTIOUS, "fast-fib", M, 1, 1), 0);
    speed_proved(&s, "fib", M, INT64_MAX);
    assert_int_equal(speed_ns(&s, SPEED_CAUTIOUS, "fib", M, SIZE_MAX, 2), SPEED_LONGEST_NS);
    speed_proved(&s, "instant", M, 0);
    assert_int_equal(speed_ns(&s, SPEED_CAUTIOUS, "instant", M, SIZE_MAX, 2), 0);
}

static void long_names_are_compared_at_their_start_and_the_oldest_pair_is_forgotten(void **state)
{
    struct speed s = {0};
    char name[80];

    (void)state;
    memset(name, 'x', sizeof name);
    name[70] = '\0';
    speed_proved(&s, name, S, 5);
    name[60] = '\0';
    assert_int_equal(speed_ns(&s, SPEED_HOPEFUL, name, S, 1, 1), 5);
    for (char c = 'a'; c < 'a' + SPEED_CELLS; c++)
        speed_proved(&s, (char[]){c, '\0'}, S, 7);
    assert_int_equal(speed_ns(&s, SPEED_HOPEFUL, name, S, 1, 1), 0);
    assert_int_equal(speed_ns(&s, SPEED_HOPEFUL, "a", S, 1, 1), 7);
}

static void a_bucket_takes_at_least_what_the_known_one_below_takes(void **state)
{
    struct speed s = {0};

    (void)state;
    assert_int_equal(speed_bucket_ns(&s, L, 1), 0);
    speed_proved(&s, "fib", SM, 10);
    speed_proved(&s, "slow", SM, 20);
    speed_proved(&s, "fast", SM, 5);
    speed_task(&s, SM, 3);
    assert_int_equal(speed_bucket_ns(&s, S, 1), 0);
    assert_int_equal(speed_bucket_ns(&s, SM, 1), 60);
    assert_int_equal(speed_bucket_ns(&s, L, 1), 60);
    assert_int_equal(speed_bucket_ns(&s, L, 2), 40);
    speed_proved(&s, "fib", L, 100);
    speed_task(&s, L, SIZE_MAX);
    assert_int_equal(speed_bucket_ns(&s, L, 1), (int64_t)UINT32_MAX * 100);
}

/* ---- what follows ---- */

static struct learnt some(void)
{
    struct learnt l = {0};

    ladder_success(&l.ladder, M, 100);
    lifespan_accepted(&l.life, M, 200);
    lifespan_gone(&l.life, L, 800); /* a life of 400, and of 500 for M */
    speed_proved(&l.speed, "fib", M, 100 * NS_PER_S);
    speed_task(&l.speed, M, 4);
    return l;
}

static void no_bucket_is_asked_for_that_takes_longer_than_a_task_lives(void **state)
{
    struct learnt l = some();

    (void)state;
    assert_int_equal(ladder_ask(&l.ladder), L);
    assert_int_equal(learnt_ask(&l, 1), L); /* at least 400 s, within 400 */
    speed_proved(&l.speed, "fib", M, 101 * NS_PER_S);
    assert_int_equal(learnt_ask(&l, 1), M); /* 404 s */
    assert_int_equal(learnt_ask(&l, 2), L); /* two at a time: 202 s */
    speed_proved(&l.speed, "fib", S, 2000 * NS_PER_S);
    speed_proved(&l.speed, "fib", M, 2000 * NS_PER_S);
    speed_task(&l.speed, S, 1);
    assert_int_equal(learnt_ask(&l, 1), S); /* in any case */
    l.ladder.fixed = true;
    l.ladder.wanted = XL;
    assert_int_equal(learnt_ask(&l, 1), XL);
}

static void a_task_is_not_begun_that_would_be_late(void **state)
{
    static const struct {
        const char *program;
        enum difficulty d;
        size_t inputs;
        int64_t age_s;
        bool in_time;
    } table[] = {
        {"fib", M, 5, 0, true},      {"fib", M, 6, 0, false},  {"fib", M, 4, 100, true},
        {"fib", M, 4, 101, false},   {"other", M, 6, 0, true}, /* who knows */
        {"other", M, 6, 501, false}, {"fib", M, 0, 500, true},
    };
    struct learnt l = some();
    int64_t takes_s, life;

    (void)state;
    for (size_t i = 0; i < LENGTH(table); i++) {
        struct learnt_task t = {table[i].program, table[i].d, table[i].inputs, table[i].age_s};

        assert_int_equal(learnt_in_time(&l, &t, 1, &takes_s, &life), table[i].in_time);
        assert_int_equal(life, 500);
        if (strcmp(t.program, "fib") == 0)
            assert_int_equal(takes_s, 100 * (int64_t)t.inputs);
    }
    assert_int_equal(learnt_takes_s(&l, &(struct learnt_task){"fib", M, 3, 0}, 2), 200);
    l.life = (struct lifespan){0};
    assert_true(learnt_in_time(&l, &(struct learnt_task){"fib", M, 99, 9999}, 1, &takes_s, &life));
}

/* ---- bytes ---- */

static void what_is_learnt_survives_as_bytes(void **state)
{
    struct learnt l = some(), read;
    struct buffer first, second;
    struct why why;

    (void)state;
    ladder_failure(&l.ladder, XL);
    buffer_init(&first, 0);
    buffer_init(&second, 0);
    learnt_encode(&first, &l);
    assert_int_equal(learnt_decode(&read, buffer_bytes(&first), &why), ST_OK);
    learnt_encode(&second, &read);
    assert_true(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
    assert_int_equal(learnt_ask(&read, 1), learnt_ask(&l, 1));
    assert_int_equal(lifespan_s(&read.life, M), 500);
    assert_int_equal(speed_ns(&read.speed, SPEED_HOPEFUL, "fib", M, 1, 1), 100 * NS_PER_S);
    for (size_t size = 0; size < first.size; size++)
        assert_int_equal(learnt_decode(&read, bytes_of(first.data, size), &why), ST_INPUT);
    buffer_put_u8(&first, 0);
    assert_int_equal(learnt_decode(&read, buffer_bytes(&first), &why), ST_INPUT);
    buffer_fini(&first);
    buffer_fini(&second);
}

static void each_number_is_checked(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } table[] = {
        {0, 'x'}, /* another format */
        {8, 2},   /* known */
        {16, 1},  /* a difficulty that is none */
        {16, 20},
        {32, 2},  /* barred */
        {48, 17}, /* the bar's height */
        {56, 17},
        {64 + 7, 0x80},                 /* a negative age */
        {64 + 16, 2},                   /* odd */
        {64 + 9 * 24 + 4, 1},           /* inputs beyond 32 bits */
        {64 + 9 * 32 + 8 + 39, 'x'},    /* a program without end */
        {64 + 9 * 32 + 8 + 40, 1},      /* its difficulty */
        {64 + 9 * 32 + 8 + 48, 99},     /* used after the newest */
        {64 + 9 * 32 + 8 + 56, 17},     /* samples */
        {64 + 9 * 32 + 8 + 64, 16},     /* the next one */
        {64 + 9 * 32 + 8 + 72 + 7, 64}, /* a sample of years */
    };
    struct learnt l = some(), read;
    struct buffer bytes;
    struct why why;

    (void)state;
    for (size_t i = 0; i < LENGTH(table); i++) {
        buffer_init(&bytes, 0);
        learnt_encode(&bytes, &l);
        assert_int_equal(learnt_decode(&read, buffer_bytes(&bytes), &why), ST_OK);
        bytes.data[table[i].at] = table[i].value;
        if (learnt_decode(&read, buffer_bytes(&bytes), &why) != ST_INPUT)
            fail_msg("row %zu is not refused", i);
        buffer_fini(&bytes);
    }
    buffer_init(&bytes, 0);
    learnt_encode(&bytes, &l);
    store_le32(bytes.data + 64 + 2 * 24 + 8, 200); /* M: gone at 200, accepted at 200 */
    assert_int_equal(learnt_decode(&read, buffer_bytes(&bytes), &why), ST_INPUT);
    buffer_fini(&bytes);
    l.ladder.barred = true;
    buffer_init(&bytes, 0);
    l.ladder.bar_left = 1;
    learnt_encode(&bytes, &l);
    bytes.data[56] = 0; /* barred for no more successes: its bar would never fall */
    assert_int_equal(learnt_decode(&read, buffer_bytes(&bytes), &why), ST_INPUT);
    buffer_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_s_life_is_learnt_from_both_sides),
        cmocka_unit_test(a_bound_that_is_stretched_forever_is_given_up),
        cmocka_unit_test(a_quarter_is_hopeful_and_the_slowest_of_sixteen_is_cautious),
        cmocka_unit_test(long_names_are_compared_at_their_start_and_the_oldest_pair_is_forgotten),
        cmocka_unit_test(a_bucket_takes_at_least_what_the_known_one_below_takes),
        cmocka_unit_test(no_bucket_is_asked_for_that_takes_longer_than_a_task_lives),
        cmocka_unit_test(a_task_is_not_begun_that_would_be_late),
        cmocka_unit_test(what_is_learnt_survives_as_bytes),
        cmocka_unit_test(each_number_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
