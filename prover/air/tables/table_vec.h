/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of the rules as vectors of rows, for the two readers that are kernels. */
#pragma once
#include "prover/air/component.h"
#include "prover/kernel/vec.h"

typedef vec value;

static inline value constant(uint32_t n)
{
    return vec_splat((m31){n});
}

static inline value add(value a, value b)
{
    return vec_add(a, b);
}

static inline value sub(value a, value b)
{
    return vec_sub(a, b);
}

static inline value mul(value a, value b)
{
    return vec_mul(a, b);
}

static inline value minus(value a)
{
    return vec_neg(a);
}

static inline value cell(const struct matrix *m, unsigned column, size_t row)
{
    return vec_load(matrix_column(m, column) + row);
}

/* alpha^0 t_0 + alpha^1 t_1 + ... - z; alpha^0 is 1. */
static inline qvec denominator(const struct relation *relation, const value *tuple, unsigned size)
{
    qvec d;

    for (int i = 0; i < 4; i++) {
        wide sum = wide_zero();

        for (unsigned j = 1; j < size; j++) {
            sum = wide_madd(sum, vec_splat(relation->power[j].c[i]), tuple[j]);
            if (j % 3 == 0) /* at most 3 products on a folded sum */
                sum = wide_fold(sum);
        }
        d.c[i] = vec_sub(wide_reduce(sum), vec_splat(relation->z.c[i]));
    }
    d.c[0] = vec_add(d.c[0], tuple[0]);
    return d;
}
