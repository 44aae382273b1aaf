/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>

#include "base/prng.h"
#include "prover/kernel/kernel.h"
#include "tests/prover/kernel/words.h"

#define N 512

static m31 a[4 * N], b[4 * N], out[4 * N];

/* The first 81 rows of both are all pairs of edge values; the rest is random. */
static void fill(void)
{
    static const uint32_t edge[9] = {0,       1,          2,         0x7fff,   0x8000,
                                     0x10000, 0x40000000, M31_P - 2, M31_P - 1};
    struct prng r = prng_of(7);

    for (size_t i = 0; i < 4 * N; i++) {
        size_t row = i % N;
        bool edges = row < 81;

        a[i] = (m31){edges ? edge[(row + i / N) % 9] : (uint32_t)prng_below(&r, M31_P)};
        b[i] = (m31){edges ? edge[(row / 9 + 2 * (i / N)) % 9] : (uint32_t)prng_below(&r, M31_P)};
    }
}

static const struct words *words_of(int id)
{
    return KERNEL_PICK((enum kernel_id)id, words);
}

static m31 scalar(const struct words *w, size_t operation, size_t i)
{
    m31 sum = M31_ZERO;

    switch (operation) {
    case 0:
        return m31_add(a[i], b[i]);
    case 1:
        return m31_sub(a[i], b[i]);
    case 2:
        return m31_mul(a[i], b[i]);
    case 3:
        return m31_neg(a[i]);
    case 4:
        return m31_add(a[i], a[i]);
    case 5:
        return m31_mul(a[i], b[0]);
    case 6:
        return b[a[i].v % N];
    case 7:
        sum = m31_add(m31_mul(a[i], b[i]), m31_mul(b[i], b[i]));
        return m31_add(sum, m31_add(m31_mul(a[i], a[i]), m31_mul(a[i], b[i])));
    case 8:
        return m31_add(m31_mul(a[i], b[i]), m31_mul(b[i], b[i]));
    case 9:
        return m31_mul(a[i], b[i]);
    case 10:
        return m31_mul(a[i], (m31){32});
    default:
        for (size_t k = 0; k < 21; k++)
            sum = m31_add(sum, m31_mul(a[i], b[(i + w->lanes * k) % N]));
        return sum;
    }
}

static void every_word_equals_the_scalar_field(void **state)
{
    (void)state;
    for (int id = 0; id < KERNEL_COUNT; id++) {
        const struct words *w = words_of(id);
        void (*const calls[])(m31 *, const m31 *, const m31 *, size_t) = {
            w->add,    w->sub,  w->mul, w->neg,    w->twice,  w->splat_mul,
            w->gather, w->four, w->two, w->factor, w->rotate, w->dot};

        if (!kernel_supported((enum kernel_id)id))
            continue;
        for (size_t operation = 0; operation < sizeof calls / sizeof *calls; operation++) {
            memset(out, 0xff, sizeof out);
            calls[operation](out, a, b, N);
            for (size_t i = 0; i < N; i++) {
                m31 want = scalar(w, operation, i);

                if (!m31_eq(out[i], want))
                    fail_msg("%s: operation %zu, a = %u, b = %u: %u, not %u",
                             kernel_name((enum kernel_id)id), operation, a[i].v, b[i].v, out[i].v,
                             want.v);
            }
        }
    }
}

static qm31 row_of(const m31 *columns, size_t row)
{
    return (qm31){{columns[row], columns[N + row], columns[2 * N + row], columns[3 * N + row]}};
}

static void secure_vectors_equal_secure_scalars(void **state)
{
    (void)state;
    for (int id = 0; id < KERNEL_COUNT; id++) {
        const struct words *w = words_of(id);
        void (*const calls[])(m31 *, const m31 *, const m31 *, size_t) = {w->qadd, w->qsub, w->qmul,
                                                                          w->qscale, w->qsplat};

        if (!kernel_supported((enum kernel_id)id))
            continue;
        for (size_t operation = 0; operation < sizeof calls / sizeof *calls; operation++) {
            calls[operation](out, a, b, N);
            for (size_t i = 0; i < N; i++) {
                qm31 x = row_of(a, i), y = row_of(b, i);
                qm31 want = operation == 0   ? qm31_add(x, y)
                            : operation == 1 ? qm31_sub(x, y)
                            : operation == 2 ? qm31_mul(x, y)
                            : operation == 3 ? qm31_mul_m31(x, y.c[0])
                                             : row_of(b, 0);

                if (!qm31_eq(row_of(out, i), want))
                    fail_msg("%s: secure operation %zu differs in row %zu",
                             kernel_name((enum kernel_id)id), operation, i);
            }
        }
    }
}

static void kernels_are_found_by_name(void **state)
{
    enum kernel_id id = KERNEL_COUNT;
    struct why why;

    (void)state;
    assert_int_equal(kernel_by_name(&id, "portable", NULL), ST_OK);
    assert_int_equal(id, KERNEL_PORTABLE);
    assert_int_equal(kernel_by_name(&id, "auto", NULL), ST_OK);
    assert_int_equal(id, kernel_best());
    assert_true(kernel_supported(KERNEL_PORTABLE));
    for (int i = 0; i < KERNEL_COUNT; i++) {
        enum status st = kernel_by_name(&id, kernel_name((enum kernel_id)i), &why);

        assert_int_equal(st, kernel_supported((enum kernel_id)i) ? ST_OK : ST_NOT_FOUND);
    }
    id = KERNEL_AVX2;
    assert_int_equal(kernel_by_name(&id, "mmx", &why), ST_INPUT);
    assert_non_null(strstr(why.text, "portable"));
    assert_int_equal(id, KERNEL_AVX2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_equals_the_scalar_field),
        cmocka_unit_test(secure_vectors_equal_secure_scalars),
        cmocka_unit_test(kernels_are_found_by_name),
    };

    fill();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
