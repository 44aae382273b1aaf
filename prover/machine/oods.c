/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/machine/oods.h"

#include "prover/air/chips/main_component.h"
#include "prover/air/tables/tables.h"

struct sum {
    qm31 value, alpha, over_vanishing;
};

static void add_constraint(void *context, unsigned number, qm31 value)
{
    struct sum *s = context;

    (void)number; /* they come in order */
    s->value = qm31_add(qm31_mul(s->value, s->alpha), qm31_mul(value, s->over_vanishing));
}

bool oods_holds(const struct oods_input *in)
{
    const struct shape *shape = in->shape;
    const struct shape_column *composition = shape_tree(shape, SHAPE_COMPOSITION);
    struct shape_samples storage;
    struct sum sum = {.value = QM31_ZERO, .alpha = in->alpha};
    qm31 coordinates[4];

    for (int i = 0; i < COMPONENT_COUNT; i++) {
        enum component_id id = (enum component_id)i;
        unsigned log = shape->log_rows[id];
        qm31 shift = qm31_mul_m31(in->claimed_sums[id], m31_inv_pow2(log));
        struct component_samples samples =
            shape_component_samples(shape, id, in->samples, &storage);

        sum.over_vanishing = qm31_inv(secure_vanishing(log, in->point));
        if (id == COMPONENT_MAIN)
            main_at_point(&samples, in->relations, shift, add_constraint, &sum);
        else
            table_at_point(id, &samples, in->relations, shift, add_constraint, &sum);
    }
    for (int i = 0; i < 4; i++)
        coordinates[i] = in->samples[composition[i].first_sample];
    return qm31_eq(sum.value, qm31_combine(coordinates));
}
