/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "sim/progress.h"

static int64_t now_ns;

static int64_t given(const struct clock *c)
{
    (void)c;
    return now_ns;
}

static const struct clock by_hand = {.now = given, .wall = given};

/* What one sees after so many steps, each step_ns after the other. */
static char *seen(uint64_t all, unsigned steps, int64_t step_ns, bool wipes)
{
    struct progress p;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    now_ns = 5 * NS_PER_S;
    progress_begin(&p, out, &by_hand, "outage", all);
    for (unsigned i = 0; i < steps; i++) {
        now_ns += step_ns;
        progress_step(&p, i == 0);
    }
    if (wipes)
        progress_wipe(&p);
    fclose(out);
    return text;
}

static void a_line_a_second_says_how_far_the_runs_are(void **state)
{
    static const struct {
        uint64_t all;
        unsigned steps;
        int64_t step_ns;
        bool wipes;
        const char *seen;
    } table[] = {
        {100, 10, NS_PER_S / 20, true, ""}, /* half a second is nothing to look at */
        {100, 20, NS_PER_S / 20, false, "outage: 20 of 100 runs, 1 failed, 4 s left"},
        {100, 20, NS_PER_S / 20, true, "outage: 20 of 100 runs, 1 failed, 4 s left\r\033[K"},
        {4, 2, NS_PER_S, false,
         "outage: 1 of 4 runs, 1 failed, 3 s left\r\033[K"
         "outage: 2 of 4 runs, 1 failed, 2 s left"},
        {0, 1, NS_PER_S, false, "outage: 1 runs, 1 failed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *text = seen(table[i].all, table[i].steps, table[i].step_ns, table[i].wipes);

        assert_string_equal(text, table[i].seen);
        free(text);
    }
}

static void nobody_looking_on_means_that_nothing_is_written(void **state)
{
    struct progress p;

    (void)state;
    progress_begin(&p, NULL, &by_hand, "outage", 2);
    now_ns += 10 * NS_PER_S;
    progress_step(&p, false);
    progress_step(NULL, false);
    progress_wipe(&p);
    assert_int_equal(p.done, 0);
    assert_false(p.shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_a_second_says_how_far_the_runs_are),
        cmocka_unit_test(nobody_looking_on_means_that_nothing_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
