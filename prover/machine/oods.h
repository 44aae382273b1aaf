/* SPDX-License-Identifier: Apache-2.0 */
/* The constraint identity at the out-of-domain point.
 *
 * Source:  stark.md 6.5. The prover checks itself with it, the verifier the proof.
 */
#pragma once
#include "prover/circle/point.h"
#include "prover/machine/shape.h"

struct oods_input {
    const struct shape *shape;
    const qm31 *samples; /* SHAPE_SAMPLES, shape order */
    const struct relations *relations;
    const qm31 *claimed_sums; /* one per component */
    qm31 alpha;               /* the composition coefficient */
    struct secure_point point;
};

/* Whether the composition polynomial's value from tree 3 is that of the constraints. */
bool oods_holds(const struct oods_input *in);
