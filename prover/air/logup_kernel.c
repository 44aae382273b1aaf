/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/air/logup_kernel.h"

#include "prover/kernel/vec.h"

/* The two loops over neighbours read every other element, one of them backwards. That is left to
 * the compiler: it knows the shuffles of the machine, and vec has none. */

static void pair_sums(m31 *restrict sums, const m31 *restrict stored, size_t rows, size_t begin,
                      size_t end)
{
    const m31 *back = stored + rows - 1;

    for (size_t j = begin; j < end; j++)
        sums[j] = m31_add(stored[2 * j], *(back - 2 * j));
}

static void pair_prefixes(m31 *restrict stored, const m31 *restrict before, size_t rows,
                          size_t begin, size_t end, m31 shift)
{
    m31 *back = stored + rows - 1;

    for (size_t j = begin; j < end; j++) {
        m31 even = m31_add(stored[2 * j], m31_sub(before[j], shift));

        stored[2 * j] = even;
        *(back - 2 * j) = m31_add(*(back - 2 * j), m31_sub(even, shift));
    }
}

static void join(m31 *above, const m31 *lower, const m31 *upper, size_t count)
{
    size_t i = 0;

    for (; i + VEC_LANES <= count; i += VEC_LANES)
        vec_store(above + i, vec_add(vec_load(lower + i), vec_load(upper + i)));
    for (; i < count; i++)
        above[i] = m31_add(lower[i], upper[i]);
}

static void split(m31 *lower, m31 *upper, const m31 *above, size_t count, m31 shift)
{
    vec shifts = vec_splat(shift);
    size_t i = 0;

    for (; i + VEC_LANES <= count; i += VEC_LANES) {
        vec before = vec_load(above + i), sum = vec_sub(vec_load(lower + i), shifts);

        vec_store(lower + i, before);
        vec_store(upper + i, vec_add(before, sum));
    }
    for (; i < count; i++) {
        m31 sum = m31_sub(lower[i], shift);

        lower[i] = above[i];
        upper[i] = m31_add(above[i], sum);
    }
}

const struct logup_kernel KERNEL(logup_kernel) = {
    .pair_sums = pair_sums,
    .join = join,
    .split = split,
    .pair_prefixes = pair_prefixes,
};
