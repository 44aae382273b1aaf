/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>

#include "sim/world.h"

#define MOST 1000

struct diary {
    struct world *world;
    uint64_t ids[MOST];
    int64_t times[MOST];
    size_t count;
    unsigned dropped;
};

static void write_down(void *context, uint64_t id, void *payload)
{
    struct diary *d = context;

    (void)payload;
    d->ids[d->count] = id;
    d->times[d->count++] = d->world->now_ns;
}

static void plan(struct diary *d, int64_t at_ns, uint64_t id)
{
    world_plan(d->world, &(struct world_event){
                             .at_ns = at_ns, .fire = write_down, .context = d, .id = id});
}

static void events_happen_in_the_order_of_their_times(void **state)
{
    struct world w;
    struct diary d = {.world = &w};
    struct prng prng = prng_of(7);

    (void)state;
    world_init(&w, 1, NULL);
    for (uint64_t i = 0; i < MOST; i++)
        plan(&d, prng_between(&prng, 0, 300), i);
    while (world_step(&w, INT64_MAX))
        ;
    assert_int_equal(d.count, MOST);
    for (size_t i = 1; i < MOST; i++) {
        assert_true(d.times[i - 1] <= d.times[i]);
        if (d.times[i - 1] == d.times[i])
            assert_true(d.ids[i - 1] < d.ids[i]); /* as they were planned */
    }
    world_fini(&w);
}

static void time_stops_before_what_lies_beyond_the_limit(void **state)
{
    struct world w;
    struct diary d = {.world = &w};

    (void)state;
    world_init(&w, 1, NULL);
    plan(&d, 10, 1);
    plan(&d, 20, 2);
    assert_true(world_step(&w, 15));
    assert_false(world_step(&w, 15));
    assert_int_equal(w.now_ns, 10);
    assert_true(world_step(&w, 20));
    assert_false(world_step(&w, INT64_MAX));
    assert_int_equal(w.events, 2);
    world_fini(&w);
}

static void plan_more(void *context, uint64_t id, void *payload)
{
    struct diary *d = context;

    write_down(context, id, payload);
    if (id < 5)
        world_plan(d->world, &(struct world_event){.at_ns = d->world->now_ns,
                                                   .fire = plan_more,
                                                   .context = d,
                                                   .id = id + 1});
}

static void an_event_may_plan_another_for_the_same_moment(void **state)
{
    struct world w;
    struct diary d = {.world = &w};

    (void)state;
    world_init(&w, 1, NULL);
    plan_more(&d, 0, NULL);
    plan(&d, 0, 100);
    while (world_step(&w, 0))
        ;
    assert_int_equal(d.count, 7);
    assert_int_equal(d.ids[2], 100); /* it was planned before 2 */
    world_fini(&w);
}

static void drop(void *payload)
{
    ++*(unsigned *)payload;
}

static void what_never_happens_is_dropped(void **state)
{
    struct world w;
    unsigned dropped = 0;
    struct diary d = {.world = &w};

    (void)state;
    world_init(&w, 1, NULL);
    for (int i = 0; i < 3; i++)
        world_plan(&w, &(struct world_event){.at_ns = i,
                                             .fire = write_down,
                                             .drop = drop,
                                             .context = &d,
                                             .payload = &dropped});
    assert_true(world_step(&w, INT64_MAX));
    world_fini(&w);
    assert_int_equal(dropped, 2);
}

static void a_note_and_its_time_change_the_hash(void **state)
{
    uint64_t hashes[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct world w;

        world_init(&w, 1, NULL);
        if (i == 1)
            w.now_ns = 1;
        world_note(&w, "note %d", i == 2);
        hashes[i] = w.hash;
        world_fini(&w);
    }
    assert_int_equal(hashes[0], hashes[3]);
    assert_int_not_equal(hashes[0], hashes[1]);
    assert_int_not_equal(hashes[0], hashes[2]);
}

static void every_byte_and_the_length_change_a_body_hash(void **state)
{
    uint8_t body[40] = {0};
    uint64_t zero = world_hash(bytes_of(body, sizeof body));

    (void)state;
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = 1;
        assert_int_not_equal(world_hash(bytes_of(body, sizeof body)), zero);
        body[i] = 0;
        assert_int_not_equal(world_hash(bytes_of(body, i)), zero);
    }
}

static void generators_depend_on_their_label_and_the_seed_only(void **state)
{
    struct world w, other;
    struct prng a, b;

    (void)state;
    world_init(&w, 5, NULL);
    world_init(&other, 6, NULL);
    a = world_prng(&w, 1);
    world_prng(&w, 2);
    b = world_prng(&w, 1);
    assert_memory_equal(&a, &b, sizeof a);
    b = world_prng(&w, 2);
    assert_memory_not_equal(&a, &b, sizeof a);
    b = world_prng(&other, 1);
    assert_memory_not_equal(&a, &b, sizeof a);
    world_fini(&w);
    world_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_happen_in_the_order_of_their_times),
        cmocka_unit_test(time_stops_before_what_lies_beyond_the_limit),
        cmocka_unit_test(an_event_may_plan_another_for_the_same_moment),
        cmocka_unit_test(what_never_happens_is_dropped),
        cmocka_unit_test(a_note_and_its_time_change_the_hash),
        cmocka_unit_test(every_byte_and_the_length_change_a_body_hash),
        cmocka_unit_test(generators_depend_on_their_label_and_the_seed_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
