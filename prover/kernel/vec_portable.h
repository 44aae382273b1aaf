/* SPDX-License-Identifier: Apache-2.0 */
/* Eight lanes in plain C: the meaning of every vector operation, and what runs where there is no
 * better. prover/kernel/vec.h has the words. */
#pragma once
#include <stddef.h>
#include <string.h>

#include "prover/field/qm31.h"

#define VEC_LOG   3
#define VEC_LANES 8

typedef struct {
    m31 v[VEC_LANES];
} vec;

typedef struct {
    uint64_t v[VEC_LANES];
} wide;

static inline vec vec_load(const m31 *p)
{
    vec r;

    memcpy(r.v, p, sizeof r.v);
    return r;
}

static inline void vec_store(m31 *p, vec a)
{
    memcpy(p, a.v, sizeof a.v);
}

static inline vec vec_splat(m31 a)
{
    vec r;

    for (int i = 0; i < VEC_LANES; i++)
        r.v[i] = a;
    return r;
}

static inline vec vec_zero(void)
{
    return vec_splat(M31_ZERO);
}

static inline vec vec_add(vec a, vec b)
{
    for (int i = 0; i < VEC_LANES; i++)
        a.v[i] = m31_add(a.v[i], b.v[i]);
    return a;
}

static inline vec vec_sub(vec a, vec b)
{
    for (int i = 0; i < VEC_LANES; i++)
        a.v[i] = m31_sub(a.v[i], b.v[i]);
    return a;
}

static inline vec vec_mul(vec a, vec b)
{
    for (int i = 0; i < VEC_LANES; i++)
        a.v[i] = m31_mul(a.v[i], b.v[i]);
    return a;
}

static inline vec vec_neg(vec a)
{
    for (int i = 0; i < VEC_LANES; i++)
        a.v[i] = m31_neg(a.v[i]);
    return a;
}

static inline vec vec_double(vec a)
{
    return vec_add(a, a);
}

static inline vec vec_gather(const m31 *table, vec index)
{
    for (int i = 0; i < VEC_LANES; i++)
        index.v[i] = table[index.v[i].v];
    return index;
}

static inline wide wide_zero(void)
{
    return (wide){{0}};
}

static inline wide wide_madd(wide sum, vec a, vec b)
{
    for (int i = 0; i < VEC_LANES; i++)
        sum.v[i] += (uint64_t)a.v[i].v * b.v[i].v;
    return sum;
}

/* (x mod 2^31) + floor(x / 2^31) < 2^31 + 2^33. */
static inline wide wide_fold(wide sum)
{
    for (int i = 0; i < VEC_LANES; i++)
        sum.v[i] = (sum.v[i] & M31_P) + (sum.v[i] >> 31);
    return sum;
}

static inline vec wide_reduce(wide sum)
{
    vec r;

    for (int i = 0; i < VEC_LANES; i++)
        r.v[i] = m31_of_u64(sum.v[i]);
    return r;
}

/* The sum is below 2 p^2 < 2^63: its upper part is below 2p. */
static inline vec wide_reduce_two(wide sum)
{
    vec r;

    for (int i = 0; i < VEC_LANES; i++) {
        uint32_t low = (uint32_t)sum.v[i] & M31_P, high = (uint32_t)(sum.v[i] >> 31);

        high = high >= M31_P ? high - M31_P : high; /* < p */
        low += high;                                /* <= 2p - 1 */
        r.v[i] = (m31){low >= M31_P ? low - M31_P : low};
    }
    return r;
}

typedef vec vec_factor;

static inline vec_factor vec_factor_of(vec a)
{
    return a;
}

static inline vec_factor vec_factor_splat(m31 a)
{
    return vec_splat(a);
}

static inline vec vec_mul_factor(vec a, vec_factor f)
{
    return vec_mul(a, f);
}

/* 2^31 = 1: the 31-bit word turns around, and cannot become p if it was not. */
static inline vec vec_rotate(vec a, unsigned k)
{
    for (int i = 0; i < VEC_LANES; i++)
        a.v[i].v = (uint32_t)((uint64_t)a.v[i].v << k & M31_P) | a.v[i].v >> (31 - k);
    return a;
}

/* All steps are alike: even elements to a, odd ones to b. */
static inline void vec_unzip(vec *a, vec *b, unsigned step)
{
    vec x = *a, y = *b;

    (void)step;
    for (int i = 0; i < VEC_LANES / 2; i++) {
        a->v[i] = x.v[2 * i];
        a->v[VEC_LANES / 2 + i] = y.v[2 * i];
        b->v[i] = x.v[2 * i + 1];
        b->v[VEC_LANES / 2 + i] = y.v[2 * i + 1];
    }
}

static inline void vec_zip(vec *a, vec *b, unsigned step)
{
    vec x = *a, y = *b;

    (void)step;
    for (int i = 0; i < VEC_LANES / 2; i++) {
        a->v[2 * i] = x.v[i];
        a->v[2 * i + 1] = y.v[i];
        b->v[2 * i] = x.v[VEC_LANES / 2 + i];
        b->v[2 * i + 1] = y.v[VEC_LANES / 2 + i];
    }
}

static inline vec vec_spread(const m31 *t, unsigned step)
{
    vec r;

    for (int i = 0; i < VEC_LANES; i++)
        r.v[i] = t[i & ((VEC_LANES >> step) - 1)];
    return r;
}

static inline vec words_load(const uint32_t *p)
{
    vec r;

    memcpy(r.v, p, sizeof r.v);
    return r;
}

static inline void words_store(uint32_t *p, vec a)
{
    memcpy(p, a.v, sizeof a.v);
}

static inline vec words_splat(uint32_t a)
{
    return vec_splat((m31){a});
}

static inline vec words_add(vec a, vec b)
{
    for (int i = 0; i < VEC_LANES; i++)
        a.v[i].v += b.v[i].v;
    return a;
}

static inline vec words_xor(vec a, vec b)
{
    for (int i = 0; i < VEC_LANES; i++)
        a.v[i].v ^= b.v[i].v;
    return a;
}

static inline vec words_ror(vec a, unsigned k)
{
    for (int i = 0; i < VEC_LANES; i++)
        a.v[i].v = a.v[i].v >> k | a.v[i].v << (32 - k);
    return a;
}

#define words_ror16(a) words_ror(a, 16)
#define words_ror12(a) words_ror(a, 12)
#define words_ror8(a)  words_ror(a, 8)
#define words_ror7(a)  words_ror(a, 7)

static inline void words_split(vec *a, vec *b)
{
    vec_unzip(a, b, 0);
}
