/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/prng.h"
#include "prover/field/qm31.h"
#include "tests/support/support.h"

static json_t *golden;

static int setup(void **state)
{
    (void)state;
    golden = golden_json("stark/field.json");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

static m31 base(json_t *object, const char *key)
{
    return (m31){(uint32_t)json_integer_value(json_object_get(object, key))};
}

static m31 coordinate(json_t *object, const char *key, size_t i)
{
    return (m31){(uint32_t)json_integer_value(json_array_get(json_object_get(object, key), i))};
}

static cm31 complex_of(json_t *object, const char *key)
{
    return (cm31){coordinate(object, key, 0), coordinate(object, key, 1)};
}

static qm31 secure(json_t *object, const char *key)
{
    return (qm31){{coordinate(object, key, 0), coordinate(object, key, 1),
                   coordinate(object, key, 2), coordinate(object, key, 3)}};
}

static void base_field_gives_the_values_of_the_reference(void **state)
{
    size_t i;
    json_t *one;

    (void)state;
    json_array_foreach(json_object_get(golden, "m31"), i, one) {
        m31 a = base(one, "a"), b = base(one, "b");

        assert_int_equal(m31_add(a, b).v, base(one, "add").v);
        assert_int_equal(m31_sub(a, b).v, base(one, "sub").v);
        assert_int_equal(m31_mul(a, b).v, base(one, "mul").v);
        assert_int_equal(m31_add(m31_sub(a, b), m31_sub(b, a)).v, 0);
        assert_int_equal(m31_add(a, m31_neg(a)).v, 0);
    }
    json_array_foreach(json_object_get(golden, "m31_inverse"), i, one)
        assert_int_equal(m31_inv(base(one, "a")).v, base(one, "inverse").v);
    json_array_foreach(json_object_get(golden, "m31_reduce64"), i, one)
        assert_int_equal(
            m31_of_u64((uint64_t)json_integer_value(json_object_get(one, "v"))).v,
            base(one, "r").v);
}

static void every_word_reduces_to_a_canonical_value(void **state)
{
    static const uint64_t words[] = {0, 1, M31_P - 1, M31_P, (uint64_t)M31_P + 1,
                                     2 * (uint64_t)M31_P, 2 * (uint64_t)M31_P + 1, UINT32_MAX,
                                     (uint64_t)M31_P << 31, (uint64_t)M31_P * M31_P,
                                     UINT64_MAX - 1, UINT64_MAX};
    struct prng r = prng_of(1);

    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        uint64_t x = i < sizeof words / sizeof *words ? words[i] : prng_u64(&r);

        assert_int_equal(m31_of_u64(x).v, x % M31_P);
        assert_int_equal(m31_of((uint32_t)x).v, (uint32_t)x % M31_P);
    }
}

static void powers_and_inverses_of_two_agree(void **state)
{
    (void)state;
    for (unsigned k = 0; k <= 31; k++)
        assert_int_equal(m31_mul(m31_inv_pow2(k), m31_pow((m31){2}, k)).v, 1);
    assert_int_equal(m31_pow((m31){3}, 0).v, 1);
    assert_int_equal(m31_pow((m31){3}, M31_P - 1).v, 1);
}

static void complex_field_gives_the_values_of_the_reference(void **state)
{
    json_t *one = json_object_get(golden, "cm31");
    cm31 a = complex_of(one, "a"), b = complex_of(one, "b"), r = cm31_mul(a, b);

    (void)state;
    assert_int_equal(r.re.v, complex_of(one, "mul").re.v);
    assert_int_equal(r.im.v, complex_of(one, "mul").im.v);
    r = cm31_inv(a);
    assert_int_equal(r.re.v, complex_of(one, "inverse_a").re.v);
    assert_int_equal(r.im.v, complex_of(one, "inverse_a").im.v);
    r = cm31_add(cm31_sub(a, b), cm31_add(b, cm31_neg(a)));
    assert_int_equal(r.re.v | r.im.v, 0);
}

static void secure_field_gives_the_values_of_the_reference(void **state)
{
    size_t i;
    json_t *one;

    (void)state;
    json_array_foreach(json_object_get(golden, "qm31"), i, one) {
        qm31 a = secure(one, "a"), b = secure(one, "b");
        cm31 b_low = qm31_low(b);

        assert_true(qm31_eq(qm31_add(a, b), secure(one, "add")));
        assert_true(qm31_eq(qm31_sub(a, b), secure(one, "sub")));
        assert_true(qm31_eq(qm31_mul(a, b), secure(one, "mul")));
        assert_true(qm31_eq(qm31_inv(a), secure(one, "inverse_a")));
        assert_true(qm31_eq(qm31_conj(a), secure(one, "conjugate_a")));
        assert_true(qm31_is_zero(qm31_add(a, qm31_neg(a))));
        assert_true(qm31_eq(qm31_pow(a, 5),
                            qm31_mul(a, qm31_mul(qm31_mul(a, a), qm31_mul(a, a)))));
        assert_true(qm31_eq(qm31_mul_cm31(a, b_low),
                            qm31_mul(a, qm31_of_cm31(b_low, (cm31){{0}, {0}}))));
        assert_true(qm31_eq(qm31_mul_m31(a, b.c[2]), qm31_mul(a, qm31_of_m31(b.c[2]))));
    }
}

static void four_secure_values_combine_along_the_basis(void **state)
{
    qm31 i = qm31_of(0, 1, 0, 0), u = qm31_of(0, 0, 1, 0);
    qm31 e[4] = {qm31_of(1, 2, 3, 4), qm31_of(5, 6, 7, 8), qm31_of(9, 10, 11, 12),
                 qm31_of(13, 14, 15, 16)};
    qm31 want = qm31_add(qm31_add(e[0], qm31_mul(e[1], i)),
                         qm31_mul(u, qm31_add(e[2], qm31_mul(e[3], i))));

    (void)state;
    assert_true(qm31_eq(qm31_combine(e), want));
}

static void secure_values_are_ordered_by_their_coordinates(void **state)
{
    (void)state;
    assert_int_equal(qm31_compare(qm31_of(1, 2, 3, 4), qm31_of(1, 2, 3, 4)), 0);
    assert_int_equal(qm31_compare(qm31_of(1, 9, 9, 9), qm31_of(2, 0, 0, 0)), -1);
    assert_int_equal(qm31_compare(qm31_of(1, 2, 3, 5), qm31_of(1, 2, 3, 4)), 1);
    assert_int_equal(qm31_compare(qm31_of(1, 2, 2, 9), qm31_of(1, 2, 3, 0)), -1);
}

static void a_batch_is_inverted_as_one_by_one(void **state)
{
    qm31 values[40], scratch[40], want[40];
    struct prng r = prng_of(3);

    (void)state;
    for (size_t n = 0; n <= 40; n += 8) {
        for (size_t i = 0; i < n; i++) {
            for (int k = 0; k < 4; k++)
                values[i].c[k].v = (uint32_t)prng_below(&r, M31_P);
            want[i] = qm31_inv(values[i]);
        }
        qm31_inv_batch(values, n, scratch);
        for (size_t i = 0; i < n; i++)
            assert_true(qm31_eq(values[i], want[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_field_gives_the_values_of_the_reference),
        cmocka_unit_test(every_word_reduces_to_a_canonical_value),
        cmocka_unit_test(powers_and_inverses_of_two_agree),
        cmocka_unit_test(complex_field_gives_the_values_of_the_reference),
        cmocka_unit_test(secure_field_gives_the_values_of_the_reference),
        cmocka_unit_test(four_secure_values_combine_along_the_basis),
        cmocka_unit_test(secure_values_are_ordered_by_their_coordinates),
        cmocka_unit_test(a_batch_is_inverted_as_one_by_one),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
