/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "prover/machine/sample_points.h"
#include "tests/support/support.h"

static qm31 json_felt(const json_t *four)
{
    qm31 f;

    assert_int_equal(json_array_size(four), 4);
    for (size_t i = 0; i < 4; i++)
        f.c[i].v = (uint32_t)json_integer_value(json_array_get(four, i));
    return f;
}

static void the_golden_draw_gives_the_golden_points(void **state)
{
    json_t *golden = golden_json("stark/golden-fib_9_1_1.json"), *group;
    struct secure_point points[SHAPE_MAX_POINTS];
    struct shape shape;
    unsigned found = 0;
    size_t i;

    (void)state;
    shape_of(&shape, (struct machine_logs){.main = 8, .ram = 6});
    assert_int_equal(
        sample_points(points, &shape, json_felt(json_object_get(golden, "t_of_point")), NULL),
        ST_OK);
    /* P, P - g and P + g of log size 8, in the sorted order of the quotients. */
    json_array_foreach(json_object_get(golden, "groups_at_log9"), i, group)
    {
        qm31 x = json_felt(json_object_get(group, "x")), y = json_felt(json_object_get(group, "y"));

        for (unsigned k = 0; k < shape.point_count; k++)
            found += qm31_eq(points[k].x, x) && qm31_eq(points[k].y, y) &&
                     (k == 0 || shape.points[k].log_rows == 8);
    }
    assert_int_equal(found, 3);
    json_decref(golden);
}

/* stark.md 12.2, B19 */
static void exceptional_draws_are_refused(void **state)
{
    /* t = y / (1 + x) gives back the point (x, y); this one lies on D_5, the final registers'. */
    struct circle_point p = circle_point_of(circle_domain_index(5, 3));
    qm31 inside = qm31_of_m31(m31_mul(p.y, m31_inv(m31_add(M31_ONE, p.x))));
    struct secure_point points[SHAPE_MAX_POINTS];
    struct shape shape;
    struct why why;

    (void)state;
    shape_of(&shape, (struct machine_logs){.main = 8, .ram = 6});
    assert_int_equal(sample_points(points, &shape, qm31_of(0, 1, 0, 0), &why), ST_INVALID);
    assert_string_equal(why.text, "InvalidStructure: the drawn element gives no point");
    assert_int_equal(sample_points(points, &shape, inside, &why), ST_INVALID);
    assert_string_equal(why.text, "InvalidStructure: the drawn point lies in the domain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_draw_gives_the_golden_points),
        cmocka_unit_test(exceptional_draws_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
