/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/circle/twiddle_kernel.h"

#include "prover/kernel/vec.h"

static void extend(m31 *x, m31 *y, size_t n, struct circle_point step)
{
    vec_factor sx = vec_factor_splat(step.x), sy = vec_factor_splat(step.y);

    for (size_t i = 0; i < n; i += VEC_LANES) {
        vec px = vec_load(x + i), py = vec_load(y + i);

        vec_store(x + n + i, vec_sub(vec_mul_factor(px, sx), vec_mul_factor(py, sy)));
        vec_store(y + n + i, vec_add(vec_mul_factor(px, sy), vec_mul_factor(py, sx)));
    }
}

/* a^(p-2): p - 2 = 2^31 - 3 has 29 ones, a zero, a one in binary. */
static vec invert_one(vec a)
{
    vec ones = a; /* a^(2^k - 1) */

    for (int k = 1; k < 29; k++)
        ones = vec_mul(vec_mul(ones, ones), a);
    ones = vec_mul(ones, ones);
    ones = vec_mul(ones, ones);
    return vec_mul(ones, a);
}

/* One inversion per chunk and lane; products of what comes before are parked in out. */
static void invert(m31 *out, const m31 *in, size_t n)
{
    const size_t chunk = 64 * VEC_LANES;

    for (size_t begin = 0; begin < n; begin += chunk) {
        size_t end = n - begin < chunk ? n : begin + chunk;
        vec product = vec_load(in + begin);

        for (size_t i = begin + VEC_LANES; i < end; i += VEC_LANES) {
            vec_store(out + i, product);
            product = vec_mul(product, vec_load(in + i));
        }
        product = invert_one(product);
        for (size_t i = end - VEC_LANES; i > begin; i -= VEC_LANES) {
            vec inverse = vec_mul(product, vec_load(out + i));

            product = vec_mul(product, vec_load(in + i));
            vec_store(out + i, inverse);
        }
        vec_store(out + begin, product);
    }
}

const struct twiddle_kernel KERNEL(twiddle_kernel) = {.extend = extend, .invert = invert};
