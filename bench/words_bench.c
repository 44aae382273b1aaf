/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/words_bench.h"

#include "prover/kernel/vec.h"

static void mul(m31 *out, const m31 *a, const m31 *b, size_t n)
{
    for (size_t i = 0; i < n; i += VEC_LANES)
        vec_store(out + i, vec_mul(vec_load(a + i), vec_load(b + i)));
}

static void qmul(m31 *out, const m31 *a, const m31 *b, size_t n)
{
    m31 *const to[4] = {out, out + n, out + 2 * n, out + 3 * n};
    const m31 *const from_a[4] = {a, a + n, a + 2 * n, a + 3 * n};
    const m31 *const from_b[4] = {b, b + n, b + 2 * n, b + 3 * n};

    for (size_t i = 0; i < n; i += VEC_LANES)
        qvec_store(to, i, qvec_mul(qvec_load(from_a, i), qvec_load(from_b, i)));
}

static void accumulate(m31 *out, const m31 *a, const m31 *b, size_t n)
{
    for (size_t i = 0; i < n; i += VEC_LANES) {
        wide sum[4] = {wide_zero(), wide_zero(), wide_zero(), wide_zero()};

        for (size_t k = 0; k < 12; k++) {
            vec x = vec_load(a + (k % 4) * n + i);

            for (size_t c = 0; c < 4; c++) {
                if (k % 3 == 0 && k > 0)
                    sum[c] = wide_fold(sum[c]);
                sum[c] = wide_madd(sum[c], x, vec_splat(b[4 * k + c]));
            }
        }
        for (size_t c = 0; c < 4; c++)
            vec_store(out + c * n + i, wide_reduce(sum[c]));
    }
}

const struct words_bench KERNEL(words_bench) = {.mul = mul, .qmul = qmul, .accumulate = accumulate};
