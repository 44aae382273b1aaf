/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a quotient column: per batch of samples at one point, a numerator over a line.
 *
 * Source:  stark.md 8.2 and 8.3. With c common to a batch,
 *
 *   num = c * (sum of g^j f_j) - (sum of g^j a_j) * y - (sum of g^j b_j)
 *
 * so that only the first sum depends on the row.
 */
#pragma once
#include <stddef.h>

#include "prover/field/qm31.h"
#include "prover/kernel/kernel.h"

#define QUOTIENT_MAX_BATCHES 3 /* the point, one trace row ahead, one back */

struct quotient_batch {
    cm31 x_re, x_im, y_re, y_im; /* the point: x = x_re + x_im u */
    qm31 c;                      /* conj(y) - y */
    qm31 a_sum, b_sum;
    qm31 power;                /* g^members */
    const m31 *columns_sum[4]; /* sum of g^j f_j, row by row */
};

struct quotient_kernel {
    /* Rows begin .. end-1 (multiples of 16) of out, from the points (x, y) of those rows. */
    void (*rows)(m31 *const out[static 4], const m31 *x, const m31 *y,
                 const struct quotient_batch *batches, size_t count, size_t begin, size_t end);
};

const struct quotient_kernel *quotient_kernel(enum kernel_id id);
