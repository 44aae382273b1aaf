/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/clock.h"
#include "base/prng.h"
#include "sim/clockwork.h"

static void a_drifting_clock_gains_or_loses_its_share(void **state)
{
    static const struct {
        int64_t ppm, world_ns, shows_ns;
    } table[] = {
        {0, 5 * NS_PER_S, 5 * NS_PER_S},
        {1000, 1000 * NS_PER_S, 1001 * NS_PER_S},
        {-1000, 1000 * NS_PER_S, 999 * NS_PER_S},
        {100000, 86400 * NS_PER_S, 95040 * NS_PER_S},
        {20000, 50, 51},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct clockwork c = {.boot_ns = 7 * NS_PER_S, .drift_ppm = table[i].ppm};

        assert_int_equal(clockwork_monotonic_ns(&c, c.boot_ns + table[i].world_ns),
                         table[i].shows_ns);
    }
}

/* The time that a timer is set for is the first at which the clock shows it. */
static void a_timer_is_neither_early_nor_late(void **state)
{
    struct prng prng = prng_of(5);

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct clockwork c = {.boot_ns = prng_between(&prng, 0, 1 << 30),
                              .drift_ppm = prng_between(&prng, -100000, 100000)};
        int64_t shown_ns = prng_between(&prng, 1, INT64_C(1) << prng_between(&prng, 1, 57));
        int64_t at_ns = clockwork_world_ns(&c, shown_ns);

        assert_true(clockwork_monotonic_ns(&c, at_ns) >= shown_ns);
        assert_true(clockwork_monotonic_ns(&c, at_ns - 1) < shown_ns);
    }
    assert_int_equal(clockwork_world_ns(&(struct clockwork){.drift_ppm = 9}, INT64_MAX), INT64_MAX);
}

static void the_wall_clock_is_what_it_was_set_to(void **state)
{
    struct clockwork c = {.wall_zero_ns = 100, .drift_ppm = 5000};

    (void)state;
    assert_int_equal(clockwork_wall_ns(&c, 50), 150);
    c.wall_zero_ns -= 30;
    assert_int_equal(clockwork_wall_ns(&c, 50), 120);
}

/* Of 40 000 draws, with a scale of 1000: how many lie below. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drifting_clock_gains_or_loses_its_share),
        cmocka_unit_test(a_timer_is_neither_early_nor_late),
        cmocka_unit_test(the_wall_clock_is_what_it_was_set_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
