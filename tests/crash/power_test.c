/* SPDX-License-Identifier: Apache-2.0 */
/* A client's life on a disk that fails or loses its power at every single write: no finished proof
 * is lost, nothing is submitted after a definite answer, nobody comes before a Retry-After has
 * passed, and every task is credited once. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/prng.h"
#include "tests/client/shell/scratch.h"
#include "tests/crash/life.h"
#include "tests/crash/power_disk.h"

#define STRIDE (NXP_INSTRUMENTED ? 7 : 1) /* from one call that is struck to the next */

static struct scratch folder;
static unsigned seeds = 1; /* of each power cut; the first argument of the program */

static void begin(struct world *w, uint64_t seed)
{
    world_init(w, scratch_path(&folder, "outbox.db"), seed);
}

/* Calls that change the disk in a life without trouble. */
static unsigned calls_of_a_quiet_life(void)
{
    struct world w;
    unsigned calls;

    begin(&w, 1);
    assert_int_equal(world_live(&w), LIFE_DONE);
    calls = disk_calls();
    world_expect_well(&w, "no trouble");
    assert_int_equal(w.told_unsaved, 0);
    for (int i = 0; i < WORLD_TASKS; i++)
        assert_int_equal(w.tasks[i].proofs, 1);
    world_fini(&w);
    return calls;
}

static void a_life_without_trouble_ends_well(void **state)
{
    (void)state;
    assert_true(calls_of_a_quiet_life() > 100);
}

/* What is left may be cut again while it is taken up. */
static void power_cut(unsigned call, enum disk_luck luck, uint64_t seed, unsigned *cuts)
{
    struct prng p = prng_of(seed);
    struct world w;
    char about[100];
    enum life_end end = LIFE_CUT;

    snprintf(about, sizeof about, "power cut at call %u, luck %d, seed %u", call, luck,
             (unsigned)seed);
    begin(&w, seed);
    disk_trouble(DISK_CUT, call);
    for (int lives = 0; end == LIFE_CUT && lives < 4; lives++) {
        end = world_live(&w);
        if (end != LIFE_CUT)
            break;
        ++*cuts;
        disk_power_on(luck, prng_u64(&p));
        if (lives < 2)
            disk_trouble(DISK_CUT, 1 + (unsigned)prng_below(&p, 60));
    }
    if (end != LIFE_DONE)
        fail_msg("%s: the last life ends as %d: %s", about, end, w.why.text);
    world_expect_well(&w, about);
    world_fini(&w);
}

static void a_power_cut_at_any_write_loses_nothing(void **state)
{
    unsigned calls = calls_of_a_quiet_life(), runs = 0, cuts = 0;

    (void)state;
    for (unsigned call = 1; call <= calls; call += STRIDE)
        for (int luck = 0; luck < DISK_LUCKS; luck++)
            for (unsigned seed = 0; seed < (luck < LUCK_HALF ? 1 : seeds); seed++, runs++)
                power_cut(call, (enum disk_luck)luck, 1000 * call + seed, &cuts);
    printf("%u writes, truncations and syncs of a run; %u runs with %u power cuts\n", calls, runs,
           cuts);
    assert_true(cuts > runs);
}

/* The client goes on while the disk refuses, says so, and writes what it owes when it can. */
static void trouble_at(enum disk_trouble kind, unsigned call, int64_t heal_s, unsigned *refused)
{
    struct world w;
    char about[100];
    enum life_end end;

    snprintf(about, sizeof about, "trouble %d at call %u for %d s", kind, call, (int)heal_s);
    begin(&w, call);
    w.heal_at_ns = heal_s ? w.now_ns + heal_s * NS_PER_S : 0;
    disk_trouble(kind, call);
    end = world_live(&w);
    if (end == LIFE_REFUSED) { /* nothing was begun: the next start finds a disk that works */
        ++*refused;
        if (!strstr(w.why.text, "outbox"))
            fail_msg("%s: '%s' does not say what failed", about, w.why.text);
        disk_trouble(DISK_WORKS, 0);
        end = world_live(&w);
    }
    if (end != LIFE_DONE)
        fail_msg("%s: ends as %d: %s", about, end, w.why.text);
    world_expect_well(&w, about);
    world_fini(&w);
}

static void one_write_that_fails_anywhere_is_told_and_made_up_for(void **state)
{
    static const enum disk_trouble kinds[] = {DISK_ERROR, DISK_SHORT_WRITE};
    unsigned calls = calls_of_a_quiet_life(), refused = 0, runs = 0;

    (void)state;
    for (unsigned call = 1; call <= calls; call += STRIDE)
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++, runs++)
            trouble_at(kinds[i], call, 0, &refused);
    printf("%u runs, %u did not start\n", runs, refused);
    assert_true(refused > 0 && refused < runs / 2);
}

static void a_full_or_broken_disk_is_a_state_and_not_a_loss(void **state)
{
    static const enum disk_trouble kinds[] = {DISK_FULL, DISK_BROKEN};
    static const int64_t heal_s[] = {20, 300};
    unsigned calls = calls_of_a_quiet_life(), refused = 0, runs = 0;

    (void)state;
    for (unsigned call = 1; call <= calls; call += STRIDE)
        for (size_t i = 0; i < 4; i++, runs++)
            trouble_at(kinds[i / 2], call, heal_s[i % 2], &refused);
    printf("%u runs, %u did not start\n", runs, refused);
    assert_true(refused > 0 && refused < runs / 2);
}

static void the_user_hears_of_a_disk_that_is_full(void **state)
{
    struct world w;

    (void)state;
    begin(&w, 5);
    disk_trouble(DISK_FULL, 40);
    w.heal_at_ns = w.now_ns + 100 * NS_PER_S;
    assert_int_equal(world_live(&w), LIFE_DONE);
    assert_true(w.told_unsaved >= 2);
    assert_int_equal(w.told_going_on, 1); /* once, not every five seconds */
    world_expect_well(&w, "full");
    world_fini(&w);
}

static int make_folder(void **state)
{
    (void)state;
    scratch_init(&folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    scratch_fini(&folder);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_life_without_trouble_ends_well),
        cmocka_unit_test(a_power_cut_at_any_write_loses_nothing),
        cmocka_unit_test(one_write_that_fails_anywhere_is_told_and_made_up_for),
        cmocka_unit_test(a_full_or_broken_disk_is_a_state_and_not_a_loss),
        cmocka_unit_test(the_user_hears_of_a_disk_that_is_full),
    };

    if (argc > 1)
        seeds = (unsigned)atoi(argv[1]);
    disk_install();
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
