/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "prover/stark/quotient_verify.h"
#include "tests/prover/stark/vectors.h"
#include "tests/support/support.h"

/* stark.md 3.1: b_k = y^k0 x^k1 pi(x)^k2 …, one polynomial at one point of a domain. */
static m31 column_at(const json_t *coefficients, unsigned log_size, uint32_t position)
{
    struct circle_point p = circle_point_of(circle_domain_index(log_size, position));
    m31 sum = M31_ZERO;
    size_t k;
    const json_t *c;

    json_array_foreach(coefficients, k, c)
    {
        m31 basis = json_m31(c), x = p.x;

        if (k & 1)
            basis = m31_mul(basis, p.y);
        for (size_t bits = k >> 1; bits; bits >>= 1) {
            if (bits & 1)
                basis = m31_mul(basis, x);
            x = circle_double_x(x);
        }
        sum = m31_add(sum, basis);
    }
    return sum;
}

static struct secure_point json_point(const json_t *xy)
{
    return (struct secure_point){json_qm31(json_array_get(xy, 0)),
                                 json_qm31(json_array_get(xy, 1))};
}

/* Adds every column of one size to the answers. Columns have half as many coefficients. */
static void add_columns(struct answers *a, const json_t *golden, unsigned log_size)
{
    const json_t *columns = json_object_get(golden, "coefficients"), *coefficients;
    size_t i;

    json_array_foreach(columns, i, coefficients)
    {
        const json_t *samples = json_array_get(json_object_get(golden, "samples"), i), *sample;
        m31 opened[2 * POSITIONS_QUERIES]; /* every other one, to see the stride */
        size_t j;

        if (json_array_size(coefficients) != (size_t)1 << (log_size - 1))
            continue;
        for (unsigned k = 0; k < a->positions.count; k++)
            opened[2 * k] = column_at(coefficients, log_size, a->positions.at[k]);
        json_array_foreach(samples, j, sample)
        {
            struct secure_point point = json_point(json_object_get(sample, "point"));

            answers_add(a, &point, json_qm31(json_object_get(sample, "value")), opened, 2);
        }
    }
}

static void every_row_of_the_golden_quotients_is_found(void **state)
{
    json_t *golden = golden_json("stark/quotients.json");
    qm31 coefficient = json_qm31(json_object_get(golden, "random_coefficient"));
    const json_t *quotients = json_object_get(golden, "quotient_by_lde_log"), *rows;
    const char *size;
    unsigned seen = 0;

    (void)state;
    json_object_foreach((json_t *)quotients, size, rows)
    {
        unsigned log_size = (unsigned)atoi(size);

        assert_int_equal(json_array_size(rows), 1 << log_size);
        for (uint32_t first = 0; first + 2 < (uint32_t)1 << log_size; first++) {
            struct positions p = {.count = 1 + first % 3, .at = {first, first + 1, first + 2}};
            struct answers a;
            qm31 got[POSITIONS_QUERIES];

            answers_start(&a, log_size, &p, coefficient);
            add_columns(&a, golden, log_size);
            assert_int_equal(answers_finish(&a, got, NULL), ST_OK);
            for (unsigned k = 0; k < p.count; k++, seen++)
                assert_qm31(got[k], json_qm31(json_array_get(rows, p.at[k])));
        }
    }
    assert_true(seen > 48);
    json_decref(golden);
}

static enum status finish_at(struct secure_point point, struct why *why)
{
    struct positions p = {.count = 1, .at = {6}};
    m31 opened = {5};
    struct answers a;
    qm31 out[POSITIONS_QUERIES];

    answers_start(&a, 4, &p, qm31_of(1, 2, 3, 4));
    answers_add(&a, &point, qm31_of(9, 8, 7, 6), &opened, 1);
    return answers_finish(&a, out, why);
}

/* stark.md 12.2, B19 */
static void exceptional_points_are_refused(void **state)
{
    struct circle_point on_domain = circle_point_of(circle_domain_index(4, 6));
    struct secure_point self_conjugate = {qm31_of_m31(on_domain.x), qm31_of_m31(on_domain.y)};
    /* Any point whose u-parts stand to each other as those of the line through (x, y). */
    struct secure_point on_line = {
        qm31_of(on_domain.x.v, 0, 3, 0),
        qm31_of(on_domain.y.v, 0, 5, 0),
    };
    struct why why;

    (void)state;
    assert_int_equal(finish_at(self_conjugate, &why), ST_INVALID);
    assert_string_equal(why.text, "InvalidStructure: a sample point is its own conjugate");
    assert_int_equal(finish_at(on_line, &why), ST_INVALID);
    assert_string_equal(why.text,
                        "InvalidStructure: a quotient has no value at an opened position");
    assert_int_equal(finish_at(secure_point_of(qm31_of(1, 2, 3, 4)), &why), ST_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_golden_quotients_is_found),
        cmocka_unit_test(exceptional_points_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
