/* SPDX-License-Identifier: Apache-2.0 */
/* Secure values in vectors. Included by vec.h after the vector type of the build. */
#pragma once

typedef struct {
    vec c[4];
} qvec;

static inline qvec qvec_splat(qm31 a)
{
    return (qvec){{vec_splat(a.c[0]), vec_splat(a.c[1]), vec_splat(a.c[2]), vec_splat(a.c[3])}};
}

static inline qvec qvec_zero(void)
{
    return (qvec){{vec_zero(), vec_zero(), vec_zero(), vec_zero()}};
}

static inline qvec qvec_load(const m31 *const columns[static 4], size_t row)
{
    return (qvec){{vec_load(columns[0] + row), vec_load(columns[1] + row),
                   vec_load(columns[2] + row), vec_load(columns[3] + row)}};
}

static inline void qvec_store(m31 *const columns[static 4], size_t row, qvec a)
{
    for (int i = 0; i < 4; i++)
        vec_store(columns[i] + row, a.c[i]);
}

static inline qvec qvec_add(qvec a, qvec b)
{
    for (int i = 0; i < 4; i++)
        a.c[i] = vec_add(a.c[i], b.c[i]);
    return a;
}

static inline qvec qvec_sub(qvec a, qvec b)
{
    for (int i = 0; i < 4; i++)
        a.c[i] = vec_sub(a.c[i], b.c[i]);
    return a;
}

static inline qvec qvec_mul_vec(qvec a, vec b)
{
    for (int i = 0; i < 4; i++)
        a.c[i] = vec_mul(a.c[i], b);
    return a;
}

/* (a0 + a1 i) (b0 + b1 i): the negative product enters as p - a1 times b1. */
static inline void qvec_cmul(vec *re, vec *im, vec a0, vec a1, vec b0, vec b1)
{
    *re = wide_reduce_two(wide_madd(wide_madd(wide_zero(), a0, b0), vec_neg(a1), b1));
    *im = wide_reduce_two(wide_madd(wide_madd(wide_zero(), a0, b1), a1, b0));
}

/* a0 b0 + a1 b1 + a2 b2 + a3 b3: as many products as a sum may have, and one reduction. */
static inline vec qvec_four(vec a0, vec b0, vec a1, vec b1, vec a2, vec b2, vec a3, vec b3)
{
    wide sum = wide_madd(wide_madd(wide_zero(), a0, b0), a1, b1);

    return wide_reduce(wide_madd(wide_madd(sum, a2, b2), a3, b3));
}

/* With A, B the low and C, D the high halves: AB + C (2 + i) D, AD + CB (stark.md 1.2). Negative
 * products enter through negated factors. */
static inline qvec qvec_mul(qvec x, qvec y)
{
    vec a0 = x.c[0], a1 = x.c[1], c0 = x.c[2], c1 = x.c[3];
    vec b0 = y.c[0], b1 = y.c[1], d0 = y.c[2], d1 = y.c[3];
    vec na1 = vec_neg(a1), nc1 = vec_neg(c1);
    vec e0 = vec_sub(vec_double(d0), d1), e1 = vec_add(vec_double(d1), d0); /* (2 + i) D */

    return (qvec){
        {qvec_four(a0, b0, na1, b1, c0, e0, nc1, e1), qvec_four(a0, b1, a1, b0, c0, e1, c1, e0),
         qvec_four(a0, d0, na1, d1, c0, b0, nc1, b1), qvec_four(a0, d1, a1, d0, c0, b1, c1, b0)}};
}
