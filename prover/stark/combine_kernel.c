/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/stark/combine_kernel.h"

#include <assert.h>

#include "prover/kernel/vec.h"

extern const struct combine_kernel KERNEL(combine_kernel_table);

/* Columns that go into one visit of a row: a multiple of three (the products between two folds)
 * and few enough that every column is a stream of its own to the prefetcher. */
#define BLOCK 24

/* Rows between two blocks: what is read of a block and the four sums stay in the first cache. */
#define TILE 256

/* sum + weight * value, coordinate by coordinate. */
static inline void madd4(wide sum[static 4], const qm31 *weight, vec value)
{
    for (int i = 0; i < 4; i++)
        sum[i] = wide_madd(sum[i], vec_splat(weight->c[i]), value);
}

static inline void fold4(wide sum[static 4])
{
    for (int i = 0; i < 4; i++)
        sum[i] = wide_fold(sum[i]);
}

/* One block of columns at one vector of rows. The sum so far enters as its first product (times
 * one), so two more columns fit before the first fold and three before each of the others. */
static inline void block_at(m31 *const sum[static 4], const m31 *const *columns,
                            const qm31 *weights, size_t count, size_t row, int first)
{
    wide s[4];
    size_t j = 0;

    for (int i = 0; i < 4; i++)
        s[i] = first ? wide_zero()
                     : wide_madd(wide_zero(), vec_load(sum[i] + row), vec_splat(M31_ONE));
    for (; j + 3 <= count; j += 3) {
        madd4(s, weights + j, vec_load(columns[j] + row));
        madd4(s, weights + j + 1, vec_load(columns[j + 1] + row));
        madd4(s, weights + j + 2, vec_load(columns[j + 2] + row));
        fold4(s);
    }
    for (; j < count; j++)
        madd4(s, weights + j, vec_load(columns[j] + row));
    for (int i = 0; i < 4; i++)
        vec_store(sum[i] + row, wide_reduce(s[i]));
}

static void combine_columns(m31 *const sum[static 4], const m31 *const *columns,
                            const qm31 *weights, size_t count, size_t begin, size_t end)
{
    assert(begin % VEC_LANES == 0 && end % VEC_LANES == 0 && count > 0);
    for (size_t tile = begin; tile < end; tile += TILE) {
        size_t last = end - tile < TILE ? end : tile + TILE;

        for (size_t j = 0; j < count; j += BLOCK) {
            size_t n = count - j < BLOCK ? count - j : BLOCK;

            for (size_t row = tile; row < last; row += VEC_LANES)
                block_at(sum, columns + j, weights + j, n, row, j == 0);
        }
    }
}

static qm31 add_lanes(const wide sum[static 4])
{
    qm31 total = QM31_ZERO;

    for (int i = 0; i < 4; i++) {
        m31 lanes[VEC_LANES];

        vec_store(lanes, wide_reduce(sum[i]));
        for (int lane = 0; lane < VEC_LANES; lane++)
            total.c[i] = m31_add(total.c[i], lanes[lane]);
    }
    return total;
}

/* One or two columns: they share the loads of the weights. */
static inline void inner_products(qm31 *out, const m31 *const *columns, const int count,
                                  const m31 *const weights[static 4], size_t begin, size_t end)
{
    wide s[2][4];
    size_t row = begin;

    for (int j = 0; j < count; j++)
        for (int i = 0; i < 4; i++)
            s[j][i] = wide_zero();
    while (row < end) {
        /* Three products onto a folded sum. */
        for (int step = 0; step < 3 && row < end; step++, row += VEC_LANES)
            for (int i = 0; i < 4; i++) {
                vec w = vec_load(weights[i] + row);

                for (int j = 0; j < count; j++)
                    s[j][i] = wide_madd(s[j][i], w, vec_load(columns[j] + row));
            }
        for (int j = 0; j < count; j++)
            fold4(s[j]);
    }
    for (int j = 0; j < count; j++)
        out[j] = add_lanes(s[j]);
}

static void combine_rows(qm31 *out, const m31 *const *columns, size_t count,
                         const m31 *const weights[static 4], size_t begin, size_t end)
{
    size_t j = 0;

    assert(begin % VEC_LANES == 0 && end % VEC_LANES == 0);
    for (; j + 2 <= count; j += 2)
        inner_products(out + j, columns + j, 2, weights, begin, end);
    if (j < count)
        inner_products(out + j, columns + j, 1, weights, begin, end);
}

const struct combine_kernel KERNEL(combine_kernel_table) = {
    .columns = combine_columns,
    .rows = combine_rows,
};
