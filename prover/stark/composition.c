/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/stark/composition.h"

#include <assert.h>

#include "prover/circle/fft.h"

#define ROW_GRAIN 64 /* rows that a thread takes at least */
#define EXTRA     16 /* rows of one extra point: as many as the widest vector has lanes */

void composition_weights(qm31 *weight, size_t total, qm31 alpha)
{
    qm31 power = QM31_ONE;

    for (size_t i = total; i-- > 0; power = qm31_mul(power, alpha))
        weight[i] = power;
}

static void pointers_of(m31 *out[static 4], const struct matrix *m, size_t first)
{
    for (size_t i = 0; i < 4; i++)
        out[i] = matrix_column(m, first + i);
}

/* ---- rows on the committed domain ---- */

struct rows_job {
    const struct composition_part *part;
    m31 *sum[4], *degree4[4];
};

static void rows_body(void *context, size_t begin, size_t end)
{
    const struct rows_job *job = context;

    job->part->rules->rows(job->part, job->sum, job->part->degree4_count ? job->degree4 : NULL,
                           begin, end);
}

static void scale(m31 *values, size_t count, m31 factor)
{
    for (size_t i = 0; i < count; i++)
        values[i] = m31_mul(values[i], factor);
}

struct coordinate_job {
    const struct exec *exec;
    const struct twiddles *twiddles;
    struct matrix sums;
};

/* Divides the sums by v_l, which is constant on each half of the domain, and interpolates. */
static void coordinate_body(void *context, size_t index)
{
    const struct coordinate_job *job = context;
    struct circle_run whole = {.log = job->sums.log_rows, .domain = job->sums.log_rows};
    size_t n = matrix_rows(&job->sums) / 2;
    m31 *column = matrix_column(&job->sums, index);

    scale(column, n, m31_inv(circle_vanishing_on_run(1, 0)));
    scale(column + n, n, m31_inv(circle_vanishing_on_run(1, 1)));
    circle_interpolate_run(job->exec, column, column, whole, job->twiddles);
}

/* Coefficients of the quotient sums in columns 0 … 3, of degree 4 alone in columns 4 … 7. */
static void committed_quotients(const struct exec *exec, struct matrix sums,
                                const struct composition_part *part,
                                const struct twiddles *twiddles)
{
    size_t n = (size_t)1 << part->log_rows;
    struct rows_job job = {.part = part};
    struct coordinate_job coordinates = {.exec = exec, .twiddles = twiddles, .sums = sums};

    pointers_of(job.sum, &sums, 0);
    if (part->degree4_count)
        pointers_of(job.degree4, &sums, 4);
    pool_ranges(exec->pool, 2 * n, 2 * n < ROW_GRAIN ? 2 * n : ROW_GRAIN, rows_body, &job);
    pool_each(exec->pool, sums.columns, coordinate_body, &coordinates);
}

/* ---- what degree 4 adds: coefficients 2N … 3N ----
 *
 * Write the quotient sum as A + b_2N B, A of 2N coefficients. b_2N = v_(l+1) vanishes on the
 * committed domain, so A is what was interpolated there. On the first N stored positions of
 * D_(l+2), v_(l+1) and v_l are constants, here `outer` and `inner`, and
 *
 *   B = (Q4 - A4) / outer,   Q4 = sum4 / inner,   A4 = sum of (a_k + inner a_(N+k)) b_k
 *
 * with Q4 and A4 of the constraints of degree 4. Interpolation gives h_k, k < N, where h_0 is
 * B_0 + inner B_N. The value at one point with another v_l separates the two.
 */

struct point_constants {
    m31 outer, inner; /* v_(l+1) and v_l */
};

static struct point_constants constants_at_run(size_t run)
{
    return (struct point_constants){.outer = circle_vanishing_on_run(1, run >> 1),
                                    .inner = circle_vanishing_on_run(2, run)};
}

/* b_0 … b_(2^log - 1) at a point (3.1). */
static void basis_at(m31 *out, unsigned log, struct circle_point p)
{
    m31 factor = p.y;

    out[0] = M31_ONE;
    for (unsigned j = 0; j < log; j++) {
        size_t half = (size_t)1 << j;

        for (size_t k = 0; k < half; k++)
            out[half + k] = m31_mul(out[k], factor);
        factor = j == 0 ? p.x : circle_double_x(factor);
    }
}

static m31 inner_product(const m31 *a, const m31 *b, size_t count)
{
    uint64_t sum = 0;

    for (size_t k = 0; k < count; k++) /* reduced: below 2^31 + 2^31 a step, never near 2^64 */
        sum += m31_mul(a[k], b[k]).v;
    return m31_of_u64(sum);
}

struct degree4_job {
    const struct exec *exec;
    const struct composition_part *part;
    const struct twiddles *twiddles;
    struct matrix columns; /* N rows on the first run of D_(l+2), then EXTRA of the extra point */
    const m31 *basis;      /* at the extra point */
    m31 *sum[4];
    const m31 *const *pointers;
};

static void degree4_column(void *context, size_t index)
{
    const struct degree4_job *job = context;
    unsigned log = job->part->log_rows;
    struct circle_run committed = {.log = log, .domain = log + 1, .number = 0};
    struct circle_run quarter = {.log = log, .domain = log + 2, .number = 0};
    size_t n = (size_t)1 << log;
    m31 *column = matrix_column(&job->columns, index), extra;

    circle_interpolate_run(job->exec, column, job->part->degree4[index], committed, job->twiddles);
    extra = inner_product(column, job->basis, n);
    circle_evaluate_run(job->exec, column, column, quarter, job->twiddles);
    for (size_t i = 0; i < EXTRA; i++)
        column[n + i] = extra;
}

static void degree4_body(void *context, size_t begin, size_t end)
{
    const struct degree4_job *job = context;

    job->part->rules->degree4_rows(job->part, job->sum, job->pointers, begin, end);
}

/* One coordinate: q holds the N coefficients of sum4 on the run and its value at the extra point
 * behind them, a the 2N coefficients of A4. Adds B to top, the coefficients 2N … 3N. */
static void add_top(m31 *top, const m31 *q, const m31 *a, const m31 *basis, size_t n)
{
    struct point_constants run = constants_at_run(0), extra = constants_at_run(1);
    m31 over_inner = m31_inv(run.inner), over_outer = m31_inv(run.outer);
    m31 extra_a = M31_ZERO, extra_h = M31_ZERO, extra_b, b_n;

    for (size_t k = 0; k < n; k++) {
        m31 a_run = m31_add(a[k], m31_mul(run.inner, a[n + k]));
        m31 a_extra = m31_add(a[k], m31_mul(extra.inner, a[n + k]));
        m31 h = m31_mul(m31_sub(m31_mul(q[k], over_inner), a_run), over_outer);

        extra_a = m31_add(extra_a, m31_mul(a_extra, basis[k]));
        extra_h = m31_add(extra_h, m31_mul(h, basis[k]));
        top[k] = m31_add(top[k], h);
    }
    extra_b = m31_mul(m31_sub(m31_mul(q[n], m31_inv(extra.inner)), extra_a), m31_inv(extra.outer));
    b_n = m31_mul(m31_sub(extra_b, extra_h), m31_inv(m31_sub(extra.inner, run.inner)));
    top[0] = m31_sub(top[0], m31_mul(run.inner, b_n));
    top[n] = m31_add(top[n], b_n);
}

static void add_degree4(const struct exec *exec, struct matrix polynomial,
                        const struct composition_part *part, struct matrix a,
                        const struct twiddles *twiddles, struct arena *arena)
{
    unsigned log = part->log_rows;
    struct circle_run quarter = {.log = log, .domain = log + 2, .number = 0};
    size_t n = (size_t)1 << log;
    m31 *basis = arena_take(arena, n * sizeof *basis);
    const m31 **pointers = arena_take(arena, part->degree4_count * sizeof *pointers);
    struct matrix sum = matrix_take(arena, 4, log);
    struct degree4_job job = {.exec = exec,
                              .part = part,
                              .twiddles = twiddles,
                              .basis = basis,
                              .pointers = pointers,
                              .columns = matrix_take(arena, part->degree4_count, log)};

    assert(sum.stride >= n + EXTRA); /* the extra rows live in the gap between two columns */
    for (size_t i = 0; i < part->degree4_count; i++)
        pointers[i] = matrix_column(&job.columns, i);
    pointers_of(job.sum, &sum, 0);
    basis_at(basis, log, circle_point_of(circle_domain_index(log + 2, n)));
    pool_each(exec->pool, part->degree4_count, degree4_column, &job);
    pool_ranges(exec->pool, n + EXTRA, ROW_GRAIN, degree4_body, &job);
    for (size_t i = 0; i < 4; i++) {
        circle_interpolate_run(exec, job.sum[i], job.sum[i], quarter, twiddles);
        add_top(matrix_column(&polynomial, i) + 2 * n, job.sum[i], matrix_column(&a, i), basis, n);
    }
}

/* ---- both ---- */

void composition_plan(struct arena_plan *plan, unsigned log_rows, size_t degree4_count)
{
    struct arena_mark mark = arena_plan_mark(plan);

    matrix_plan(plan, degree4_count ? 8 : 4, log_rows + 1);
    if (degree4_count) {
        arena_plan_take(plan, (size_t)1 << log_rows, sizeof(m31));
        arena_plan_take(plan, degree4_count, sizeof(const m31 *));
        matrix_plan(plan, 4, log_rows);
        matrix_plan(plan, degree4_count, log_rows);
    }
    arena_plan_rewind(plan, mark);
}

void composition_add(const struct exec *exec, struct matrix polynomial,
                     const struct composition_part *part, const struct twiddles *twiddles,
                     struct arena *arena)
{
    struct arena_mark mark = arena_mark(arena);
    struct matrix sums = matrix_take(arena, part->degree4_count ? 8 : 4, part->log_rows + 1);

    committed_quotients(exec, sums, part, twiddles);
    for (size_t i = 0; i < 4; i++) {
        m31 *to = matrix_column(&polynomial, i);
        const m31 *from = matrix_column(&sums, i);

        for (size_t k = 0; k < matrix_rows(&sums); k++)
            to[k] = m31_add(to[k], from[k]);
    }
    if (part->degree4_count)
        add_degree4(exec, polynomial, part, matrix_slice(sums, 4, 4), twiddles, arena);
    arena_rewind(arena, mark);
}
