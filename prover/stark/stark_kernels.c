/* SPDX-License-Identifier: Apache-2.0 */
/* Picks this room's tables for a processor. */
#include "prover/stark/combine_kernel.h"
#include "prover/stark/fold_kernel.h"
#include "prover/stark/quotient_kernel.h"

extern const struct combine_kernel combine_kernel_table_portable;
extern const struct fold_kernel fold_kernel_table_portable;
extern const struct quotient_kernel quotient_kernel_table_portable;
#if NXP_KERNEL_X86
extern const struct combine_kernel combine_kernel_table_avx2, combine_kernel_table_avx512;
extern const struct fold_kernel fold_kernel_table_avx2, fold_kernel_table_avx512;
extern const struct quotient_kernel quotient_kernel_table_avx2, quotient_kernel_table_avx512;
#endif

const struct combine_kernel *combine_kernel(enum kernel_id id)
{
    return KERNEL_PICK(id, combine_kernel_table);
}

const struct fold_kernel *fold_kernel(enum kernel_id id)
{
    return KERNEL_PICK(id, fold_kernel_table);
}

const struct quotient_kernel *quotient_kernel(enum kernel_id id)
{
    return KERNEL_PICK(id, quotient_kernel_table);
}
