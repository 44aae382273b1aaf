/* SPDX-License-Identifier: Apache-2.0 */
/* The composition polynomial: all constraints with their weights, over the trace's vanishing
 * polynomial, as one secure polynomial.
 *
 * Source:  stark.md 6.1-6.3, 14.1, 14.3.
 * Threads: rows and columns are divided among exec->pool.
 * Errors:  none. Constraints that do not hold give another polynomial; the check at the
 *          out-of-domain point finds that (6.5).
 *
 * No column is evaluated on a larger domain. With N = 2^log_rows, the quotient sum of a component
 * whose constraints have degree at most 3 has 2N coefficients: its rows on the committed domain
 * D_(log_rows + 1) determine it. Degree 4 adds the coefficients 2N … 3N, which depend on the
 * constraints of degree 4 alone: the few columns that they read are evaluated at N + 1 points more.
 */
#pragma once
#include "prover/circle/twiddle.h"
#include "prover/kernel/kernel.h"
#include "prover/kernel/matrix.h"

struct composition_part;

/* How a component reads its constraints; begin and end are multiples of 16. Any thread. */
struct composition_rules {
    /* Sum of weight_i C_i in rows of the committed domain, into sum (overwritten). When the part
     * has columns of degree 4, degree4 gets the sum of the constraints of degree 4 alone. */
    void (*rows)(const struct composition_part *part, m31 *const sum[static 4], m31 *const *degree4,
                 size_t begin, size_t end);
    /* The constraints of degree 4 alone, from other values of their columns. */
    void (*degree4_rows)(const struct composition_part *part, m31 *const sum[static 4],
                         const m31 *const *columns, size_t begin, size_t end);
};

struct composition_part { /* embed as first member */
    const struct composition_rules *rules;
    unsigned log_rows;         /* at least 4 */
    const m31 *const *degree4; /* committed columns that constraints of degree 4 read */
    size_t degree4_count;      /* 0: the degree is at most 3 */
};

/* Coefficients that a part may have, as a log size: log_rows + 1, or + 2 with degree 4. */
static inline unsigned composition_part_log(const struct composition_part *part)
{
    return part->log_rows + (part->degree4_count ? 2 : 1);
}

/* weight[i] = alpha^(total - 1 - i) (6.1). */
void composition_weights(qm31 *weight, size_t total, qm31 alpha);

void composition_plan(struct arena_plan *plan, unsigned log_rows, size_t degree4_count);

/* Adds the part's quotient sum to polynomial: four coordinates of at least
 * 2^composition_part_log(part) coefficients. What it takes from the arena it gives back. */
void composition_add(const struct exec *exec, struct matrix polynomial,
                     const struct composition_part *part, const struct twiddles *twiddles,
                     struct arena *arena);
