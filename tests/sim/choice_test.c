/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>

#include "sim/choice.h"

static void what_was_drawn_is_noted_and_changes_nothing(void **state)
{
    struct prng alone = prng_of(7), heard = prng_of(7);
    struct choice_tape tape = {.count = 0};
    struct choice_listener ear;

    (void)state;
    heard.listener = choice_listen(&ear, &tape, "dice");
    for (int i = 0; i < 200; i++) {
        assert_int_equal(prng_below(&alone, 6), prng_below(&heard, 6));
        assert_true(prng_chance(&alone, 0.25) == prng_chance(&heard, 0.25));
        assert_int_equal(prng_between(&alone, -5, 5), prng_between(&heard, -5, 5));
        assert_int_equal(prng_between(&alone, INT64_MIN, INT64_MAX),
                         prng_between(&heard, INT64_MIN, INT64_MAX));
        assert_true(prng_unit(&alone) == prng_unit(&heard));
        assert_true(prng_u64(&alone) == prng_u64(&heard));
    }
    assert_int_equal(tape.lane_count, 1);
    assert_int_equal(tape.lanes[0].asked, 1000); /* a word is no choice */
    assert_in_range(tape.count, 800, 1000);
    for (size_t i = 0; i < tape.count; i++)
        assert_true(tape.notes[i].value <= tape.notes[i].most);
    choice_tape_fini(&tape);
}

static void a_written_tape_decides_and_is_tame_beyond_its_end(void **state)
{
    static const struct scenario_choice written[] = {
        {"dice six", 2, 4}, {"dice six", 3, 99}, {"dice odd", 1, 1}};
    struct choice_tape tape = {.is_written = true, .written = written, .written_count = 3};
    struct choice_listener ear;
    struct prng prng = prng_of(1);

    (void)state;
    prng.listener = choice_listen(&ear, &tape, "dice");
    prng_place(&prng, "six");
    assert_int_equal(prng_below(&prng, 6), 0);
    assert_int_equal(prng_between(&prng, 10, 15), 14);
    assert_int_equal(prng_below(&prng, 6), 5); /* no more than there is */
    for (int i = 0; i < 100; i++) {
        assert_int_equal(prng_below(&prng, 6), 0);
        assert_false(prng_chance(&prng, 0.99));
        assert_true(prng_unit(&prng) == 0);
    }
    prng_place(&prng, "odd");
    assert_true(prng_chance(&prng, 0.01));
    assert_false(prng_chance(&prng, 0.01));
    choice_tape_fini(&tape);
}

static void what_is_certain_is_no_choice(void **state)
{
    struct choice_tape tape = {.is_written = true};
    struct choice_listener ear;
    struct prng prng = prng_of(1), fork;

    (void)state;
    prng.listener = choice_listen(&ear, &tape, "sure");
    assert_true(prng_chance(&prng, 1));
    assert_false(prng_chance(&prng, 0));
    assert_int_equal(prng_below(&prng, 1), 0);
    assert_int_equal(prng_between(&prng, 3, 3), 3);
    assert_int_equal(tape.lane_count, 0);
    fork = prng_fork(&prng, 9);
    assert_false(prng_chance(&fork, 0.999)); /* it is heard too */
    assert_int_equal(tape.lane_count, 1);
    assert_null(choice_listen(&ear, NULL, "nobody"));
    choice_tape_fini(&tape);
}

static void lanes_count_for_themselves(void **state)
{
    struct choice_tape tape = {.count = 0};

    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        char lane[16];

        snprintf(lane, sizeof lane, "lane %d", (int)(i % 50));
        choice_ask(&tape, lane, i, 1000);
    }
    assert_int_equal(tape.lane_count, 50);
    assert_int_equal(tape.count, 99); /* 0 of many is not worth a note */
    assert_string_equal(choice_lane_name(&tape, &tape.notes[98]), "lane 49");
    assert_int_equal(tape.notes[98].number, 2);
    assert_int_equal(choice_ask(&tape, "coin", 0, 1), 0);
    assert_int_equal(tape.count, 100); /* a "no" is */
    choice_tape_fini(&tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_drawn_is_noted_and_changes_nothing),
        cmocka_unit_test(a_written_tape_decides_and_is_tame_beyond_its_end),
        cmocka_unit_test(what_is_certain_is_no_choice),
        cmocka_unit_test(lanes_count_for_themselves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
