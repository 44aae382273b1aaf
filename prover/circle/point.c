/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/circle/point.h"

#include <assert.h>

static const struct circle_point generator = {{2}, {1268011823}};

struct circle_point circle_point_of(uint32_t index)
{
    struct circle_point r = {M31_ONE, M31_ZERO}, g = generator;

    for (index &= M31_P; index; index >>= 1) {
        if (index & 1)
            r = circle_add(r, g);
        g = circle_add(g, g);
    }
    return r;
}

uint32_t circle_domain_index(unsigned log, size_t position)
{
    uint32_t half = (uint32_t)1 << (log - 1);
    uint32_t natural = bit_reverse((uint32_t)position, log);
    uint32_t index = (4 * (natural & (half - 1)) + 1) << (CIRCLE_LOG_MAX - log);

    assert(log >= 1 && log <= CIRCLE_LOG_MAX && position < (size_t)1 << log);
    return (natural < half ? index : 0 - index) & M31_P;
}

m31 circle_line_x(unsigned log, size_t position)
{
    uint32_t natural = bit_reverse((uint32_t)position, log);

    assert(log <= 29 && position < (size_t)1 << log);
    return circle_point_of((4 * natural + 1) << (29 - log)).x;
}

/* With l = 1, v_l = x and a run is one pair of stored positions. */
m31 circle_vanishing_on_run(unsigned excess, size_t run)
{
    return circle_point_of(circle_domain_index(excess + 1, 2 * run)).x;
}

struct secure_point secure_point_of(qm31 t)
{
    qm31 square = qm31_mul(t, t);
    qm31 inverse = qm31_inv(qm31_add(QM31_ONE, square));

    return (struct secure_point){qm31_mul(qm31_sub(QM31_ONE, square), inverse),
                                 qm31_mul(qm31_add(t, t), inverse)};
}

struct secure_point secure_point_add(struct secure_point p, struct secure_point q)
{
    return (struct secure_point){qm31_sub(qm31_mul(p.x, q.x), qm31_mul(p.y, q.y)),
                                 qm31_add(qm31_mul(p.x, q.y), qm31_mul(p.y, q.x))};
}

struct secure_point secure_point_shift(struct secure_point p, unsigned log, int steps)
{
    struct circle_point g = circle_point_of(circle_step_index(log) * (uint32_t)steps);

    return (struct secure_point){qm31_sub(qm31_mul_m31(p.x, g.x), qm31_mul_m31(p.y, g.y)),
                                 qm31_add(qm31_mul_m31(p.x, g.y), qm31_mul_m31(p.y, g.x))};
}

qm31 secure_double_x(qm31 x)
{
    qm31 square = qm31_mul(x, x);

    return qm31_sub(qm31_add(square, square), QM31_ONE);
}

qm31 secure_vanishing(unsigned log, struct secure_point p)
{
    assert(log >= 1);
    for (unsigned i = 1; i < log; i++)
        p.x = secure_double_x(p.x);
    return p.x;
}
