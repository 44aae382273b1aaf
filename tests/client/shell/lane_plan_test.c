/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "client/shell/lane_plan.h"

/* Needs in any unit: only sums and comparisons count. */
#define N(need)     {.need_bytes = (need)}
#define ALONE(need) {.need_bytes = (need), .alone = true}

static const struct {
    const char *story;
    struct lane_plan_input in;
    struct lane_plan_wish wishes[8];
    size_t count, starts;
    unsigned threads[8];
} table[] = {
    {"nothing waits", {.cores = 4, .memory_bytes = 100}, {{0}}, 0, 0, {0}},
    {"one input has all cores", {.cores = 4, .memory_bytes = 100}, {N(10)}, 1, 1, {4}},
    {"two share them", {.cores = 4, .memory_bytes = 100}, {N(10), N(10)}, 2, 2, {2, 2}},
    {"the first of three has the odd one",
     {.cores = 4, .memory_bytes = 100},
     {N(10), N(10), N(10)},
     3,
     3,
     {2, 1, 1}},
    {"as many inputs as cores: one thread each",
     {.cores = 2, .memory_bytes = 100},
     {N(10), N(10)},
     2,
     2,
     {1, 1}},
    {"more inputs than cores: the rest waits",
     {.cores = 2, .memory_bytes = 100},
     {N(10), N(10), N(10), N(10)},
     4,
     2,
     {1, 1}},
    {"memory for two, cores for four", {.cores = 4, .memory_bytes = 25}, {N(10), N(10), N(10)}, 3, 2, {2, 2}},
    {"exactly enough", {.cores = 4, .memory_bytes = 20}, {N(10), N(10)}, 2, 2, {2, 2}},
    {"a large one is not overtaken", {.cores = 4, .memory_bytes = 100}, {N(60), N(60), N(1)}, 3, 1, {4}},
    {"what runs has its part of the cores",
     {.cores = 4, .memory_bytes = 100, .running = {1, 3, 10}},
     {N(10), N(10)},
     2,
     1,
     {1}},
    {"no core is free", {.cores = 2, .memory_bytes = 100, .running = {2, 2, 20}}, {N(10)}, 1, 0, {0}},
    {"what runs has its part of the memory",
     {.cores = 4, .memory_bytes = 100, .running = {1, 1, 95}},
     {N(10)},
     1,
     0,
     {0}},
    {"less memory than when it started",
     {.cores = 4, .memory_bytes = 10, .running = {1, 1, 95}},
     {N(1)},
     1,
     0,
     {0}},
    {"fewer cores than when it started",
     {.cores = 1, .memory_bytes = 100, .running = {1, 4, 1}},
     {N(1)},
     1,
     0,
     {0}},
    {"one that wants to be alone has half of the cores",
     {.cores = 4, .memory_bytes = 100},
     {ALONE(10), N(10)},
     2,
     1,
     {2}},
    {"at least one", {.cores = 1, .memory_bytes = 100}, {ALONE(10)}, 1, 1, {1}},
    {"it waits until it is alone",
     {.cores = 4, .memory_bytes = 100, .running = {1, 1, 10}},
     {ALONE(10), N(10)},
     2,
     0,
     {0}},
    {"those in front of it go first",
     {.cores = 4, .memory_bytes = 100},
     {N(10), ALONE(10), N(10)},
     3,
     1,
     {4}},
    {"and nobody joins it",
     {.cores = 4, .memory_bytes = 100, .running = {1, 2, 10}, .running_alone = true},
     {N(10)},
     1,
     0,
     {0}},
};

static void inputs_side_by_side_before_threads_inside(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        unsigned threads[8] = {0};
        size_t n = lane_plan(threads, &table[i].in, table[i].wishes, table[i].count);

        if (n != table[i].starts)
            fail_msg("%s: %zu start", table[i].story, n);
        for (size_t k = 0; k < n; k++)
            if (threads[k] != table[i].threads[k])
                fail_msg("%s: input %zu has %u threads", table[i].story, k, threads[k]);
    }
}

static void a_part_of_the_free_memory_is_left_to_others(void **state)
{
    const uint64_t mib = 1 << 20;

    (void)state;
    assert_int_equal(lane_plan_share_bytes(0), 0);
    assert_int_equal(lane_plan_share_bytes(64 * mib), 0);
    assert_int_equal(lane_plan_share_bytes(1024 * mib), 960 * mib);
    assert_int_equal(lane_plan_share_bytes(16384 * mib), 15360 * mib);
    assert_true(lane_plan_fits(&(struct lane_plan_input){.memory_bytes = 5}, 5));
    assert_false(lane_plan_fits(&(struct lane_plan_input){.memory_bytes = 5}, 6));
    assert_int_equal(lane_plan_need_bytes(160 * mib), 178 * mib);
    assert_int_equal(lane_plan_most_steps(9056 * 1000), 1001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_side_by_side_before_threads_inside),
        cmocka_unit_test(a_part_of_the_free_memory_is_left_to_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
