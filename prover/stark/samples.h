/* SPDX-License-Identifier: Apache-2.0 */
/* The values of all columns at their sample points.
 *
 * Source:  stark.md 5.3, 14.2 item 8.
 * Threads: columns and rows are divided among exec->pool.
 * Errors:  none.
 *
 * A polynomial's value at a point is an inner product of its committed values with weights that
 * depend on the point and the length alone, so there is one list of weights per (point, length) and
 * no coefficient is needed.
 */
#pragma once
#include "prover/circle/twiddle.h"
#include "prover/kernel/kernel.h"
#include "prover/stark/opening.h"

void samples_plan(struct arena_plan *plan, const struct opening *o);

/* samples: o->sample_count values in the order of opening.h. What it takes from the arena it gives
 * back. */
void samples_take(const struct exec *exec, qm31 *samples, const struct opening *o,
                  const struct twiddles *twiddles, struct arena *arena);
