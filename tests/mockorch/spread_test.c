/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "mockorch/core/spread.h"

static void spreads_have_their_shapes(void **state)
{
    static const struct {
        enum fault_spread spread;
        int64_t below_ns;
        unsigned least, most; /* of 1000 */
    } table[] = {
        {FAULT_SPREAD_UNIFORM, 500, 480, 520},       {FAULT_SPREAD_UNIFORM, 1001, 1000, 1000},
        {FAULT_SPREAD_LOGNORMAL, 1000, 480, 520},    {FAULT_SPREAD_LOGNORMAL, 2718, 820, 860},
        {FAULT_SPREAD_LOGNORMAL, 20001, 1000, 1000}, {FAULT_SPREAD_PARETO, 587, 480, 520},
        {FAULT_SPREAD_PARETO, 10000, 950, 985},      {FAULT_SPREAD_PARETO, 100001, 1000, 1000},
    };

    struct prng any = prng_of(9);

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct prng prng = prng_of(i);
        unsigned below = 0;

        for (int k = 0; k < 40000; k++) {
            int64_t ns = spread_ns(&prng, table[i].spread, 1000);

            assert_true(ns >= 0);
            below += ns < table[i].below_ns;
        }
        assert_in_range(below / 40, table[i].least, table[i].most);
    }
    assert_true(spread_ns(&any, FAULT_SPREAD_PARETO, INT64_MAX) > 0);
}

/* A seed is the same run on every machine: these are what every compiler and library draws. */
static void the_draws_of_a_seed_are_these(void **state)
{
    static const int64_t drawn[][4] = {
        [FAULT_SPREAD_UNIFORM] = {441636258, 198362282, 585497382, 864709672},
        [FAULT_SPREAD_LOGNORMAL] = {910000006, 392000002, 939000006, 873000006},
        [FAULT_SPREAD_PARETO] = {512000003, 136000000, 536000003, 483000003},
    };

    (void)state;
    for (size_t shape = 0; shape < sizeof drawn / sizeof *drawn; shape++) {
        struct prng prng = prng_of(7);

        for (size_t k = 0; k < 4; k++)
            assert_int_equal(spread_ns(&prng, (enum fault_spread)shape, 1000000007), drawn[shape][k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spreads_have_their_shapes),
        cmocka_unit_test(the_draws_of_a_seed_are_these),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
