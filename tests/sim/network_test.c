/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>

#include "base/clock.h"
#include "sim/network.h"

/* An orchestrator that answers at once, and a client that counts. */
struct line {
    struct world world;
    struct network network;
    struct scenario_network plan;
    struct carriage carriage;
    struct http_response response;
    struct network_link link;
    const char *path;           /* NULL: of a fetch */
    uint64_t life;              /* of the client's process */
    unsigned undisturbed_after; /* 0: never; so many arrivals meet the carriage */
    unsigned arrived, answered, broken, maybe;
    int64_t last_ns;
    uint64_t trace;
};

static void arrive(void *orchestrator, struct packet *p)
{
    struct line *l = orchestrator;

    static const struct carriage undisturbed;
    bool meets;

    l->arrived++;
    meets = !l->undisturbed_after || l->arrived <= l->undisturbed_after;
    network_answer(&l->network, p, &l->response, meets ? &l->carriage : &undisturbed);
}

static void deliver(void *host, struct packet *p)
{
    struct line *l = host;

    l->last_ns = l->world.now_ns;
    l->answered += p->answered;
    l->broken += !p->answered;
    l->maybe += !p->answered && p->maybe_delivered;
    l->trace = (l->trace ^ (uint64_t)l->world.now_ns ^ p->answered) * 31;
    packet_free(p);
}

static void line_init(struct line *l, uint64_t seed)
{
    *l = (struct line){.plan = {.latency_ns = 10 * NS_PER_MS, .jitter_ns = 5 * NS_PER_MS},
                       .response = {.status = 200, .body = bytes_of_text("0123456789")}};
    world_init(&l->world, seed, NULL);
    l->network = (struct network){.world = &l->world,
                                  .plan = &l->plan,
                                  .prng = world_prng(&l->world, 2),
                                  .arrive = arrive,
                                  .deliver = deliver,
                                  .orchestrator = l};
}

static void send_one(struct line *l)
{
    struct http_request r = {
        .method = HTTP_POST, .path = l->path ? l->path : "/v3/tasks", .body = bytes_of_text("?")};
    struct packet *p = packet_new(&r);

    p->host = l;
    p->life = l->life;
    p->link = &l->link;
    network_send(&l->network, p);
}

static void run(struct line *l)
{
    while (world_step(&l->world, INT64_MAX))
        ;
}

static void an_answer_takes_two_latencies(void **state)
{
    struct line l;

    (void)state;
    line_init(&l, 1);
    send_one(&l);
    run(&l);
    assert_int_equal(l.answered, 1);
    assert_true(l.last_ns >= 20 * NS_PER_MS && l.last_ns <= 30 * NS_PER_MS);
    world_fini(&l.world);
}

/* What the orchestrator's faults order, and what the client sees of it. */
static void carriage_is_carried_out(void **state)
{
    static const struct {
        struct carriage carriage;
        bool answered;
        int64_t least_ns, most_ns;
    } table[] = {
        {{.delay_ns = 2 * NS_PER_S}, true, 2 * NS_PER_S, 3 * NS_PER_S},
        {{.delay_ns = 300 * NS_PER_S}, false, 40 * NS_PER_S, 41 * NS_PER_S},
        {{.cut_head = true, .cut = FAULT_CUT_RESET}, false, 0, NS_PER_S},
        {{.cut_head = true, .cut = FAULT_CUT_CLOSE}, false, 0, NS_PER_S},
        {{.cut_head = true, .cut = FAULT_CUT_SILENCE}, false, 40 * NS_PER_S, 41 * NS_PER_S},
        {{.cut_at = 3, .cut = FAULT_CUT_CLOSE}, false, 0, NS_PER_S},
        {{.cut_at = 3, .cut = FAULT_CUT_SILENCE}, false, 40 * NS_PER_S, 41 * NS_PER_S},
        {{.cut_at = 10, .cut = FAULT_CUT_CLOSE}, true, 0, NS_PER_S}, /* after the last byte */
        {{.dribble_bytes = 1, .dribble_gap_ns = NS_PER_S}, true, 9 * NS_PER_S, 10 * NS_PER_S},
        {{.dribble_bytes = 1, .dribble_gap_ns = 20 * NS_PER_S},
         false,
         40 * NS_PER_S,
         41 * NS_PER_S},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct line l;

        line_init(&l, i);
        l.carriage = table[i].carriage;
        send_one(&l);
        run(&l);
        assert_int_equal(l.answered, table[i].answered);
        assert_int_equal(l.broken, !table[i].answered);
        assert_int_equal(l.maybe, !table[i].answered); /* the request had arrived */
        assert_in_range(l.last_ns, table[i].least_ns, table[i].most_ns);
        world_fini(&l.world);
    }
}

static void every_request_ends_exactly_once(void **state)
{
    struct line l;

    (void)state;
    line_init(&l, 3);
    l.plan.loss = 0.2;
    l.plan.reset = 0.2;
    l.plan.duplicate = 0.3;
    for (int i = 0; i < 2000; i++)
        send_one(&l);
    run(&l);
    assert_int_equal(l.answered + l.broken, 2000);
    assert_true(l.network.lost_requests > 100 && l.network.lost_answers > 100);
    assert_true(l.network.resets > 100 && l.network.duplicates > 100);
    assert_true(l.maybe < l.broken); /* some were reset before all had left */
    assert_true(l.arrived > l.answered);
    world_fini(&l.world);
}

static void a_seed_is_a_run(void **state)
{
    uint64_t traces[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct line l;

        line_init(&l, i == 2 ? 10 : 9);
        l.plan.loss = l.plan.reset = l.plan.duplicate = 0.2;
        for (int k = 0; k < 500; k++)
            send_one(&l);
        run(&l);
        traces[i] = l.trace;
        world_fini(&l.world);
    }
    assert_int_equal(traces[0], traces[1]);
    assert_int_not_equal(traces[0], traces[2]);
}

static void nothing_strikes_after_the_healing(void **state)
{
    struct line l;

    (void)state;
    line_init(&l, 4);
    l.plan.loss = l.plan.reset = l.plan.duplicate = 1;
    l.network.heal_ns = 1;
    l.world.now_ns = 1;
    for (int i = 0; i < 100; i++)
        send_one(&l);
    run(&l);
    assert_int_equal(l.answered, 100);
    world_fini(&l.world);
}

static void a_partition_ends_connections_after_the_clients_limit(void **state)
{
    struct line l;

    (void)state;
    line_init(&l, 5);
    l.link.up_cut = l.link.down_cut = 1;
    send_one(&l);
    run(&l);
    assert_int_equal(l.arrived, 0);
    assert_int_equal(l.broken, 1);
    assert_int_equal(l.maybe, 0);
    assert_int_equal(l.last_ns, 10 * NS_PER_S);
    world_fini(&l.world);
}

static void a_line_that_is_cut_one_way_carries_the_other(void **state)
{
    struct line l;

    (void)state;
    line_init(&l, 7);
    l.link.down_cut = 1; /* the connection is up already */
    send_one(&l);
    run(&l);
    assert_int_equal(l.arrived, 1);
    assert_int_equal(l.answered, 0);
    assert_int_equal(l.maybe, 1);
    l.link = (struct network_link){.up_cut = 1};
    send_one(&l);
    run(&l);
    assert_int_equal(l.arrived, 1);
    assert_int_equal(l.broken, 2);
    assert_int_equal(l.maybe, 1);
    world_fini(&l.world);
}

/* At 9 s the line is free again: in time. At 50 s nobody waits any more, and it arrives all the
 * same. */
static void a_clogged_line_delivers_late(void **state)
{
    struct line l;

    (void)state;
    line_init(&l, 8);
    l.link.clogged_until_ns = 9 * NS_PER_S;
    send_one(&l);
    run(&l);
    assert_int_equal(l.answered, 1);
    assert_in_range(l.last_ns, 9 * NS_PER_S, 10 * NS_PER_S);
    l.link.clogged_until_ns = 59 * NS_PER_S;
    send_one(&l);
    run(&l);
    assert_int_equal(l.broken, 1);
    assert_int_equal(l.maybe, 1);
    assert_int_equal(l.arrived, 2);
    assert_int_equal(l.network.late_requests, 1);
    assert_in_range(l.last_ns, 49 * NS_PER_S, 50 * NS_PER_S);
    world_fini(&l.world);
}

static void a_segment_that_is_lost_is_sent_again_by_the_system(void **state)
{
    struct line l;

    (void)state;
    line_init(&l, 9);
    l.plan.retransmit = 0.5;
    for (int i = 0; i < 300; i++)
        send_one(&l);
    run(&l);
    assert_true(l.answered > 200);
    assert_int_equal(l.answered + l.broken, 300);
    assert_true(l.last_ns > 20 * NS_PER_S);
    world_fini(&l.world);
}

static void what_is_too_large_for_the_line_never_leaves(void **state)
{
    struct line l;

    (void)state;
    line_init(&l, 10);
    l.plan.up_bytes_per_s = 1;
    l.response.body = bytes_of_text("");
    for (int i = 0; i < 2; i++) {
        struct http_request r = {
            .method = HTTP_POST,
            .path = "/v3/tasks",
            .body = bytes_of_text("fifty bytes of a body, and that is a lot for a line")};
        struct packet *p = packet_new(&r);

        p->host = &l;
        network_send(&l.network, p);
    }
    run(&l);
    assert_int_equal(l.arrived, 0);
    assert_int_equal(l.broken, 2);
    assert_int_equal(l.maybe, 0);
    assert_int_equal(l.last_ns, 40 * NS_PER_S);
    world_fini(&l.world);
}

static void refuse(void *orchestrator, struct packet *p)
{
    struct line *l = orchestrator;

    if (l->arrived++)
        network_reset(&l->network, p);
    else
        network_refuse(&l->network, p);
}

static void a_stopped_orchestrator_refuses_connections(void **state)
{
    struct line l;

    (void)state;
    line_init(&l, 11);
    l.network.arrive = refuse;
    send_one(&l);
    run(&l);
    assert_int_equal(l.broken, 1);
    assert_int_equal(l.maybe, 0);
    send_one(&l); /* it had this one */
    run(&l);
    assert_int_equal(l.maybe, 1);
    assert_int_equal(l.network.resets, 2);
    world_fini(&l.world);
}

static void a_slow_line_takes_its_time_for_every_byte(void **state)
{
    struct line l;

    (void)state;
    line_init(&l, 6);
    l.plan.up_bytes_per_s = l.plan.down_bytes_per_s = 5; /* 1 byte there, 10 back: 2.2 s */
    send_one(&l);
    run(&l);
    assert_int_equal(l.answered, 1);
    assert_in_range(l.last_ns, 2200 * NS_PER_MS, 2300 * NS_PER_MS);
    world_fini(&l.world);
}

/* The request that is answered in full leaves its connection to the next one. */
static void what_finds_a_kept_connection_dead_is_sent_again(void **state)
{
    static const struct {
        const char *path;
        int64_t pause_ns;
        unsigned arrived, answered;
    } table[] = {
        {"/v3/tasks", 120 * NS_PER_S, 2, 1},        /* again, and answered */
        {"/v3/tasks", 602 * NS_PER_S, 1, 0},        /* too old: a new connection */
        {"/v3/tasks/submit", 120 * NS_PER_S, 1, 0}, /* whose body is sent once */
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct line l;
        unsigned first;

        line_init(&l, i);
        keepalive_begin(&l.link.kept, 1);
        l.life = 1;
        send_one(&l);
        run(&l);
        first = l.arrived;
        assert_int_equal(l.answered, 1);
        l.world.now_ns += table[i].pause_ns;
        l.path = table[i].path;
        l.carriage = (struct carriage){.cut_head = true, .cut = FAULT_CUT_RESET};
        l.undisturbed_after = first + 1;
        send_one(&l);
        run(&l);
        assert_int_equal(l.arrived - first, table[i].arrived);
        assert_int_equal(l.answered - 1, table[i].answered);
        world_fini(&l.world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_takes_two_latencies),
        cmocka_unit_test(carriage_is_carried_out),
        cmocka_unit_test(every_request_ends_exactly_once),
        cmocka_unit_test(a_seed_is_a_run),
        cmocka_unit_test(nothing_strikes_after_the_healing),
        cmocka_unit_test(a_partition_ends_connections_after_the_clients_limit),
        cmocka_unit_test(a_line_that_is_cut_one_way_carries_the_other),
        cmocka_unit_test(a_clogged_line_delivers_late),
        cmocka_unit_test(what_finds_a_kept_connection_dead_is_sent_again),
        cmocka_unit_test(a_segment_that_is_lost_is_sent_again_by_the_system),
        cmocka_unit_test(what_is_too_large_for_the_line_never_leaves),
        cmocka_unit_test(a_stopped_orchestrator_refuses_connections),
        cmocka_unit_test(a_slow_line_takes_its_time_for_every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
