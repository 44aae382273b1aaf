/* SPDX-License-Identifier: Apache-2.0 */
/* Where the columns of a shape are sampled: the out-of-domain point and its neighbours.
 *
 * Source:  stark.md 2.1, 5.2; 12.2 (B19).
 * Errors:  ST_INVALID when the drawn element gives no point, or one at which a trace domain
 *          vanishes. An honest draw does that once in 2^120.
 */
#pragma once
#include "prover/circle/point.h"
#include "prover/machine/shape.h"

/* out[i] is the point of shape->points[i]. */
enum status MUST_USE sample_points(struct secure_point out[static SHAPE_MAX_POINTS],
                                   const struct shape *shape, qm31 drawn, struct why *why);
