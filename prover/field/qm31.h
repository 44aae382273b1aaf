/* SPDX-License-Identifier: Apache-2.0 */
/* CM31 = M31[i] with i^2 = -1, and the secure field QM31 = CM31[u] with u^2 = 2 + i.
 *
 * Source:  stark.md 1.2. Coordinates (c0, c1, c2, c3) mean (c0 + c1 i) + (c2 + c3 i) u.
 */
#pragma once
#include <stddef.h>

#include "prover/field/m31.h"

typedef struct {
    m31 re, im;
} cm31;

typedef struct {
    m31 c[4];
} qm31;

static inline cm31 cm31_add(cm31 a, cm31 b)
{
    return (cm31){m31_add(a.re, b.re), m31_add(a.im, b.im)};
}

static inline cm31 cm31_sub(cm31 a, cm31 b)
{
    return (cm31){m31_sub(a.re, b.re), m31_sub(a.im, b.im)};
}

static inline cm31 cm31_mul(cm31 a, cm31 b)
{
    return (cm31){m31_sub(m31_mul(a.re, b.re), m31_mul(a.im, b.im)),
                  m31_add(m31_mul(a.re, b.im), m31_mul(a.im, b.re))};
}

static inline cm31 cm31_neg(cm31 a)
{
    return (cm31){m31_neg(a.re), m31_neg(a.im)};
}

cm31 cm31_inv(cm31 a); /* a != 0 */

static inline qm31 qm31_of(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3)
{
    return (qm31){{{c0}, {c1}, {c2}, {c3}}};
}

#define QM31_ZERO ((qm31){{{0}, {0}, {0}, {0}}})
#define QM31_ONE  ((qm31){{{1}, {0}, {0}, {0}}})

static inline qm31 qm31_of_m31(m31 a)
{
    return (qm31){{a, {0}, {0}, {0}}};
}

static inline cm31 qm31_low(qm31 a)
{
    return (cm31){a.c[0], a.c[1]};
}

static inline cm31 qm31_high(qm31 a)
{
    return (cm31){a.c[2], a.c[3]};
}

static inline qm31 qm31_of_cm31(cm31 low, cm31 high)
{
    return (qm31){{low.re, low.im, high.re, high.im}};
}

static inline qm31 qm31_add(qm31 a, qm31 b)
{
    for (int i = 0; i < 4; i++)
        a.c[i] = m31_add(a.c[i], b.c[i]);
    return a;
}

static inline qm31 qm31_sub(qm31 a, qm31 b)
{
    for (int i = 0; i < 4; i++)
        a.c[i] = m31_sub(a.c[i], b.c[i]);
    return a;
}

static inline qm31 qm31_neg(qm31 a)
{
    for (int i = 0; i < 4; i++)
        a.c[i] = m31_neg(a.c[i]);
    return a;
}

/* A + Bu -> A - Bu. */
static inline qm31 qm31_conj(qm31 a)
{
    a.c[2] = m31_neg(a.c[2]);
    a.c[3] = m31_neg(a.c[3]);
    return a;
}

static inline qm31 qm31_mul_m31(qm31 a, m31 b)
{
    for (int i = 0; i < 4; i++)
        a.c[i] = m31_mul(a.c[i], b);
    return a;
}

static inline bool qm31_eq(qm31 a, qm31 b)
{
    return a.c[0].v == b.c[0].v && a.c[1].v == b.c[1].v && a.c[2].v == b.c[2].v &&
           a.c[3].v == b.c[3].v;
}

static inline bool qm31_is_zero(qm31 a)
{
    return (a.c[0].v | a.c[1].v | a.c[2].v | a.c[3].v) == 0;
}

qm31 qm31_mul(qm31 a, qm31 b);
qm31 qm31_mul_cm31(qm31 a, cm31 b);
qm31 qm31_inv(qm31 a); /* a != 0 */
qm31 qm31_pow(qm31 a, uint64_t e);

/* e[0] + e[1] i + e[2] u + e[3] iu with secure e (stark.md 1.2). */
qm31 qm31_combine(const qm31 e[4]);

/* By c0, then c1, c2, c3 as integers: < 0, 0, > 0. */
int qm31_compare(qm31 a, qm31 b);

/* values[i] = 1 / values[i] with one inversion; all non-zero. scratch holds count elements. */
void qm31_inv_batch(qm31 *values, size_t count, qm31 *scratch);
