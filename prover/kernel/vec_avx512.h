/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen lanes in AVX-512 (F, BW, VL, DQ). prover/kernel/vec.h has the words, vec_portable.h their
 * meaning, vec_avx2.h the bounds, which are the same here.
 */
#pragma once
#include <immintrin.h>
#include <string.h>

#include "prover/field/qm31.h"

#define VEC_LOG   4
#define VEC_LANES 16

typedef __m512i vec;

/* 64-bit sums of the even and of the odd lanes. */
typedef struct {
    __m512i even, odd;
} wide;

static inline vec vec_load(const m31 *p)
{
    return _mm512_loadu_si512(p);
}

static inline void vec_store(m31 *p, vec a)
{
    _mm512_storeu_si512(p, a);
}

static inline vec vec_splat(m31 a)
{
    return _mm512_set1_epi32((int)a.v);
}

static inline vec vec_zero(void)
{
    return _mm512_setzero_si512();
}

/* s <= 2p - 1 -> s mod p */
static inline vec vec_once(vec s)
{
    return _mm512_min_epu32(s, _mm512_sub_epi32(s, _mm512_set1_epi32((int)M31_P)));
}

static inline vec vec_add(vec a, vec b)
{
    return vec_once(_mm512_add_epi32(a, b));
}

static inline vec vec_sub(vec a, vec b)
{
    vec d = _mm512_sub_epi32(a, b);

    return _mm512_min_epu32(d, _mm512_add_epi32(d, _mm512_set1_epi32((int)M31_P)));
}

static inline vec vec_neg(vec a)
{
    return vec_sub(vec_zero(), a);
}

static inline vec vec_double(vec a)
{
    return vec_add(a, a);
}

/* The lower words of the 64-bit halves in the order of the lanes, and the upper words. */
static inline vec vec_merge_low(__m512i even, __m512i odd)
{
    return _mm512_castps_si512(
        _mm512_mask_moveldup_ps(_mm512_castsi512_ps(even), 0xaaaa, _mm512_castsi512_ps(odd)));
}

static inline vec vec_merge_high(__m512i even, __m512i odd)
{
    return _mm512_castps_si512(
        _mm512_mask_movehdup_ps(_mm512_castsi512_ps(odd), 0x5555, _mm512_castsi512_ps(even)));
}

/* Both products are doubled: 2q has q >> 31 as its upper word, and its lower word halved is
 * q mod 2^31, so neither needs a mask. The odd lanes of a come down doubled when they are shifted
 * by 31, since bit 31 of the even lanes is 0. */
static inline vec vec_mul(vec a, vec b)
{
    __m512i even = _mm512_mul_epu32(_mm512_add_epi32(a, a), b);
    __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 31),
                                   _mm512_castps_si512(_mm512_movehdup_ps(_mm512_castsi512_ps(b))));

    return vec_once(_mm512_add_epi32(_mm512_srli_epi32(vec_merge_low(even, odd), 1),
                                     vec_merge_high(even, odd)));
}

static inline vec vec_gather(const m31 *table, vec index)
{
    return _mm512_i32gather_epi32(index, table, 4);
}

static inline wide wide_zero(void)
{
    return (wide){_mm512_setzero_si512(), _mm512_setzero_si512()};
}

static inline wide wide_madd(wide sum, vec a, vec b)
{
    sum.even = _mm512_add_epi64(sum.even, _mm512_mul_epu32(a, b));
    sum.odd = _mm512_add_epi64(
        sum.odd, _mm512_mul_epu32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32)));
    return sum;
}

static inline __m512i wide_fold_half(__m512i x)
{
    return _mm512_add_epi64(_mm512_and_si512(x, _mm512_set1_epi64(M31_P)),
                            _mm512_srli_epi64(x, 31));
}

static inline wide wide_fold(wide sum)
{
    return (wide){wide_fold_half(sum.even), wide_fold_half(sum.odd)};
}

/* Folded sums are below 2^34, so twice the sum has the quotient by 2^31 (at most 7) as its upper
 * word and its lower word halved is the rest. */
static inline vec wide_reduce(wide sum)
{
    sum = wide_fold(sum);
    sum.even = _mm512_add_epi64(sum.even, sum.even);
    sum.odd = _mm512_add_epi64(sum.odd, sum.odd);
    return vec_once(_mm512_add_epi32(_mm512_srli_epi32(vec_merge_low(sum.even, sum.odd), 1),
                                     vec_merge_high(sum.even, sum.odd)));
}

/* The sum is below 2 p^2 < 2^63: its upper part is below 2p, one subtraction makes it canonical. */
static inline vec wide_reduce_two(wide sum)
{
    vec low, high;

    sum.even = _mm512_add_epi64(sum.even, sum.even);
    sum.odd = _mm512_add_epi64(sum.odd, sum.odd);
    low = _mm512_srli_epi32(vec_merge_low(sum.even, sum.odd), 1);
    high = vec_merge_high(sum.even, sum.odd);
    return vec_once(_mm512_add_epi32(low, vec_once(high)));
}

/* The multiplier doubled, for the even and for the odd lanes. */
typedef struct {
    vec even, odd;
} vec_factor;

static inline vec_factor vec_factor_of(vec a)
{
    return (vec_factor){_mm512_add_epi32(a, a), _mm512_srli_epi64(a, 31)};
}

static inline vec_factor vec_factor_splat(m31 a)
{
    vec twice = _mm512_set1_epi32((int)(2 * a.v));

    return (vec_factor){twice, twice};
}

static inline vec vec_mul_factor(vec a, vec_factor f)
{
    __m512i even = _mm512_mul_epu32(a, f.even);
    __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), f.odd);

    return vec_once(_mm512_add_epi32(_mm512_srli_epi32(vec_merge_low(even, odd), 1),
                                     vec_merge_high(even, odd)));
}

static inline vec vec_rotate(vec a, unsigned k)
{
    vec up = _mm512_sllv_epi32(a, _mm512_set1_epi32((int)k));
    vec down = _mm512_srlv_epi32(a, _mm512_set1_epi32((int)(31 - k)));

    return _mm512_or_si512(_mm512_and_si512(up, _mm512_set1_epi32((int)M31_P)), down);
}

/* All steps are alike: even elements to a, odd ones to b. */
static inline void vec_unzip(vec *a, vec *b, unsigned step)
{
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd =
        _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    vec x = *a, y = *b;

    (void)step;
    *a = _mm512_permutex2var_epi32(x, even, y);
    *b = _mm512_permutex2var_epi32(x, odd, y);
}

static inline void vec_zip(vec *a, vec *b, unsigned step)
{
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high =
        _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    vec x = *a, y = *b;

    (void)step;
    *a = _mm512_permutex2var_epi32(x, low, y);
    *b = _mm512_permutex2var_epi32(x, high, y);
}

/* The first VEC_LANES >> step values again and again: loads that broadcast. */
static inline vec vec_spread(const m31 *t, unsigned step)
{
    int64_t two;

    switch (step) {
    case 0:
        return vec_load(t);
    case 1:
        return _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(const void *)t));
    case 2:
        return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)t));
    case 3:
        memcpy(&two, t, sizeof two);
        return _mm512_set1_epi64(two);
    default:
        return vec_splat(*t);
    }
}

static inline vec words_load(const uint32_t *p)
{
    return _mm512_loadu_si512(p);
}

static inline void words_store(uint32_t *p, vec a)
{
    _mm512_storeu_si512(p, a);
}

static inline vec words_splat(uint32_t a)
{
    return _mm512_set1_epi32((int)a);
}

static inline vec words_add(vec a, vec b)
{
    return _mm512_add_epi32(a, b);
}

static inline vec words_xor(vec a, vec b)
{
    return _mm512_xor_si512(a, b);
}

#define words_ror16(a) _mm512_ror_epi32(a, 16)
#define words_ror12(a) _mm512_ror_epi32(a, 12)
#define words_ror8(a)  _mm512_ror_epi32(a, 8)
#define words_ror7(a)  _mm512_ror_epi32(a, 7)

static inline void words_split(vec *a, vec *b)
{
    vec_unzip(a, b, 0);
}
