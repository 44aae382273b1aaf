/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of equal length side by side.
 *
 * Owner:   cells belong to an arena; a matrix is a plain value that borrows them.
 * Units:   rows and columns; the stride is in elements.
 */
#pragma once
#include <stddef.h>

#include "base/arena.h"
#include "prover/field/m31.h"

struct matrix {
    m31 *cells;
    size_t columns;
    size_t stride; /* from a column to the next */
    unsigned log_rows;
};

/* A cache line beyond the power of two, so that row r of all columns does not fall into one cache
 * set (performance.md 11). */
static inline size_t matrix_stride(unsigned log_rows)
{
    return ((size_t)1 << log_rows) + ARENA_ALIGN / sizeof(m31);
}

static inline m31 *matrix_column(const struct matrix *m, size_t column)
{
    return m->cells + column * m->stride;
}

static inline size_t matrix_rows(const struct matrix *m)
{
    return (size_t)1 << m->log_rows;
}

/* The columns first .. first + count - 1 of m. */
static inline struct matrix matrix_slice(struct matrix m, size_t first, size_t count)
{
    m.cells += first * m.stride;
    m.columns = count;
    return m;
}

static inline struct matrix matrix_take(struct arena *a, size_t columns, unsigned log_rows)
{
    size_t stride = matrix_stride(log_rows);

    return (struct matrix){.cells = arena_take(a, columns * stride * sizeof(m31)),
                           .columns = columns,
                           .stride = stride,
                           .log_rows = log_rows};
}

static inline void matrix_plan(struct arena_plan *p, size_t columns, unsigned log_rows)
{
    arena_plan_take(p, columns, matrix_stride(log_rows) * sizeof(m31));
}
