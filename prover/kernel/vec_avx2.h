/* SPDX-License-Identifier: Apache-2.0 */
/* Eight lanes in AVX2. prover/kernel/vec.h has the words, vec_portable.h their meaning.
 *
 * vpmuludq multiplies the even lanes only, so a product is two of them: even lanes as they are, odd
 * lanes shifted down. Written after performance.md 5.2 and 9.
 */
#pragma once
#include <immintrin.h>

#include "prover/field/qm31.h"

#define VEC_LANES 8

typedef __m256i vec;

/* 64-bit sums of lanes 0, 2, 4, 6 and 1, 3, 5, 7. */
typedef struct {
    __m256i even, odd;
} wide;

static inline vec vec_load(const m31 *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline void vec_store(m31 *p, vec a)
{
    _mm256_storeu_si256((__m256i *)(void *)p, a);
}

static inline vec vec_splat(m31 a)
{
    return _mm256_set1_epi32((int)a.v);
}

static inline vec vec_zero(void)
{
    return _mm256_setzero_si256();
}

/* s <= 2p - 1: of s and s - p (mod 2^32) the smaller is s mod p, because s - p wraps when s < p. */
static inline vec vec_once(vec s)
{
    return _mm256_min_epu32(s, _mm256_sub_epi32(s, _mm256_set1_epi32((int)M31_P)));
}

static inline vec vec_add(vec a, vec b)
{
    return vec_once(_mm256_add_epi32(a, b)); /* <= 2p - 2 */
}

/* a - b wraps exactly when p must be added, and then a - b + p is the smaller. */
static inline vec vec_sub(vec a, vec b)
{
    vec d = _mm256_sub_epi32(a, b);

    return _mm256_min_epu32(d, _mm256_add_epi32(d, _mm256_set1_epi32((int)M31_P)));
}

static inline vec vec_neg(vec a)
{
    return vec_sub(vec_zero(), a);
}

static inline vec vec_double(vec a)
{
    return vec_add(a, a);
}

/* Even lanes of even, odd lanes of odd. */
static inline vec vec_merge(vec even, vec odd)
{
    return _mm256_blend_epi32(even, odd, 0xaa);
}

/* Shifting by 31 instead of 32 brings an odd lane down doubled, since bit 31 of the even lane is 0.
 * Its product is then 2q, whose upper word is q >> 31 already. One fold is enough: q < p^2, so both
 * parts are at most p and their sum is at most 2p - 1. */
static inline vec vec_mul(vec a, vec b)
{
    vec even = _mm256_mul_epu32(a, b);
    vec odd2 = _mm256_mul_epu32(_mm256_srli_epi64(a, 31), _mm256_srli_epi64(b, 32));
    vec low = vec_merge(even, _mm256_slli_epi64(odd2, 31));
    vec high = vec_merge(_mm256_srli_epi64(even, 31), odd2);

    low = _mm256_and_si256(low, _mm256_set1_epi32((int)M31_P));
    return vec_once(_mm256_add_epi32(low, high));
}

static inline vec vec_gather(const m31 *table, vec index)
{
    return _mm256_i32gather_epi32((const int *)(const void *)table, index, 4);
}

static inline wide wide_zero(void)
{
    return (wide){_mm256_setzero_si256(), _mm256_setzero_si256()};
}

static inline wide wide_madd(wide sum, vec a, vec b)
{
    sum.even = _mm256_add_epi64(sum.even, _mm256_mul_epu32(a, b));
    sum.odd = _mm256_add_epi64(
        sum.odd, _mm256_mul_epu32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)));
    return sum;
}

static inline __m256i wide_fold_half(__m256i x)
{
    return _mm256_add_epi64(_mm256_and_si256(x, _mm256_set1_epi64x(M31_P)),
                            _mm256_srli_epi64(x, 31));
}

static inline wide wide_fold(wide sum)
{
    return (wide){wide_fold_half(sum.even), wide_fold_half(sum.odd)};
}

/* Folded sums are below 2^34: the second fold adds at most 7 to at most p. */
static inline vec wide_reduce(wide sum)
{
    vec low, high;

    sum = wide_fold(sum);
    low = vec_merge(sum.even, _mm256_slli_epi64(sum.odd, 32));
    high = vec_merge(_mm256_srli_epi64(sum.even, 31), _mm256_slli_epi64(sum.odd, 1));
    low = _mm256_and_si256(low, _mm256_set1_epi32((int)M31_P));
    return vec_once(_mm256_add_epi32(low, high));
}
