/* SPDX-License-Identifier: Apache-2.0 */
/* The loops that fill a twiddle table. Private to prover/circle. */
#pragma once
#include <stddef.h>

#include "prover/circle/point.h"

#define TWIDDLE_LANES 16 /* a multiple of every VEC_LANES */

struct twiddle_kernel {
    /* Points n .. 2n-1 are points 0 .. n-1 plus step. n is a multiple of TWIDDLE_LANES. */
    void (*extend)(m31 *x, m31 *y, size_t n, struct circle_point step);
    /* out[i] = 1 / in[i], no zeros, n a multiple of TWIDDLE_LANES; not in place. */
    void (*invert)(m31 *out, const m31 *in, size_t n);
};

extern const struct twiddle_kernel twiddle_kernel_portable, twiddle_kernel_avx2,
    twiddle_kernel_avx512;
