/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of logup_finish, one table per instruction set. logup.c says what they are for.
 *
 * Threads: any; each call writes only what it names.
 */
#pragma once
#include "prover/field/m31.h"
#include "prover/kernel/kernel.h"

struct logup_kernel {
    /* sums[j] = stored[2 j] + stored[rows - 1 - 2 j], the two neighbours in coset order. */
    void (*pair_sums)(m31 *sums, const m31 *stored, size_t rows, size_t begin, size_t end);
    /* above[i] = lower[i] + upper[i] */
    void (*join)(m31 *above, const m31 *lower, const m31 *upper, size_t count);
    /* lower[i] = above[i], upper[i] = above[i] + (old lower[i]) - shift */
    void (*split)(m31 *lower, m31 *upper, const m31 *above, size_t count, m31 shift);
    /* stored[2 j] += before[j] - shift, then its neighbour += stored[2 j] - shift */
    void (*pair_prefixes)(m31 *stored, const m31 *before, size_t rows, size_t begin, size_t end,
                          m31 shift);
};

extern const struct logup_kernel logup_kernel_portable;
#if NXP_KERNEL_X86
extern const struct logup_kernel logup_kernel_avx2, logup_kernel_avx512;
#endif
