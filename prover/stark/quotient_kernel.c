/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/stark/quotient_kernel.h"

#include <assert.h>

#include "prover/kernel/vec.h"

extern const struct quotient_kernel KERNEL(quotient_kernel_table);

/* Vectors of rows whose denominators share one inversion. */
#define TILE 16

static inline vec square_times(vec a, int squarings, vec b)
{
    for (int i = 0; i < squarings; i++)
        a = vec_mul(a, a);
    return vec_mul(a, b);
}

/* a^(p-2), p - 2 = 2^31 - 3: 29 ones, a zero, a one. ones_n stands for a^(2^n - 1). */
static vec inverse(vec a)
{
    vec ones_2 = square_times(a, 1, a);
    vec ones_4 = square_times(ones_2, 2, ones_2);
    vec ones_8 = square_times(ones_4, 4, ones_4);
    vec ones_16 = square_times(ones_8, 8, ones_8);
    vec ones_24 = square_times(ones_16, 8, ones_8);
    vec ones_28 = square_times(ones_24, 4, ones_4);
    vec ones_29 = square_times(ones_28, 1, a);

    return square_times(ones_29, 2, a);
}

struct line {
    vec re, im; /* denominator, then its inverse */
};

/* (Re px - x) Im py - (Re py - y) Im px in CM31; x and y are real. */
static inline struct line denominator(const struct quotient_batch *b, vec x, vec y)
{
    vec dx = vec_sub(vec_splat(b->x_re.re), x), dy = vec_sub(vec_splat(b->y_re.re), y);
    vec dx_im = vec_splat(b->x_re.im), dy_im = vec_splat(b->y_re.im);
    vec minus_dx_im = vec_neg(dx_im), minus_dy = vec_neg(dy), minus_dy_im = vec_neg(dy_im);
    vec y_re = vec_splat(b->y_im.re), y_im = vec_splat(b->y_im.im);
    vec x_re = vec_splat(b->x_im.re), x_im = vec_splat(b->x_im.im);
    struct line d;

    d.re = wide_reduce(wide_madd(
        wide_madd(wide_madd(wide_madd(wide_zero(), dx, y_re), minus_dx_im, y_im), minus_dy, x_re),
        dy_im, x_im));
    d.im = wide_reduce(wide_madd(
        wide_madd(wide_madd(wide_madd(wide_zero(), dx, y_im), dx_im, y_re), minus_dy, x_im),
        minus_dy_im, x_re));
    return d;
}

/* 1 / (re + im i) = (re - im i) / (re^2 + im^2); one field inversion for all of them. No norm is
 * zero: a line meets the domain only with probability about 2^-90 (stark.md 12.2, B19). */
static void invert(struct line *lines, size_t count)
{
    vec norm[QUOTIENT_MAX_BATCHES * TILE], before[QUOTIENT_MAX_BATCHES * TILE];
    vec product = vec_splat(M31_ONE);

    for (size_t i = 0; i < count; i++) {
        norm[i] = wide_reduce(
            wide_madd(wide_madd(wide_zero(), lines[i].re, lines[i].re), lines[i].im, lines[i].im));
        before[i] = product;
        product = vec_mul(product, norm[i]);
    }
    product = inverse(product);
    for (size_t i = count; i-- > 0;) {
        vec one_over_norm = vec_mul(product, before[i]);

        product = vec_mul(product, norm[i]);
        lines[i].re = vec_mul(lines[i].re, one_over_norm);
        lines[i].im = vec_mul(vec_neg(lines[i].im), one_over_norm);
    }
}

static inline qvec numerator_over_line(const struct quotient_batch *b, struct line inverse_line,
                                       vec y, size_t row)
{
    qvec num = qvec_mul(qvec_splat(b->c), qvec_load(b->columns_sum, row));
    qvec r;

    num = qvec_sub(num, qvec_add(qvec_mul_vec(qvec_splat(b->a_sum), y), qvec_splat(b->b_sum)));
    qvec_cmul(&r.c[0], &r.c[1], num.c[0], num.c[1], inverse_line.re, inverse_line.im);
    qvec_cmul(&r.c[2], &r.c[3], num.c[2], num.c[3], inverse_line.re, inverse_line.im);
    return r;
}

static void tile_rows(m31 *const out[static 4], const m31 *x, const m31 *y,
                      const struct quotient_batch *batches, size_t count, size_t begin, size_t end)
{
    struct line lines[QUOTIENT_MAX_BATCHES * TILE], *l = lines;

    for (size_t row = begin; row < end; row += VEC_LANES)
        for (size_t b = 0; b < count; b++)
            *l++ = denominator(&batches[b], vec_load(x + row), vec_load(y + row));
    invert(lines, (size_t)(l - lines));
    l = lines;
    for (size_t row = begin; row < end; row += VEC_LANES) {
        vec at_y = vec_load(y + row);
        qvec sum = numerator_over_line(&batches[0], *l++, at_y, row);

        for (size_t b = 1; b < count; b++)
            sum = qvec_add(qvec_mul(sum, qvec_splat(batches[b].power)),
                           numerator_over_line(&batches[b], *l++, at_y, row));
        qvec_store(out, row, sum);
    }
}

static void quotient_rows(m31 *const out[static 4], const m31 *x, const m31 *y,
                          const struct quotient_batch *batches, size_t count, size_t begin,
                          size_t end)
{
    const size_t tile = (size_t)TILE * VEC_LANES;

    assert(begin % VEC_LANES == 0 && end % VEC_LANES == 0);
    assert(count >= 1 && count <= QUOTIENT_MAX_BATCHES);
    for (size_t row = begin; row < end; row += tile)
        tile_rows(out, x, y, batches, count, row, end - row < tile ? end : row + tile);
}

const struct quotient_kernel KERNEL(quotient_kernel_table) = {.rows = quotient_rows};
