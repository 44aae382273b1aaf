/* SPDX-License-Identifier: Apache-2.0 */
/* One secure column per LDE log size: the random combination of (column - value) over the line
 * through the sample point and its conjugate. If every sampled value is right, it is of low degree.
 *
 * Source:  stark.md 8.
 * Threads: rows are divided among exec->pool.
 * Errors:  none.
 */
#pragma once
#include "prover/circle/twiddle.h"
#include "prover/kernel/kernel.h"
#include "prover/kernel/matrix.h"
#include "prover/stark/opening.h"

void quotients_plan(struct arena_plan *plan, const struct opening *o, unsigned log_size);

/* The column of one LDE log size (at least 5) into out: four coordinates, 2^log_size values.
 * samples as in opening.h; gamma is the quotient coefficient. What it takes from the arena it gives
 * back. */
void quotients_take(const struct exec *exec, struct matrix out, const struct opening *o,
                    const qm31 *samples, qm31 gamma, unsigned log_size,
                    const struct twiddles *twiddles, struct arena *arena);
