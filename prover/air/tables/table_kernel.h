/* SPDX-License-Identifier: Apache-2.0 */
/* The loops over rows of the extensions, one of each per instruction set.
 *
 * Threads: any; rows begin .. end - 1 only, multiples of 16.
 */
#pragma once
#include "prover/air/component.h"

/* What table_interact_* reads and writes. */
struct table_interaction {
    enum component_id id;
    struct matrix preprocessed, trace, interaction;
    const struct relations *relations;
    const m31 *range256[4]; /* coordinates of 1 / (v - z) for v = 0 .. 255, where it is needed */
};

/* table_rows_*: as table_rows (tables.h).
 * table_interact_*: sums of fractions, row by row; the last column is not yet a running sum. */
#define TABLE_KERNELS(variant)                                                                     \
    void table_rows_##variant(enum component_id id, m31 *const sum[static 4],                      \
                              const struct component_columns *columns,                             \
                              const struct component_weights *weights, size_t begin, size_t end);  \
    void table_interact_##variant(const struct table_interaction *t, size_t begin, size_t end);

TABLE_KERNELS(portable)
#if NXP_KERNEL_X86
TABLE_KERNELS(avx2)
TABLE_KERNELS(avx512)
#endif
