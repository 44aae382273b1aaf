/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/stark/samples.h"

#include "prover/circle/basis.h"
#include "prover/stark/combine_kernel.h"

#define CHUNK_ROWS    ((size_t)1 << 14) /* rows of one job */
#define CHUNK_COLUMNS 16                /* columns of one job */

/* The columns of one length that are sampled at one point. */
struct group {
    const m31 **columns;
    qm31 **to; /* the sample of each */
    size_t count;
};

/* The lengths at a point, bit by bit: 1 << log. */
static uint32_t lengths_at(const struct opening *o, unsigned point)
{
    uint32_t lengths = 0;

    for (size_t i = 0; i < o->column_count; i++)
        for (unsigned mask = 0; mask < o->columns[i].samples; mask++)
            if (o->columns[i].point[mask] == point)
                lengths |= (uint32_t)1 << o->columns[i].log_rows;
    return lengths;
}

/* Number of columns of 2^log rows that are sampled at a point; group may be NULL. */
static size_t collect(struct group *group, qm31 *samples, const struct opening *o, unsigned point,
                      unsigned log)
{
    size_t count = 0, sample = 0;

    for (size_t i = 0; i < o->column_count; i++)
        for (unsigned mask = 0; mask < o->columns[i].samples; mask++, sample++) {
            if (o->columns[i].log_rows != log || o->columns[i].point[mask] != point)
                continue;
            if (group) {
                group->columns[count] = o->columns[i].lde;
                group->to[count] = samples + sample;
            }
            count++;
        }
    return count;
}

static size_t chunks_of(unsigned log)
{
    size_t rows = (size_t)1 << log;

    return rows <= CHUNK_ROWS ? 1 : rows / CHUNK_ROWS;
}

void samples_plan(struct arena_plan *plan, const struct opening *o)
{
    struct arena_mark mark = arena_plan_mark(plan);

    arena_plan_take(plan, o->column_count, sizeof(const m31 *));
    arena_plan_take(plan, o->column_count, sizeof(qm31 *));
    for (unsigned point = 0; point < o->point_count; point++)
        for (uint32_t left = lengths_at(o, point); left; left &= left - 1) {
            unsigned log = (unsigned)__builtin_ctz(left);
            struct arena_mark group = arena_plan_mark(plan);

            matrix_plan(plan, 4, log);
            arena_plan_take(plan, collect(NULL, NULL, o, point, log),
                            chunks_of(log) * sizeof(qm31));
            arena_plan_rewind(plan, group);
        }
    arena_plan_rewind(plan, mark);
}

struct products_job {
    const struct exec *exec;
    const struct group *group;
    const m31 *weights[4];
    size_t rows, column_jobs;
    qm31 *partial; /* chunk by chunk, one value per column */
};

static void products_body(void *context, size_t index)
{
    const struct products_job *job = context;
    size_t chunk = index / job->column_jobs;
    size_t first = index % job->column_jobs * CHUNK_COLUMNS;
    size_t left = job->group->count - first, begin = chunk * CHUNK_ROWS;
    size_t end = job->rows - begin < CHUNK_ROWS ? job->rows : begin + CHUNK_ROWS;

    combine_kernel(job->exec->kernel)
        ->rows(job->partial + chunk * job->group->count + first, job->group->columns + first,
               left < CHUNK_COLUMNS ? left : CHUNK_COLUMNS, job->weights, begin, end);
}

static void sample_group(const struct exec *exec, const struct group *group,
                         const struct secure_point *point, unsigned log,
                         const struct twiddles *twiddles, struct arena *arena)
{
    struct circle_run committed = {.log = log, .domain = log + 1, .number = 0};
    struct matrix weights = matrix_take(arena, 4, log);
    struct products_job job = {.exec = exec,
                               .group = group,
                               .rows = (size_t)1 << log,
                               .column_jobs = (group->count + CHUNK_COLUMNS - 1) / CHUNK_COLUMNS};
    size_t chunks = chunks_of(log);

    job.partial = arena_take(arena, group->count * chunks * sizeof *job.partial);
    basis_weights(exec, weights, *point, committed, twiddles);
    for (size_t i = 0; i < 4; i++)
        job.weights[i] = matrix_column(&weights, i);
    pool_each(exec->pool, chunks * job.column_jobs, products_body, &job);
    for (size_t j = 0; j < group->count; j++) {
        qm31 sum = job.partial[j];

        for (size_t chunk = 1; chunk < chunks; chunk++)
            sum = qm31_add(sum, job.partial[chunk * group->count + j]);
        *group->to[j] = sum;
    }
}

void samples_take(const struct exec *exec, qm31 *samples, const struct opening *o,
                  const struct twiddles *twiddles, struct arena *arena)
{
    struct arena_mark mark = arena_mark(arena);
    struct group group;

    /* A column is in a group at most once: its points are distinct. */
    group.columns = arena_take(arena, o->column_count * sizeof *group.columns);
    group.to = arena_take(arena, o->column_count * sizeof *group.to);
    for (unsigned point = 0; point < o->point_count; point++)
        for (uint32_t left = lengths_at(o, point); left; left &= left - 1) {
            unsigned log = (unsigned)__builtin_ctz(left);
            struct arena_mark before = arena_mark(arena);

            group.count = collect(&group, samples, o, point, log);
            sample_group(exec, &group, &o->points[point], log, twiddles, arena);
            arena_rewind(arena, before);
        }
    arena_rewind(arena, mark);
}
