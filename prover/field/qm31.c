/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/field/qm31.h"

#include <assert.h>

m31 m31_pow(m31 a, uint64_t e)
{
    m31 r = M31_ONE;

    for (; e; e >>= 1) {
        if (e & 1)
            r = m31_mul(r, a);
        a = m31_mul(a, a);
    }
    return r;
}

m31 m31_inv(m31 a)
{
    assert(a.v != 0);
    return m31_pow(a, M31_P - 2);
}

cm31 cm31_inv(cm31 a)
{
    m31 d = m31_inv(m31_add(m31_mul(a.re, a.re), m31_mul(a.im, a.im)));

    return (cm31){m31_mul(a.re, d), m31_neg(m31_mul(a.im, d))};
}

/* (2 + i) (x + yi) = (2x - y) + (x + 2y) i */
static cm31 mul_r(cm31 a)
{
    return (cm31){m31_sub(m31_add(a.re, a.re), a.im), m31_add(a.re, m31_add(a.im, a.im))};
}

qm31 qm31_mul(qm31 a, qm31 b)
{
    cm31 a0 = qm31_low(a), a1 = qm31_high(a), b0 = qm31_low(b), b1 = qm31_high(b);

    return qm31_of_cm31(cm31_add(cm31_mul(a0, b0), mul_r(cm31_mul(a1, b1))),
                        cm31_add(cm31_mul(a0, b1), cm31_mul(a1, b0)));
}

qm31 qm31_mul_cm31(qm31 a, cm31 b)
{
    return qm31_of_cm31(cm31_mul(qm31_low(a), b), cm31_mul(qm31_high(a), b));
}

qm31 qm31_inv(qm31 a)
{
    cm31 low = qm31_low(a), high = qm31_high(a);
    cm31 d = cm31_inv(cm31_sub(cm31_mul(low, low), mul_r(cm31_mul(high, high))));

    return qm31_of_cm31(cm31_mul(low, d), cm31_neg(cm31_mul(high, d)));
}

qm31 qm31_pow(qm31 a, uint64_t e)
{
    qm31 r = QM31_ONE;

    for (; e; e >>= 1) {
        if (e & 1)
            r = qm31_mul(r, a);
        a = qm31_mul(a, a);
    }
    return r;
}

qm31 qm31_combine(const qm31 e[4])
{
    static const qm31 unit[4] = {
        {{{1}, {0}, {0}, {0}}},
        {{{0}, {1}, {0}, {0}}},
        {{{0}, {0}, {1}, {0}}},
        {{{0}, {0}, {0}, {1}}},
    };
    qm31 sum = e[0];

    for (int i = 1; i < 4; i++)
        sum = qm31_add(sum, qm31_mul(e[i], unit[i]));
    return sum;
}

int qm31_compare(qm31 a, qm31 b)
{
    for (int i = 0; i < 4; i++)
        if (a.c[i].v != b.c[i].v)
            return a.c[i].v < b.c[i].v ? -1 : 1;
    return 0;
}

void qm31_inv_batch(qm31 *values, size_t count, qm31 *scratch)
{
    qm31 product = QM31_ONE;

    for (size_t i = 0; i < count; i++) {
        scratch[i] = product;
        product = qm31_mul(product, values[i]);
    }
    if (count > 0)
        product = qm31_inv(product);
    for (size_t i = count; i-- > 0;) {
        qm31 inverse = qm31_mul(product, scratch[i]);

        product = qm31_mul(product, values[i]);
        values[i] = inverse;
    }
}
