/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/kernel/vec.h"
#include "tests/prover/kernel/words.h"

#define WORD(name, expression)                                                                     \
    static void name(m31 *out, const m31 *a, const m31 *b, size_t n)                               \
    {                                                                                              \
        for (size_t i = 0; i < n; i += VEC_LANES) {                                                \
            vec x = vec_load(a + i), y = vec_load(b + i);                                          \
                                                                                                   \
            (void)y;                                                                               \
            vec_store(out + i, expression);                                                        \
        }                                                                                          \
    }

WORD(add, vec_add(x, y))
WORD(sub, vec_sub(x, y))
WORD(mul, vec_mul(x, y))
WORD(neg, vec_neg(x))
WORD(twice, vec_double(x))
WORD(splat_mul, vec_mul(x, vec_splat(b[0])))
WORD(four,
     wide_reduce(wide_madd(wide_madd(wide_madd(wide_madd(wide_zero(), x, y), y, y), x, x), x, y)))

WORD(two, wide_reduce_two(wide_madd(wide_madd(wide_zero(), x, y), y, y)))
WORD(factor, vec_mul_factor(x, vec_factor_of(y)))
WORD(rotate, vec_rotate(x, 5))

static void gather(m31 *out, const m31 *a, const m31 *b, size_t n)
{
    for (size_t i = 0; i < n; i += VEC_LANES) {
        m31 index[VEC_LANES];

        for (size_t k = 0; k < VEC_LANES; k++)
            index[k].v = a[i + k].v & (uint32_t)(n - 1);
        vec_store(out + i, vec_gather(b, vec_load(index)));
    }
}

static void dot(m31 *out, const m31 *a, const m31 *b, size_t n)
{
    for (size_t i = 0; i < n; i += VEC_LANES) {
        vec x = vec_load(a + i);
        wide sum = wide_zero();

        for (size_t k = 0; k < 21; k++) {
            if (k > 0 && k % 3 == 0)
                sum = wide_fold(sum);
            sum = wide_madd(sum, x, vec_load(b + (i + VEC_LANES * k) % n));
        }
        vec_store(out + i, wide_reduce(sum));
    }
}

#define QWORD(name, expression)                                                                    \
    static void name(m31 *out, const m31 *a, const m31 *b, size_t n)                               \
    {                                                                                              \
        m31 *const to[4] = {out, out + n, out + 2 * n, out + 3 * n};                               \
        const m31 *const from_a[4] = {a, a + n, a + 2 * n, a + 3 * n};                             \
        const m31 *const from_b[4] = {b, b + n, b + 2 * n, b + 3 * n};                             \
        qm31 first = {{b[0], b[n], b[2 * n], b[3 * n]}};                                           \
                                                                                                   \
        for (size_t i = 0; i < n; i += VEC_LANES) {                                                \
            qvec x = qvec_load(from_a, i), y = qvec_load(from_b, i);                               \
                                                                                                   \
            (void)x;                                                                               \
            (void)y;                                                                               \
            (void)first;                                                                           \
            qvec_store(to, i, expression);                                                         \
        }                                                                                          \
    }

QWORD(qadd, qvec_add(x, y))
QWORD(qsub, qvec_sub(x, y))
QWORD(qmul, qvec_mul(x, y))
QWORD(qscale, qvec_mul_vec(x, y.c[0]))
QWORD(qsplat, qvec_add(qvec_zero(), qvec_splat(first)))

const struct words KERNEL(words) = {
    .lanes = VEC_LANES,
    .add = add,
    .sub = sub,
    .mul = mul,
    .neg = neg,
    .twice = twice,
    .splat_mul = splat_mul,
    .gather = gather,
    .four = four,
    .two = two,
    .factor = factor,
    .rotate = rotate,
    .dot = dot,
    .qadd = qadd,
    .qsub = qsub,
    .qmul = qmul,
    .qscale = qscale,
    .qsplat = qsplat,
};
