/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms between coefficients and values.
 *
 * Source:  stark.md 3. Coefficients are in index order, values in stored order.
 *
 * The primitive works on one run: 2^log consecutive stored positions of a domain D_d, d >= log. A
 * polynomial with 2^log coefficients needs only the lower log layers of a transform of D_d, since
 * the upper layers copy (3.4), and these use the twiddles of the run alone. The same holds
 * backwards: the values on any single run determine the coefficients. So
 *
 *   run 0 of D_log             is the trace domain itself,
 *   runs 0 and 1 of D_(log+1)  are the extension,
 *   run 0 of D_(log+2)         is the quarter domain of stark.md 14.3.
 *
 * Threads: the calls on a run use the caller only; circle_extend_columns divides columns among the
 *          pool. In place is allowed everywhere; partly overlapping arrays are not.
 */
#pragma once
#include "prover/circle/twiddle.h"
#include "prover/kernel/matrix.h"

struct circle_run {
    unsigned log;    /* 2^log positions, log >= 1 */
    unsigned domain; /* log size of the domain, log .. log of the twiddles */
    size_t number;   /* 0 .. 2^(domain - log) - 1 */
};

void circle_evaluate_run(const struct exec *exec, m31 *out, const m31 *coefficients,
                         struct circle_run run, const struct twiddles *tw);

/* The factor 2^-log is included. */
void circle_interpolate_run(const struct exec *exec, m31 *out, const m31 *values,
                            struct circle_run run, const struct twiddles *tw);

/* The transpose of circle_interpolate_run as a linear map (prover/circle/basis.h). */
void circle_transpose_run(const struct exec *exec, m31 *out, const m31 *in, struct circle_run run,
                          const struct twiddles *tw);

/* Every column of lde (2^(log+1) rows) holds the values on D_log in its first half; afterwards it
 * holds the values on D_(log+1). Constant columns are recognised and filled. */
void circle_extend_columns(const struct exec *exec, struct matrix lde, const struct twiddles *tw);

/* One column of the above, on the calling thread. */
void circle_extend_column(const struct exec *exec, m31 *column, unsigned log,
                          const struct twiddles *tw);
