/* SPDX-License-Identifier: Apache-2.0 */
/* Loops that keep one vector word busy, for bench/kernel_bench.c. */
#pragma once
#include <stddef.h>

#include "prover/field/qm31.h"

struct words_bench {
    /* out[i] = a[i] b[i], and a secure product in four columns of n cells each. */
    void (*mul)(m31 *out, const m31 *a, const m31 *b, size_t n);
    void (*qmul)(m31 *out, const m31 *a, const m31 *b, size_t n);
    /* out = sum over k < 12 of constant k times column (k mod 4) of a: secure accumulation of
     * base values with secure constants taken from b. */
    void (*accumulate)(m31 *out, const m31 *a, const m31 *b, size_t n);
};

extern const struct words_bench words_bench_portable, words_bench_avx2, words_bench_avx512;
