/* SPDX-License-Identifier: Apache-2.0 */
/* The field of p = 2^31 - 1 elements, one at a time. Columns are the business of prover/kernel.
 *
 * Source:  stark.md 1.1. Values are canonical: 0 .. p-1, never p.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define M31_P ((uint32_t)0x7fffffff)

/* A struct, so that a + b does not compile. */
typedef struct {
    uint32_t v;
} m31;

#define M31_ZERO ((m31){0})
#define M31_ONE  ((m31){1})

/* Any 32-bit word, reduced. */
static inline m31 m31_of(uint32_t x)
{
    x = (x & M31_P) + (x >> 31); /* <= p + 1 */
    return (m31){x >= M31_P ? x - M31_P : x};
}

/* Any 64-bit word, reduced. */
static inline m31 m31_of_u64(uint64_t x)
{
    x = (x & M31_P) + (x >> 31); /* < 2^34 */
    return m31_of((uint32_t)((x & M31_P) + (x >> 31))); /* <= p + 8 < 2^32 */
}

static inline m31 m31_add(m31 a, m31 b)
{
    uint32_t s = a.v + b.v; /* <= 2p - 2 < 2^32: no wrap, one subtraction is enough */

    return (m31){s >= M31_P ? s - M31_P : s};
}

static inline m31 m31_sub(m31 a, m31 b)
{
    return (m31){a.v >= b.v ? a.v - b.v : a.v + M31_P - b.v};
}

static inline m31 m31_neg(m31 a)
{
    return (m31){a.v ? M31_P - a.v : 0};
}

static inline m31 m31_mul(m31 a, m31 b)
{
    uint64_t t = (uint64_t)a.v * b.v; /* < 2^62 */
    uint32_t s = (uint32_t)(t & M31_P) + (uint32_t)(t >> 31);

    return (m31){s >= M31_P ? s - M31_P : s};
}

static inline bool m31_eq(m31 a, m31 b)
{
    return a.v == b.v;
}

m31 m31_pow(m31 a, uint64_t e);
m31 m31_inv(m31 a); /* a != 0 */

/* Inverse of 2^k: a rotation of the 31-bit word (stark.md 1.1). k <= 31. */
static inline m31 m31_inv_pow2(unsigned k)
{
    return (m31){k % 31 == 0 ? 1 : (uint32_t)1 << (31 - k % 31)};
}
