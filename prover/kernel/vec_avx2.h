/* SPDX-License-Identifier: Apache-2.0 */
/* Eight lanes in AVX2. prover/kernel/vec.h has the words, vec_portable.h their meaning.
 *
 * vpmuludq multiplies the even lanes only, so a product is two of them: even lanes as they are, odd
 * lanes shifted down. Written after performance.md 5.2 and 9.
 */
#pragma once
#include <immintrin.h>
#include <string.h>

#include "prover/field/qm31.h"

#define VEC_LOG   3
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

/* The sum is below 2 p^2 < 2^63: its upper part is below 2p, one subtraction makes it canonical. */
static inline vec wide_reduce_two(wide sum)
{
    vec low = vec_merge(sum.even, _mm256_slli_epi64(sum.odd, 32));
    vec high = vec_merge(_mm256_srli_epi64(sum.even, 31), _mm256_slli_epi64(sum.odd, 1));

    low = _mm256_and_si256(low, _mm256_set1_epi32((int)M31_P));
    return vec_once(_mm256_add_epi32(low, vec_once(high)));
}

/* The multiplier doubled, for the even and for the odd lanes. */
typedef struct {
    vec even, odd;
} vec_factor;

static inline vec_factor vec_factor_of(vec a)
{
    return (vec_factor){_mm256_add_epi32(a, a), _mm256_srli_epi64(a, 31)};
}

static inline vec_factor vec_factor_splat(m31 a)
{
    vec twice = _mm256_set1_epi32((int)(2 * a.v));

    return (vec_factor){twice, twice};
}

/* Both products are doubled: 2q has q >> 31 as its upper word, and its lower word halved is
 * q mod 2^31. */
static inline vec vec_mul_factor(vec a, vec_factor f)
{
    vec even = _mm256_mul_epu32(a, f.even);
    vec odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), f.odd);
    vec low = vec_merge(even, _mm256_slli_epi64(odd, 32));
    vec high = vec_merge(_mm256_srli_epi64(even, 32), odd);

    return vec_once(_mm256_add_epi32(_mm256_srli_epi32(low, 1), high));
}

static inline vec vec_rotate(vec a, unsigned k)
{
    vec up = _mm256_sllv_epi32(a, _mm256_set1_epi32((int)k));
    vec down = _mm256_srlv_epi32(a, _mm256_set1_epi32((int)(31 - k)));

    return _mm256_or_si256(_mm256_and_si256(up, _mm256_set1_epi32((int)M31_P)), down);
}

/* Shuffles that stay in their 128-bit halves cost one operation; the order that they leave is put
 * right in the last step. Elements a0 … a7, b0 … b7:
 *   0   a0 a2 b0 b2 | a4 a6 b4 b6
 *   1   a0 b0 a1 b1 | a4 b4 a5 b5
 *   2   a0 b0 a1 b1 | a2 b2 a3 b3
 *   3   a0 a1 a4 a5 | a2 a3 a6 a7   and the inner quarters change places */
static inline void vec_unzip(vec *a, vec *b, unsigned step)
{
    vec x, y;

    if (step == 2) {
        x = _mm256_permute2x128_si256(*a, *b, 0x20);
        y = _mm256_permute2x128_si256(*a, *b, 0x31);
    } else {
        __m256 fa = _mm256_castsi256_ps(*a), fb = _mm256_castsi256_ps(*b);

        x = _mm256_castps_si256(_mm256_shuffle_ps(fa, fb, 0x88));
        y = _mm256_castps_si256(_mm256_shuffle_ps(fa, fb, 0xdd));
    }
    if (step == 3) {
        x = _mm256_permute4x64_epi64(x, 0xd8);
        y = _mm256_permute4x64_epi64(y, 0xd8);
    }
    *a = x;
    *b = y;
}

static inline void vec_zip(vec *a, vec *b, unsigned step)
{
    vec x = *a, y = *b;

    if (step == 2) {
        *a = _mm256_permute2x128_si256(x, y, 0x20);
        *b = _mm256_permute2x128_si256(x, y, 0x31);
        return;
    }
    if (step == 3) {
        x = _mm256_permute4x64_epi64(x, 0xd8);
        y = _mm256_permute4x64_epi64(y, 0xd8);
    }
    *a = _mm256_unpacklo_epi32(x, y);
    *b = _mm256_unpackhi_epi32(x, y);
}

static inline vec vec_spread(const m31 *t, unsigned step)
{
    int64_t two;

    switch (step) {
    case 0:
        return _mm256_permute4x64_epi64(vec_load(t), 0xd8);
    case 1:
        return _mm256_permutevar8x32_epi32(
            _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)t)),
            _mm256_setr_epi32(0, 2, 0, 2, 1, 3, 1, 3));
    case 2:
        memcpy(&two, t, sizeof two);
        return _mm256_set1_epi64x(two);
    default:
        return vec_splat(*t);
    }
}

static inline vec words_load(const uint32_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline void words_store(uint32_t *p, vec a)
{
    _mm256_storeu_si256((__m256i *)(void *)p, a);
}

static inline vec words_splat(uint32_t a)
{
    return _mm256_set1_epi32((int)a);
}

static inline vec words_add(vec a, vec b)
{
    return _mm256_add_epi32(a, b);
}

static inline vec words_xor(vec a, vec b)
{
    return _mm256_xor_si256(a, b);
}

/* Whole bytes turn by one shuffle, other distances need three operations. */
static inline vec words_ror16(vec a)
{
    return _mm256_shuffle_epi8(a, _mm256_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12,
                                                   13, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15,
                                                   12, 13));
}

static inline vec words_ror8(vec a)
{
    return _mm256_shuffle_epi8(a, _mm256_setr_epi8(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15,
                                                   12, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14,
                                                   15, 12));
}

static inline vec words_ror12(vec a)
{
    return _mm256_or_si256(_mm256_srli_epi32(a, 12), _mm256_slli_epi32(a, 20));
}

static inline vec words_ror7(vec a)
{
    return _mm256_or_si256(_mm256_srli_epi32(a, 7), _mm256_slli_epi32(a, 25));
}

static inline void words_split(vec *a, vec *b)
{
    vec_unzip(a, b, 0);
    *a = _mm256_permute4x64_epi64(*a, 0xd8);
    *b = _mm256_permute4x64_epi64(*b, 0xd8);
}
