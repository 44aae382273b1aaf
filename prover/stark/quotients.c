/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/stark/quotients.h"

#include <assert.h>

#include "prover/circle/fft.h"
#include "prover/stark/combine_kernel.h"
#include "prover/stark/quotient_kernel.h"

/* Up to this LDE log size all rows are computed; above it only the first half of them, which is a
 * circle domain of its own and determines the column (stark.md 8.4). */
#define DIRECT_LOG 6

#define ROW_GRAIN 256

/* The samples of one size at one point: ascending columns (8.1). */
struct batch {
    const struct secure_point *point;
    size_t count;
    const m31 **columns;
    qm31 *weights; /* gamma^1, gamma^2, …; first the sampled values */
    struct matrix sum;
};

static bool belongs(const struct opening_column *c, unsigned log_size, unsigned point,
                    unsigned *mask)
{
    if (c->log_rows + 1u != log_size)
        return false;
    for (*mask = 0; *mask < c->samples; ++*mask)
        if (c->point[*mask] == point)
            return true;
    return false;
}

static size_t batch_size(const struct opening *o, unsigned log_size, unsigned point)
{
    size_t count = 0;
    unsigned mask;

    for (size_t i = 0; i < o->column_count; i++)
        count += belongs(&o->columns[i], log_size, point, &mask);
    return count;
}

static unsigned rows_log(unsigned log_size)
{
    return log_size > DIRECT_LOG ? log_size - 1 : log_size;
}

void quotients_plan(struct arena_plan *plan, const struct opening *o, unsigned log_size)
{
    struct arena_mark mark = arena_plan_mark(plan);

    for (unsigned point = 0; point < o->point_count; point++) {
        size_t count = batch_size(o, log_size, point);

        if (count == 0)
            continue;
        arena_plan_take(plan, count, sizeof(const m31 *));
        arena_plan_take(plan, count, sizeof(qm31));
        matrix_plan(plan, 4, rows_log(log_size));
    }
    matrix_plan(plan, 2, rows_log(log_size));
    arena_plan_rewind(plan, mark);
}

static struct batch batch_take(const struct opening *o, const qm31 *samples, unsigned log_size,
                               unsigned point, size_t count, struct arena *arena)
{
    struct batch b = {.point = &o->points[point]};
    unsigned mask;

    b.columns = arena_take(arena, count * sizeof *b.columns);
    b.weights = arena_take(arena, count * sizeof *b.weights);
    b.sum = matrix_take(arena, 4, rows_log(log_size));
    for (size_t i = 0; i < o->column_count; i++) {
        if (belongs(&o->columns[i], log_size, point, &mask)) {
            b.columns[b.count] = o->columns[i].lde;
            b.weights[b.count++] = samples[mask];
        }
        samples += o->columns[i].samples;
    }
    assert(b.count == count);
    return b;
}

static int point_compare(const struct secure_point *a, const struct secure_point *b)
{
    int by_x = qm31_compare(a->x, b->x);

    return by_x ? by_x : qm31_compare(a->y, b->y);
}

/* The constants of 8.2, summed over the batch; its weights become the powers of gamma. */
static struct quotient_batch lines_of(struct batch *b, qm31 gamma)
{
    qm31 x = b->point->x, y = b->point->y, power = QM31_ONE;
    struct quotient_batch q = {.x_re = qm31_low(x),
                               .x_im = qm31_high(x),
                               .y_re = qm31_low(y),
                               .y_im = qm31_high(y),
                               .c = qm31_sub(qm31_conj(y), y)};

    for (size_t j = 0; j < b->count; j++) {
        qm31 value = b->weights[j], a = qm31_sub(qm31_conj(value), value);

        power = qm31_mul(power, gamma);
        b->weights[j] = power;
        q.a_sum = qm31_add(q.a_sum, qm31_mul(power, a));
        q.b_sum =
            qm31_add(q.b_sum, qm31_mul(power, qm31_sub(qm31_mul(value, q.c), qm31_mul(a, y))));
    }
    q.power = power;
    for (int i = 0; i < 4; i++)
        q.columns_sum[i] = matrix_column(&b->sum, (size_t)i);
    return q;
}

struct rows_job {
    const struct exec *exec;
    const struct batch *batches;
    const struct quotient_batch *lines;
    size_t count;
    const m31 *x, *y;
    m31 *out[4];
    unsigned log_size;
    const struct twiddles *twiddles;
};

static void rows_body(void *context, size_t begin, size_t end)
{
    const struct rows_job *job = context;

    for (size_t b = 0; b < job->count; b++) {
        const struct batch *batch = &job->batches[b];
        m31 *const sum[4] = {matrix_column(&batch->sum, 0), matrix_column(&batch->sum, 1),
                             matrix_column(&batch->sum, 2), matrix_column(&batch->sum, 3)};

        combine_kernel(job->exec->kernel)
            ->columns(sum, batch->columns, batch->weights, batch->count, begin, end);
    }
    quotient_kernel(job->exec->kernel)
        ->rows(job->out, job->x, job->y, job->lines, job->count, begin, end);
}

/* The points of the first rows of D_log_size in stored order: (x, y), (x, -y), (-x, -y), (-x, y).
 */
static void domain_points(m31 *x, m31 *y, size_t rows, unsigned log_size,
                          const struct twiddles *twiddles)
{
    const m31 *at_x = twiddle_layer(&twiddles->forward, log_size, 1);
    const m31 *at_y = twiddle_layer(&twiddles->forward, log_size, 0);

    for (size_t k = 0; k < rows; k++) {
        x[k] = k & 2 ? m31_neg(at_x[k >> 2]) : at_x[k >> 2];
        y[k] = k & 1 ? m31_neg(at_y[k >> 1]) : at_y[k >> 1];
    }
}

static void second_half_body(void *context, size_t coordinate)
{
    const struct rows_job *job = context;
    struct circle_run first = {.log = job->log_size - 1, .domain = job->log_size, .number = 0};
    struct circle_run second = {.log = first.log, .domain = first.domain, .number = 1};
    const m31 *from = job->out[coordinate];
    m31 *to = job->out[coordinate] + ((size_t)1 << first.log);

    circle_interpolate_run(job->exec, to, from, first, job->twiddles);
    circle_evaluate_run(job->exec, to, to, second, job->twiddles);
}

void quotients_take(const struct exec *exec, struct matrix out, const struct opening *o,
                    const qm31 *samples, qm31 gamma, unsigned log_size,
                    const struct twiddles *twiddles, struct arena *arena)
{
    struct arena_mark mark = arena_mark(arena);
    size_t rows = (size_t)1 << rows_log(log_size);
    struct batch batches[QUOTIENT_MAX_BATCHES];
    struct quotient_batch lines[QUOTIENT_MAX_BATCHES];
    struct rows_job job = {.exec = exec,
                           .batches = batches,
                           .lines = lines,
                           .log_size = log_size,
                           .twiddles = twiddles};
    struct matrix points;

    for (unsigned point = 0; point < o->point_count; point++) {
        size_t count = batch_size(o, log_size, point), at = job.count;
        struct batch b;

        if (count == 0)
            continue;
        assert(job.count < QUOTIENT_MAX_BATCHES);
        b = batch_take(o, samples, log_size, point, count, arena);
        for (; at > 0 && point_compare(b.point, batches[at - 1].point) < 0; at--)
            batches[at] = batches[at - 1];
        batches[at] = b;
        job.count++;
    }
    for (size_t b = 0; b < job.count; b++)
        lines[b] = lines_of(&batches[b], gamma);
    points = matrix_take(arena, 2, rows_log(log_size));
    domain_points(matrix_column(&points, 0), matrix_column(&points, 1), rows, log_size, twiddles);
    job.x = matrix_column(&points, 0);
    job.y = matrix_column(&points, 1);
    for (size_t i = 0; i < 4; i++)
        job.out[i] = matrix_column(&out, i);
    pool_ranges(exec->pool, rows, rows < ROW_GRAIN ? rows : ROW_GRAIN, rows_body, &job);
    if (log_size > DIRECT_LOG)
        pool_each(exec->pool, 4, second_half_body, &job);
    arena_rewind(arena, mark);
}
