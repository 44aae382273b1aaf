/* SPDX-License-Identifier: Apache-2.0 */
/* Every vector word as a loop over arrays, so that the variants can be compared with scalars. */
#pragma once
#include <stddef.h>

#include "prover/field/qm31.h"

struct words {
    size_t lanes;
    void (*add)(m31 *out, const m31 *a, const m31 *b, size_t n);
    void (*sub)(m31 *out, const m31 *a, const m31 *b, size_t n);
    void (*mul)(m31 *out, const m31 *a, const m31 *b, size_t n);
    void (*neg)(m31 *out, const m31 *a, const m31 *b, size_t n);
    void (*twice)(m31 *out, const m31 *a, const m31 *b, size_t n);
    void (*splat_mul)(m31 *out, const m31 *a, const m31 *b, size_t n); /* a[i] b[0] */
    void (*gather)(m31 *out, const m31 *a, const m31 *b, size_t n);    /* b[a[i] % n], n = 2^k */
    /* a[i] b[i] + b[i] b[i] + a[i] a[i] + a[i] b[i] */
    void (*four)(m31 *out, const m31 *a, const m31 *b, size_t n);
    /* a[i] b[i] + b[i] b[i] by wide_reduce_two */
    void (*two)(m31 *out, const m31 *a, const m31 *b, size_t n);
    void (*factor)(m31 *out, const m31 *a, const m31 *b, size_t n); /* a[i] b[i], vec_factor */
    void (*rotate)(m31 *out, const m31 *a, const m31 *b, size_t n); /* 2^5 a[i] */
    /* sum over k < 21 of a[i] b[(i + lanes k) % n], folded as late as allowed */
    void (*dot)(m31 *out, const m31 *a, const m31 *b, size_t n);
    /* secure values in four columns of n cells each */
    void (*qadd)(m31 *out, const m31 *a, const m31 *b, size_t n);
    void (*qsub)(m31 *out, const m31 *a, const m31 *b, size_t n);
    void (*qmul)(m31 *out, const m31 *a, const m31 *b, size_t n);
    void (*qscale)(m31 *out, const m31 *a, const m31 *b, size_t n); /* by the first column of b */
    void (*qsplat)(m31 *out, const m31 *a, const m31 *b, size_t n); /* zero + splat of b's row 0 */
};

extern const struct words words_portable, words_avx2, words_avx512;
