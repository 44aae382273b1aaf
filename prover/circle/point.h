/* SPDX-License-Identifier: Apache-2.0 */
/* The circle x^2 + y^2 = 1 over M31, written additively, and over the secure field.
 *
 * Source:  stark.md 2.
 * Units:   an index k names the point k G; indices are taken modulo 2^31.
 *          `log` of a domain D_log is its log size, 1 .. 30.
 */
#pragma once
#include <stddef.h>

#include "prover/field/qm31.h"

#define CIRCLE_LOG_ORDER 31
#define CIRCLE_LOG_MAX   30 /* largest domain */

struct circle_point {
    m31 x, y;
};

struct secure_point {
    qm31 x, y;
};

/* The low `bits` bits of k reversed; bits <= 32. */
static inline uint32_t bit_reverse(uint32_t k, unsigned bits)
{
    k = (k & 0x55555555) << 1 | (k >> 1 & 0x55555555);
    k = (k & 0x33333333) << 2 | (k >> 2 & 0x33333333);
    k = (k & 0x0f0f0f0f) << 4 | (k >> 4 & 0x0f0f0f0f);
    k = __builtin_bswap32(k);
    return bits ? k >> (32 - bits) : 0;
}

/* pi(x) = 2 x^2 - 1, the x of the double. */
static inline m31 circle_double_x(m31 x)
{
    m31 s = m31_mul(x, x);

    return m31_sub(m31_add(s, s), M31_ONE);
}

static inline struct circle_point circle_add(struct circle_point a, struct circle_point b)
{
    return (struct circle_point){m31_sub(m31_mul(a.x, b.x), m31_mul(a.y, b.y)),
                                 m31_add(m31_mul(a.x, b.y), m31_mul(a.y, b.x))};
}

static inline struct circle_point circle_negate(struct circle_point a)
{
    return (struct circle_point){a.x, m31_neg(a.y)};
}

/* index G */
struct circle_point circle_point_of(uint32_t index);

/* Index of G_log, the generator of the subgroup of order 2^log: one trace row further. log <= 31. */
static inline uint32_t circle_step_index(unsigned log)
{
    return (uint32_t)(((uint64_t)1 << (CIRCLE_LOG_ORDER - log)) & M31_P);
}

/* Index of the point at a stored position of D_log (2.2). */
uint32_t circle_domain_index(unsigned log, size_t position);

/* x of the point at a stored position of the line domain L_log. log <= 29. */
m31 circle_line_x(unsigned log, size_t position);

/* What v_l, the polynomial that vanishes on D_l, is on run `run` of 2^l stored positions of
 * D_(l + excess), excess >= 1. It does not depend on l (2.3). */
m31 circle_vanishing_on_run(unsigned excess, size_t run);

/* ((1 - t^2) / (1 + t^2), 2 t / (1 + t^2)); t^2 != -1. */
struct secure_point secure_point_of(qm31 t);

struct secure_point secure_point_add(struct secure_point p, struct secure_point q);

/* p + steps G_log: the mask point of an offset (5.2). */
struct secure_point secure_point_shift(struct secure_point p, unsigned log, int steps);

/* 2 x^2 - 1 */
qm31 secure_double_x(qm31 x);

/* v_log at a point, log >= 1 (2.3). */
qm31 secure_vanishing(unsigned log, struct secure_point p);
