/* SPDX-License-Identifier: Apache-2.0 */
/* What the domain kernels need to know of one proof: weights folded into the fractions, and where
 * the columns are.
 *
 * With S_k the interaction columns and d_k = S_k - S_{k-1}, the weighted sum of the fraction
 * constraints of a row is
 *
 *   sum_k w_k (d_k D_k - n_k) = sum_k d_k V_k + N,   V_k = w_k D_k,   N = - sum_k w_k n_k
 *
 * V_k and N are sums of sources times constants: the constants are computed here once, and what is
 * left for each row is one secure product for each fraction (performance.md 8.2).
 */
#pragma once
#include "prover/air/chips/fraction.h"

#define ROWS_MAX_TERMS      (2 * MAIN_FRACTIONS + 200) /* at most that many; asserted */
#define ROWS_MAX_NUMERATORS MAIN_FRACTIONS

struct rows_plan {
    const qm31 *weight;                 /* of the 449 rules */
    const m31 *source[SOURCE_VIRTUAL];  /* row 0 of every column */
    struct matrix interaction;
    const m31 *previous[4];
    qm31 shift;
    struct form denominator[MAIN_FRACTIONS]; /* V_k */
    struct form_term term[ROWS_MAX_TERMS];
    struct form numerator; /* N; its terms are those of numerator_term */
    struct form_term numerator_term[ROWS_MAX_NUMERATORS];
};

/* The weighted sum of all constraints in the rows begin .. end-1 (multiples of 16). degree4 may be
 * NULL; else it gets the part of the rules of degree 4. */
#define ROWS_ARGUMENTS                                                                             \
    (const struct rows_plan *plan, m31 *const sum[static 4], m31 *const *degree4, size_t begin,    \
     size_t end)
/* That part alone; plan needs the weights and the sources that those rules read. */
#define DEGREE4_ARGUMENTS                                                                          \
    (const struct rows_plan *plan, m31 *const sum[static 4], size_t begin, size_t end)

void rows_portable ROWS_ARGUMENTS;
void degree4_portable DEGREE4_ARGUMENTS;
#if NXP_KERNEL_X86
void rows_avx2 ROWS_ARGUMENTS;
void rows_avx512 ROWS_ARGUMENTS;
void degree4_avx2 DEGREE4_ARGUMENTS;
void degree4_avx512 DEGREE4_ARGUMENTS;
#endif
