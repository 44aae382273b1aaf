/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/circle/fft.h"

#include <string.h>

#include "prover/circle/fft_kernel.h"

static void check(struct circle_run run, const struct twiddles *tw)
{
    assert(run.log >= 1 && run.log <= run.domain && run.domain <= tw->log);
    assert(run.number < (size_t)1 << (run.domain - run.log));
}

/* stark.md 3.3 word for word, for transforms of fewer values than two vectors. */
static void evaluate_small(m31 *v, struct circle_run run, const struct twiddle_table *table)
{
    for (unsigned j = run.log; j-- > 0;) {
        const m31 *t = twiddle_layer(table, run.domain, j) + (run.number << (run.log - 1 - j));

        for (size_t h = 0; h < (size_t)1 << (run.log - 1 - j); h++)
            for (size_t l = 0; l < (size_t)1 << j; l++) {
                size_t i0 = (h << (j + 1)) + l, i1 = i0 + ((size_t)1 << j);
                m31 p = m31_mul(v[i1], t[h]);

                v[i1] = m31_sub(v[i0], p);
                v[i0] = m31_add(v[i0], p);
            }
    }
}

static void interpolate_small(m31 *v, struct circle_run run, const struct twiddle_table *table)
{
    for (unsigned j = 0; j < run.log; j++) {
        const m31 *t = twiddle_layer(table, run.domain, j) + (run.number << (run.log - 1 - j));

        for (size_t h = 0; h < (size_t)1 << (run.log - 1 - j); h++)
            for (size_t l = 0; l < (size_t)1 << j; l++) {
                size_t i0 = (h << (j + 1)) + l, i1 = i0 + ((size_t)1 << j);
                m31 d = m31_sub(v[i0], v[i1]);

                v[i0] = m31_add(v[i0], v[i1]);
                v[i1] = m31_mul(d, t[h]);
            }
    }
}

static void scale_small(m31 *v, unsigned log)
{
    for (size_t i = 0; i < (size_t)1 << log; i++)
        v[i] = m31_mul(v[i], m31_inv_pow2(log));
}

static void copy_run(m31 *out, const m31 *in, unsigned log)
{
    if (out != in)
        memcpy(out, in, sizeof *out << log);
}

static void evaluate(const struct exec *exec, m31 *out, const m31 *in, struct circle_run run,
                     const struct twiddle_table *t)
{
    if (run.log < FFT_KERNEL_LOG) {
        copy_run(out, in, run.log);
        evaluate_small(out, run, t);
    } else {
        KERNEL_PICK(exec->kernel, fft_kernel)
            ->evaluate(out, in, run.log, run.domain, run.number, t);
    }
}

void circle_evaluate_run(const struct exec *exec, m31 *out, const m31 *coefficients,
                         struct circle_run run, const struct twiddles *tw)
{
    check(run, tw);
    evaluate(exec, out, coefficients, run, &tw->forward);
}

void circle_interpolate_run(const struct exec *exec, m31 *out, const m31 *values,
                            struct circle_run run, const struct twiddles *tw)
{
    check(run, tw);
    if (run.log < FFT_KERNEL_LOG) {
        copy_run(out, values, run.log);
        interpolate_small(out, run, &tw->inverse);
        scale_small(out, run.log);
    } else {
        KERNEL_PICK(exec->kernel, fft_kernel)
            ->interpolate(out, values, run.log, run.domain, run.number, &tw->inverse);
    }
}

/* A layer of the interpolation maps (v0, v1) to (v0 + v1, (v0 - v1) / T). Its transpose maps
 * (u0, u1) to (u0 + u1 / T, u0 - u1 / T): a layer of the evaluation with 1 / T for T. Transposing
 * the product of the layers reverses their order, which is again that of the evaluation. */
void circle_transpose_run(const struct exec *exec, m31 *out, const m31 *in, struct circle_run run,
                          const struct twiddles *tw)
{
    check(run, tw);
    evaluate(exec, out, in, run, &tw->inverse);
    if (run.log < FFT_KERNEL_LOG)
        scale_small(out, run.log);
    else
        KERNEL_PICK(exec->kernel, fft_kernel)->rotate(out, (size_t)1 << run.log, 31 - run.log);
}

static bool is_constant(const m31 *v, size_t n)
{
    /* Nearly always decided by the first values. */
    return memcmp(v, v + 1, (n - 1) * sizeof *v) == 0;
}

void circle_extend_column(const struct exec *exec, m31 *column, unsigned log,
                          const struct twiddles *tw)
{
    size_t rows = (size_t)1 << log;
    struct circle_run run = {.log = log, .domain = log, .number = 0};

    if (is_constant(column, rows)) {
        for (size_t i = 0; i < rows; i++)
            column[rows + i] = column[0];
        return;
    }
    circle_interpolate_run(exec, column, column, run, tw);
    run.domain = log + 1;
    run.number = 1;
    circle_evaluate_run(exec, column + rows, column, run, tw);
    run.number = 0;
    circle_evaluate_run(exec, column, column, run, tw);
}

struct extension {
    const struct exec *exec;
    struct matrix lde;
    const struct twiddles *tw;
};

static void extend_one(void *context, size_t column)
{
    const struct extension *e = context;

    circle_extend_column(e->exec, matrix_column(&e->lde, column), e->lde.log_rows - 1, e->tw);
}

void circle_extend_columns(const struct exec *exec, struct matrix lde, const struct twiddles *tw)
{
    struct extension e = {.exec = exec, .lde = lde, .tw = tw};

    assert(lde.log_rows >= 2);
    pool_each(exec->pool, lde.columns, extend_one, &e);
}
