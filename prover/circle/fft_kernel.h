/* SPDX-License-Identifier: Apache-2.0 */
/* The butterflies of prover/circle/fft.h. Private to prover/circle. */
#pragma once
#include <stddef.h>

#include "prover/circle/twiddle.h"

/* Smallest transform that the kernels take: two vectors of the widest. */
#define FFT_KERNEL_LOG 5

struct fft_kernel {
    /* Layers log - 1 … 0 of run `run` of D_domain with T as they are in the table. */
    void (*evaluate)(m31 *out, const m31 *in, unsigned log, unsigned domain, size_t run,
                     const struct twiddle_table *t);
    /* Layers 0 … log - 1 with the inverse table, times 2^-log. */
    void (*interpolate)(m31 *out, const m31 *in, unsigned log, unsigned domain, size_t run,
                        const struct twiddle_table *t);
    /* Times 2^k, k <= 31. n is a multiple of 16. */
    void (*rotate)(m31 *values, size_t n, unsigned k);
    /* Secure values n .. 2n-1 are values 0 .. n-1 times m. n is a multiple of 16. */
    void (*grow)(m31 *const to[4], size_t n, qm31 m);
};

extern const struct fft_kernel fft_kernel_portable, fft_kernel_avx2, fft_kernel_avx512;
