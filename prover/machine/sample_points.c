/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/machine/sample_points.h"

enum status sample_points(struct secure_point out[static SHAPE_MAX_POINTS],
                          const struct shape *shape, qm31 drawn, struct why *why)
{
    struct secure_point point;

    if (qm31_is_zero(qm31_add(qm31_mul(drawn, drawn), QM31_ONE)))
        return fail(why, ST_INVALID, "InvalidStructure: the drawn element gives no point");
    point = secure_point_of(drawn);
    for (int id = 0; id < COMPONENT_COUNT; id++)
        if (qm31_is_zero(secure_vanishing(shape->log_rows[id], point)))
            return fail(why, ST_INVALID, "InvalidStructure: the drawn point lies in the domain");
    for (unsigned i = 0; i < shape->point_count; i++)
        out[i] = secure_point_shift(point, shape->points[i].log_rows, shape->points[i].offset);
    return ST_OK;
}
