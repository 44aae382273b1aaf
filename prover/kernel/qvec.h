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
    *re = wide_reduce(wide_madd(wide_madd(wide_zero(), a0, b0), vec_neg(a1), b1));
    *im = wide_reduce(wide_madd(wide_madd(wide_zero(), a0, b1), a1, b0));
}

/* With A, B the low and C, D the high halves: AB + (2 + i) CD, AD + CB (stark.md 1.2). */
static inline qvec qvec_mul(qvec x, qvec y)
{
    vec cd_re, cd_im, n1 = vec_neg(x.c[1]), n3 = vec_neg(x.c[3]);
    qvec r;

    qvec_cmul(&cd_re, &cd_im, x.c[2], x.c[3], y.c[2], y.c[3]);
    r.c[0] = wide_reduce(wide_madd(wide_madd(wide_zero(), x.c[0], y.c[0]), n1, y.c[1]));
    r.c[1] = wide_reduce(wide_madd(wide_madd(wide_zero(), x.c[0], y.c[1]), x.c[1], y.c[0]));
    r.c[0] = vec_add(r.c[0], vec_sub(vec_double(cd_re), cd_im));
    r.c[1] = vec_add(r.c[1], vec_add(cd_re, vec_double(cd_im)));
    r.c[2] = wide_reduce(wide_madd(
        wide_madd(wide_madd(wide_madd(wide_zero(), x.c[0], y.c[2]), n1, y.c[3]), x.c[2], y.c[0]),
        n3, y.c[1]));
    r.c[3] = wide_reduce(wide_madd(
        wide_madd(wide_madd(wide_madd(wide_zero(), x.c[0], y.c[3]), x.c[1], y.c[2]), x.c[2],
                  y.c[1]),
        x.c[3], y.c[0]));
    return r;
}
