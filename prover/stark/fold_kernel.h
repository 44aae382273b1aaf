/* SPDX-License-Identifier: Apache-2.0 */
/* One FRI fold: a secure column becomes half as long.
 *
 * Source:  stark.md 9.1. Circle and line folds differ in their twiddles only:
 *
 *   fold[k] = (in[2k] + in[2k+1]) + alpha * (in[2k] - in[2k+1]) * inverse[k]
 */
#pragma once
#include <stddef.h>

#include "prover/field/qm31.h"
#include "prover/kernel/kernel.h"

struct fold_kernel {
    /* out[k] = fold[k] for begin <= k < end, any numbers. out must not overlap in. */
    void (*fold)(m31 *const out[static 4], const m31 *const in[static 4], const m31 *inverse,
                 qm31 alpha, size_t begin, size_t end);

    /* out[k] = out[k] * alpha^2 + fold[k]: a shorter quotient column joins the layer. */
    void (*join)(m31 *const out[static 4], const m31 *const in[static 4], const m31 *inverse,
                 qm31 alpha, size_t begin, size_t end);
};

const struct fold_kernel *fold_kernel(enum kernel_id id);
