/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>

#include "sim/disk.h"

static struct outbox_record record(uint64_t id, const char *task_id)
{
    struct outbox_record r;

    assert_true(outbox_record_init(&r, "7", task_id, "fib", 1));
    r.id = id;
    r.inputs[0][0] = (uint32_t)id;
    return r;
}

static void begin(struct disk *d, uint64_t id, const char *task_id, enum outbox_state state)
{
    struct outbox_record r = record(id, task_id);

    r.state = state;
    disk_begin(d, &r);
    outbox_record_fini(&r);
}

static void a_write_is_durable_only_when_it_has_ended(void **state)
{
    struct disk d = {.count = 0};
    struct outbox_record back;

    (void)state;
    begin(&d, 2, "B", OUTBOX_FETCHED);
    assert_null(disk_of_task(&d, "B"));
    assert_int_equal(disk_end(&d, 2)->state, OUTBOX_FETCHED);
    begin(&d, 1, "A", OUTBOX_FETCHED);
    disk_end(&d, 1);
    assert_int_equal(d.cells[0].id, 1); /* in the order of ids */
    assert_int_equal(outbox_decode_bare(&back, buffer_bytes(&d.cells[1].bytes), NULL), ST_OK);
    assert_string_equal(back.task_id, "B");
    outbox_record_fini(&back);
    assert_int_equal(disk_open(&d), 2);
    begin(&d, 2, "B", OUTBOX_ABANDONED);
    assert_int_equal(disk_of_task(&d, "B")->state, OUTBOX_FETCHED);
    disk_end(&d, 2);
    assert_int_equal(disk_of_task(&d, "B")->state, OUTBOX_ABANDONED);
    assert_int_equal(disk_open(&d), 1);
    disk_fini(&d);
}

static void a_crash_keeps_a_first_part_of_what_was_begun(void **state)
{
    unsigned kept[4] = {0};

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct disk d = {.count = 0};
        struct prng prng = prng_of(seed);

        begin(&d, 1, "A", OUTBOX_FETCHED);
        begin(&d, 2, "B", OUTBOX_FETCHED);
        begin(&d, 3, "C", OUTBOX_FETCHED);
        disk_crash(&d, &prng);
        assert_int_equal(d.begun_count, 0);
        for (size_t i = 0; i < d.count; i++)
            assert_int_equal(d.cells[i].id, i + 1);
        kept[d.count]++;
        disk_fini(&d);
    }
    for (int i = 0; i < 4; i++)
        assert_true(kept[i] > 20);
}

static void a_record_that_is_set_aside_is_gone_and_leaves_room_for_its_task(void **state)
{
    struct disk d = {.count = 0};

    (void)state;
    begin(&d, 1, "A", OUTBOX_FETCHED);
    disk_end(&d, 1);
    begin(&d, 2, "B", OUTBOX_FETCHED);
    disk_end(&d, 2);
    disk_set_aside(&d, 1);
    assert_null(disk_of(&d, 1));
    assert_null(disk_of_task(&d, "A"));
    assert_int_equal(disk_open(&d), 1);
    assert_int_equal(d.aside, 1);
    begin(&d, 3, "A", OUTBOX_FETCHED);
    disk_end(&d, 3);
    assert_int_equal(disk_of_task(&d, "A")->id, 3);
    disk_fini(&d);
}

static void power_that_fails_takes_back_what_a_disk_only_called_written(void **state)
{
    struct disk d = {.count = 0};
    struct prng prng = prng_of(1);

    (void)state;
    begin(&d, 1, "A", OUTBOX_FETCHED);
    disk_end(&d, 1);
    begin(&d, 1, "A", OUTBOX_PROVED);
    disk_end_in_cache(&d, 1);
    begin(&d, 2, "B", OUTBOX_FETCHED);
    disk_end_in_cache(&d, 2);
    begin(&d, 1, "A", OUTBOX_SENDING);
    assert_int_equal(disk_end_in_cache(&d, 1)->state, OUTBOX_SENDING);
    assert_int_equal(d.count, 2);
    disk_power_cut(&d, &prng, false);
    assert_int_equal(d.count, 1);
    assert_int_equal(disk_of_task(&d, "A")->state, OUTBOX_FETCHED);
    assert_int_equal(d.shadow_count, 0);
    disk_fini(&d);
}

static void an_honest_write_makes_the_cache_durable(void **state)
{
    struct disk d = {.count = 0};
    struct prng prng = prng_of(1);

    (void)state;
    begin(&d, 1, "A", OUTBOX_FETCHED);
    disk_end_in_cache(&d, 1);
    begin(&d, 2, "B", OUTBOX_FETCHED);
    disk_end(&d, 2);
    disk_power_cut(&d, &prng, false);
    assert_int_equal(d.count, 2);
    disk_fini(&d);
}

static void a_write_that_happened_in_a_crash_makes_the_cache_durable_too(void **state)
{
    unsigned kept = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct disk d = {.count = 0};
        struct prng prng = prng_of(seed);
        bool happened;

        begin(&d, 1, "A", OUTBOX_FETCHED);
        disk_end_in_cache(&d, 1);
        begin(&d, 2, "B", OUTBOX_FETCHED);
        disk_crash(&d, &prng);
        happened = disk_has(&d, 2);
        disk_power_cut(&d, &prng, false);
        assert_true(disk_has(&d, 1) == happened && disk_has(&d, 2) == happened);
        kept += happened;
        disk_fini(&d);
    }
    assert_in_range(kept, 10, 40);
}

static void half_a_record_is_none(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct disk d = {.count = 0};
        struct prng prng = prng_of(seed);

        begin(&d, 1, "A", OUTBOX_FETCHED);
        disk_end(&d, 1);
        begin(&d, 1, "A", OUTBOX_ABANDONED);
        begin(&d, 2, "B", OUTBOX_FETCHED);
        disk_power_cut(&d, &prng, true);
        assert_int_equal(d.torn, 1);
        assert_int_equal(d.count, 1);
        assert_int_equal(d.cells[0].state, OUTBOX_FETCHED);
        assert_int_equal(d.begun_count, 0);
        disk_fini(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_is_durable_only_when_it_has_ended),
        cmocka_unit_test(a_crash_keeps_a_first_part_of_what_was_begun),
        cmocka_unit_test(power_that_fails_takes_back_what_a_disk_only_called_written),
        cmocka_unit_test(an_honest_write_makes_the_cache_durable),
        cmocka_unit_test(a_write_that_happened_in_a_crash_makes_the_cache_durable_too),
        cmocka_unit_test(a_record_that_is_set_aside_is_gone_and_leaves_room_for_its_task),
        cmocka_unit_test(half_a_record_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
