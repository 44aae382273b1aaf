/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "prover/circle/order.h"
#include "prover/circle/point.h"
#include "tests/support/support.h"

static json_t *golden;

static int setup(void **state)
{
    (void)state;
    golden = golden_json("stark/circle.json");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

static uint32_t number(json_t *array, size_t i)
{
    return (uint32_t)json_integer_value(json_array_get(array, i));
}

static qm31 secure(json_t *array)
{
    return qm31_of(number(array, 0), number(array, 1), number(array, 2), number(array, 3));
}

static void assert_secure(qm31 got, json_t *want)
{
    assert_true(qm31_eq(got, secure(want)));
}

static void assert_point(struct circle_point got, json_t *want)
{
    assert_int_equal(got.x.v, number(want, 0));
    assert_int_equal(got.y.v, number(want, 1));
}

static void multiples_of_the_generator_are_those_of_the_reference(void **state)
{
    const char *key;
    json_t *value;

    (void)state;
    json_object_foreach(json_object_get(golden, "multiples_of_generator"), key, value)
        assert_point(circle_point_of((uint32_t)strtoul(key, NULL, 10)), value);
    json_object_foreach(json_object_get(golden, "subgroup_generator_by_log_order"), key, value)
        assert_point(circle_point_of(circle_step_index((unsigned)strtoul(key, NULL, 10))), value);
}

static void points_add_negate_and_come_back(void **state)
{
    struct circle_point a = circle_point_of(12345), b = circle_point_of(M31_P - 12343);
    struct circle_point sum = circle_add(a, b), zero = circle_add(a, circle_negate(a));

    (void)state;
    assert_int_equal(sum.x.v, 2); /* the indices add up to 2^31 + 1 */
    assert_int_equal(zero.x.v, 1);
    assert_int_equal(zero.y.v, 0);
}

static void domains_are_in_stored_order(void **state)
{
    const char *key;
    json_t *domain;

    (void)state;
    json_object_foreach(json_object_get(golden, "canonic_domain"), key, domain) {
        unsigned log = (unsigned)strtoul(key, NULL, 10);
        json_t *index = json_object_get(domain, "index_natural");
        json_t *points = json_object_get(domain, "points_stored_order");

        for (size_t i = 0; i < (size_t)1 << log; i++) {
            assert_int_equal(circle_domain_index(log, bit_reverse((uint32_t)i, log)),
                             number(index, i));
            assert_point(circle_point_of(circle_domain_index(log, i)), json_array_get(points, i));
        }
    }
}

static void line_domains_are_in_stored_order(void **state)
{
    json_t *xs = json_object_get(json_object_get(golden, "line_domain_log3"), "stored_order_x");

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(circle_line_x(3, i).v, number(xs, i));
}

static void a_secure_point_steps_and_doubles(void **state)
{
    json_t *g = json_object_get(golden, "secure_point");
    struct secure_point p = secure_point_of(secure(json_object_get(g, "t"))), q;
    json_t *up = json_object_get(g, "plus_step_log3"), *down = json_object_get(g, "minus_step_log3");

    (void)state;
    assert_secure(p.x, json_object_get(g, "x"));
    assert_secure(p.y, json_object_get(g, "y"));
    assert_secure(secure_double_x(p.x), json_object_get(g, "double_x"));
    assert_secure(secure_point_add(p, p).x, json_object_get(g, "double_x"));
    q = secure_point_shift(p, 3, 1);
    assert_secure(q.x, json_array_get(up, 0));
    assert_secure(q.y, json_array_get(up, 1));
    q = secure_point_shift(p, 3, -1);
    assert_secure(q.x, json_array_get(down, 0));
    assert_secure(q.y, json_array_get(down, 1));
    assert_secure(secure_vanishing(3, p), json_object_get(g, "trace_vanishing_log3"));
    assert_true(qm31_eq(secure_vanishing(1, p), p.x));
}

static void the_vanishing_polynomial_is_constant_on_runs(void **state)
{
    static const uint32_t two[4] = {590768354, 1556715293, 978592373, 1168891274};

    (void)state;
    assert_int_equal(circle_vanishing_on_run(1, 0).v, 1 << 15);
    assert_int_equal(circle_vanishing_on_run(1, 1).v, M31_P - (1 << 15));
    for (size_t run = 0; run < 4; run++)
        assert_int_equal(circle_vanishing_on_run(2, run).v, two[run]);
    /* The definition: v_3 is pi(pi(x)). */
    for (size_t i = 0; i < 64; i++) {
        m31 x = circle_point_of(circle_domain_index(6, i)).x;

        assert_int_equal(circle_double_x(circle_double_x(x)).v,
                         circle_vanishing_on_run(3, i >> 3).v);
    }
}

static void rows_go_to_stored_positions_and_back(void **state)
{
    (void)state;
    for (unsigned log = 1; log <= 13; log++) {
        size_t rows = (size_t)1 << log;
        m31 *in = calloc(3 * rows, sizeof *in), *out = in + rows, *back = out + rows;

        assert_non_null(in);
        for (size_t i = 0; i < rows; i++)
            in[i].v = (uint32_t)(7 * i + 1);
        order_store_rows(out, in, log);
        order_load_rows(back, out, log);
        assert_memory_equal(in, back, rows * sizeof *in);
        for (size_t i = 0; i < rows; i++) {
            assert_int_equal(out[order_stored(log, i)].v, in[i].v);
            assert_int_equal(order_row(log, order_stored(log, i)), i);
        }
        free(in);
    }
}

/* A row later on the circle is the point plus G_log, on every domain. */
static void a_neighbour_is_one_step_away_on_the_circle(void **state)
{
    (void)state;
    for (unsigned excess = 0; excess <= 2; excess++)
        for (size_t i = 0; i < (size_t)1 << (4 + excess); i++)
            for (int steps = -2; steps <= 2; steps++) {
                size_t to = order_neighbour(4, excess, i, steps);
                uint32_t step = circle_step_index(4) * (uint32_t)steps;

                assert_int_equal(circle_domain_index(4 + excess, to),
                                 (circle_domain_index(4 + excess, i) + step) & M31_P);
            }
    assert_int_equal(order_neighbour(5, 0, order_stored(5, 31), 1), order_stored(5, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multiples_of_the_generator_are_those_of_the_reference),
        cmocka_unit_test(points_add_negate_and_come_back),
        cmocka_unit_test(domains_are_in_stored_order),
        cmocka_unit_test(line_domains_are_in_stored_order),
        cmocka_unit_test(a_secure_point_steps_and_doubles),
        cmocka_unit_test(the_vanishing_polynomial_is_constant_on_runs),
        cmocka_unit_test(rows_go_to_stored_positions_and_back),
        cmocka_unit_test(a_neighbour_is_one_step_away_on_the_circle),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
