/* SPDX-License-Identifier: Apache-2.0 */
/* The composition polynomial of the nine components: their rules bound to prover/stark/composition.
 *
 * Source:  components.md 3.3 (step 15b), stark.md 6.
 */
#pragma once
#include "prover/machine/columns.h"

struct compose_input {
    const struct columns *columns;
    const struct relations *relations;
    const qm31 *claimed_sums;
    qm31 alpha;
};

void compose_plan(struct arena_plan *plan, const struct shape *shape);

/* Fills polynomial (four coordinates, 2^shape->composition_log coefficients in the first rows of
 * each column). What it takes from the arena it gives back. */
void compose_polynomial(const struct exec *exec, struct matrix polynomial,
                        const struct shape *shape, const struct compose_input *input,
                        const struct twiddles *twiddles, struct arena *arena);
