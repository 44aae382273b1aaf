/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over columns and over rows with secure weights: the two loops behind quotients and samples.
 *
 * Source:  stark.md 8.3 (random combination of columns), 14.2 items 8 and 9.
 * Threads: a call touches the rows (or outputs) that it names and nothing else.
 *
 * Rows begin .. end-1 are multiples of 16.
 */
#pragma once
#include <stddef.h>

#include "prover/field/qm31.h"
#include "prover/kernel/kernel.h"

struct combine_kernel {
    /* sum[.][row] = the four coordinates of sum over j of weights[j] * columns[j][row]. */
    void (*columns)(m31 *const sum[static 4], const m31 *const *columns, const qm31 *weights,
                    size_t count, size_t begin, size_t end);

    /* out[j] = sum over rows of weights[row] * columns[j][row]; weights by coordinate. */
    void (*rows)(qm31 *out, const m31 *const *columns, size_t count,
                 const m31 *const weights[static 4], size_t begin, size_t end);
};

const struct combine_kernel *combine_kernel(enum kernel_id id);
