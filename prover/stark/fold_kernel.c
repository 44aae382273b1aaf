/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/stark/fold_kernel.h"

#include "prover/kernel/vec.h"

extern const struct fold_kernel KERNEL(fold_kernel_table);

/* 0, 2, 4, …: the even members of the pairs that follow a pointer. */
static inline vec pair_index(void)
{
    m31 index[VEC_LANES];

    for (uint32_t lane = 0; lane < VEC_LANES; lane++)
        index[lane].v = 2 * lane;
    return vec_load(index);
}

static inline qvec fold_vector(const m31 *const in[static 4], vec inverse, qvec alpha, size_t k,
                               vec index)
{
    qvec sum, difference;

    for (int i = 0; i < 4; i++) {
        vec even = vec_gather(in[i] + 2 * k, index);
        vec odd = vec_gather(in[i] + 2 * k + 1, index);

        sum.c[i] = vec_add(even, odd);
        difference.c[i] = vec_mul(vec_sub(even, odd), inverse);
    }
    return qvec_add(sum, qvec_mul(difference, alpha));
}

/* Layers shorter than a vector, and what remains of a range. */
static qm31 fold_one(const m31 *const in[static 4], m31 inverse, qm31 alpha, size_t k)
{
    qm31 sum, difference;

    for (int i = 0; i < 4; i++) {
        sum.c[i] = m31_add(in[i][2 * k], in[i][2 * k + 1]);
        difference.c[i] = m31_sub(in[i][2 * k], in[i][2 * k + 1]);
    }
    return qm31_add(sum, qm31_mul(qm31_mul_m31(difference, inverse), alpha));
}

static void fold(m31 *const out[static 4], const m31 *const in[static 4], const m31 *inverse,
                 qm31 alpha, size_t begin, size_t end)
{
    vec index = pair_index();
    qvec at_alpha = qvec_splat(alpha);
    size_t k = begin;

    for (; k + VEC_LANES <= end; k += VEC_LANES)
        qvec_store(out, k, fold_vector(in, vec_load(inverse + k), at_alpha, k, index));
    for (; k < end; k++) {
        qm31 value = fold_one(in, inverse[k], alpha, k);

        for (int i = 0; i < 4; i++)
            out[i][k] = value.c[i];
    }
}

static void join(m31 *const out[static 4], const m31 *const in[static 4], const m31 *inverse,
                 qm31 alpha, size_t begin, size_t end)
{
    const m31 *const old[4] = {out[0], out[1], out[2], out[3]};
    qm31 square = qm31_mul(alpha, alpha);
    vec index = pair_index();
    qvec at_alpha = qvec_splat(alpha), at_square = qvec_splat(square);
    size_t k = begin;

    for (; k + VEC_LANES <= end; k += VEC_LANES)
        qvec_store(out, k,
                   qvec_add(qvec_mul(qvec_load(old, k), at_square),
                            fold_vector(in, vec_load(inverse + k), at_alpha, k, index)));
    for (; k < end; k++) {
        qm31 was = {{old[0][k], old[1][k], old[2][k], old[3][k]}};
        qm31 value = qm31_add(qm31_mul(was, square), fold_one(in, inverse[k], alpha, k));

        for (int i = 0; i < 4; i++)
            out[i][k] = value.c[i];
    }
}

const struct fold_kernel KERNEL(fold_kernel_table) = {.fold = fold, .join = join};
