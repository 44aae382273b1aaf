/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "prover/circle/fft.h"
#include "prover/stark/quotients.h"
#include "prover/stark/samples.h"
#include "tests/prover/stark/vectors.h"
#include "tests/support/support.h"

#define MAX_LOG     9
#define MAX_COLUMNS 8

/* Columns with their values, sampled as a component's are. */
struct bench {
    struct exec exec;
    struct arena arena;
    void *memory;
    struct twiddles twiddles;
    struct secure_point points[3];
    struct opening_column columns[MAX_COLUMNS];
    struct opening opening;
    qm31 samples[2 * MAX_COLUMNS];
};

static void bench_init(struct bench *b, enum kernel_id kernel, unsigned threads)
{
    const size_t size = (size_t)1 << 22;

    memset(b, 0, sizeof *b);
    b->exec.kernel = kernel;
    assert_int_equal(pool_new(&b->exec.pool, threads, NULL), ST_OK);
    b->memory = aligned_alloc(ARENA_ALIGN, size);
    assert_non_null(b->memory);
    b->arena = arena_of(b->memory, size);
    twiddles_fill(&b->exec, &b->twiddles, &b->arena, MAX_LOG + 1);
    b->opening.columns = b->columns;
    b->opening.points = b->points;
}

static void bench_fini(struct bench *b)
{
    pool_free(b->exec.pool);
    free(b->memory);
}

/* A column from its 2^log coefficients. */
static void bench_add(struct bench *b, const m31 *coefficients, unsigned log, unsigned samples,
                      unsigned first, unsigned second)
{
    m31 *lde = arena_take(&b->arena, ((size_t)2 << log) * sizeof *lde);

    for (size_t run = 0; run < 2; run++)
        circle_evaluate_run(&b->exec, lde + (run << log), coefficients,
                            (struct circle_run){.log = log, .domain = log + 1, .number = run},
                            &b->twiddles);
    b->columns[b->opening.column_count++] =
        (struct opening_column){.lde = lde,
                                .log_rows = (uint8_t)log,
                                .samples = (uint8_t)samples,
                                .point = {(uint8_t)first, (uint8_t)second}};
    b->opening.sample_count += samples;
}

/* sum of c_k b_k by folding halves (stark.md 3.4). */
static qm31 value_at(const m31 *coefficients, unsigned log, struct secure_point p)
{
    qm31 factor = p.y, low, high;

    if (log == 0)
        return qm31_of_m31(coefficients[0]);
    for (unsigned j = 1; j < log; j++)
        factor = j == 1 ? p.x : secure_double_x(factor);
    low = value_at(coefficients, log - 1, p);
    high = value_at(coefficients + ((size_t)1 << (log - 1)), log - 1, p);
    return qm31_add(low, qm31_mul(factor, high));
}

static qm31 row_of(const struct matrix *m, size_t row)
{
    qm31 r;

    for (size_t i = 0; i < 4; i++)
        r.c[i] = matrix_column(m, i)[row];
    return r;
}

static void take_and_compare_plans(struct bench *b, struct matrix out, qm31 gamma,
                                   unsigned log_size)
{
    struct arena_plan plan = {0};
    size_t before = b->arena.used;

    quotients_plan(&plan, &b->opening, log_size);
    b->arena.peak = b->arena.used;
    quotients_take(&b->exec, out, &b->opening, b->samples, gamma, log_size, &b->twiddles,
                   &b->arena);
    assert_int_equal(b->arena.peak - before, plan.peak);
    assert_int_equal(b->arena.used, before);
}

static struct secure_point json_point(const json_t *two)
{
    return (struct secure_point){json_qm31(json_array_get(two, 0)),
                                 json_qm31(json_array_get(two, 1))};
}

static void golden_columns(enum kernel_id kernel)
{
    json_t *golden = golden_json("stark/quotients.json"), *column, *sample;
    json_t *coefficients = json_object_get(golden, "coefficients");
    struct bench b;
    size_t i, k, at = 0;

    bench_init(&b, kernel, 2);
    json_array_foreach(coefficients, i, column)
    {
        json_t *samples = json_array_get(json_object_get(golden, "samples"), i);
        unsigned log = (unsigned)__builtin_ctzl(json_array_size(column)), points[2] = {0, 0};
        m31 c[1 << MAX_LOG];

        for (k = 0; k < json_array_size(column); k++)
            c[k] = json_m31(json_array_get(column, k));
        json_array_foreach(samples, k, sample)
        {
            struct secure_point p = json_point(json_object_get(sample, "point"));

            while (points[k] < b.opening.point_count && !qm31_eq(b.points[points[k]].x, p.x))
                points[k]++;
            if (points[k] == b.opening.point_count)
                b.points[b.opening.point_count++] = p;
            b.samples[at++] = json_qm31(json_object_get(sample, "value"));
        }
        bench_add(&b, c, log, (unsigned)k, points[0], points[1]);
    }
    for (unsigned log_size = 5; log_size >= 4; log_size--) {
        struct matrix out = matrix_take(&b.arena, 4, log_size);
        char key[8];
        json_t *values;

        snprintf(key, sizeof key, "%u", log_size);
        values = json_object_get(json_object_get(golden, "quotient_by_lde_log"), key);
        assert_int_equal(json_array_size(values), 1 << log_size);
        take_and_compare_plans(&b, out, json_qm31(json_object_get(golden, "random_coefficient")),
                               log_size);
        for (k = 0; k < json_array_size(values); k++)
            assert_qm31(row_of(&out, k), json_qm31(json_array_get(values, k)));
    }
    bench_fini(&b);
    json_decref(golden);
}

static void golden_quotients(void **state)
{
    (void)state;
    for (int id = 0; id < KERNEL_COUNT; id++)
        if (kernel_supported((enum kernel_id)id))
            golden_columns((enum kernel_id)id);
}

/* Three batches, two of them on few columns, as in the main component. */
static void fill_random(struct bench *b, m31 coefficients[MAX_COLUMNS][1 << MAX_LOG], unsigned log)
{
    struct prng p = prng_of(3);

    b->points[0] = secure_point_of(qm31_of(1 + (uint32_t)prng_below(&p, 1000), 2, 3, 4));
    b->points[1] = secure_point_shift(b->points[0], log, 1);
    b->points[2] = secure_point_shift(b->points[0], log, -1);
    b->opening.point_count = 3;
    for (unsigned i = 0; i < MAX_COLUMNS; i++) {
        for (size_t k = 0; k < (size_t)1 << log; k++)
            coefficients[i][k] = (m31){(uint32_t)prng_below(&p, M31_P)};
        if (i < 5)
            bench_add(b, coefficients[i], log, 1, 0, 0);
        else
            bench_add(b, coefficients[i], log, 2, i == 5 ? 0 : 2, i == 5 ? 1 : 0);
    }
}

static void samples_are_values_of_polynomials(void **state)
{
    static m31 coefficients[MAX_COLUMNS][1 << MAX_LOG];
    struct arena_plan plan = {0};
    size_t before, sample = 0;
    struct bench b;

    (void)state;
    for (unsigned log = 4; log <= MAX_LOG; log++) {
        bench_init(&b, kernel_best(), 2);
        fill_random(&b, coefficients, log);
        before = b.arena.used;
        b.arena.peak = before;
        plan = (struct arena_plan){0};
        samples_plan(&plan, &b.opening);
        samples_take(&b.exec, b.samples, &b.opening, &b.twiddles, &b.arena);
        assert_int_equal(b.arena.peak - before, plan.peak);
        sample = 0;
        for (size_t i = 0; i < MAX_COLUMNS; i++)
            for (unsigned mask = 0; mask < b.columns[i].samples; mask++)
                assert_qm31(b.samples[sample++],
                            value_at(coefficients[i], log, b.points[b.columns[i].point[mask]]));
        bench_fini(&b);
    }
}

/* The line that a quotient is taken over, at a point of the domain (stark.md 8.3). */
static qm31 row_formula(const struct bench *b, unsigned log_size, size_t row, qm31 gamma)
{
    struct circle_point d = circle_point_of(circle_domain_index(log_size, row));
    qm31 sum = QM31_ZERO;
    unsigned order[3] = {0, 1, 2};

    for (int i = 0; i < 3; i++)
        for (int j = i + 1; j < 3; j++)
            if (qm31_compare(b->points[order[j]].x, b->points[order[i]].x) < 0) {
                unsigned swap = order[i];

                order[i] = order[j];
                order[j] = swap;
            }
    for (int n = 0; n < 3; n++) {
        struct secure_point p = b->points[order[n]];
        qm31 num = QM31_ZERO, power = QM31_ONE;
        cm31 den =
            cm31_sub(cm31_mul(cm31_sub(qm31_low(p.x), (cm31){d.x, M31_ZERO}), qm31_high(p.y)),
                     cm31_mul(cm31_sub(qm31_low(p.y), (cm31){d.y, M31_ZERO}), qm31_high(p.x)));
        size_t sample = 0;

        for (size_t i = 0; i < MAX_COLUMNS; i++)
            for (unsigned mask = 0; mask < b->columns[i].samples; mask++, sample++) {
                qm31 v = b->samples[sample], a = qm31_sub(qm31_conj(v), v);
                qm31 c = qm31_sub(qm31_conj(p.y), p.y);
                qm31 line = qm31_sub(qm31_mul(v, c), qm31_mul(a, p.y));

                if (b->columns[i].point[mask] != order[n])
                    continue;
                power = qm31_mul(power, gamma);
                line = qm31_sub(
                    qm31_sub(qm31_mul_m31(c, b->columns[i].lde[row]), qm31_mul_m31(a, d.y)), line);
                num = qm31_add(num, qm31_mul(power, line));
            }
        sum = qm31_add(qm31_mul(sum, power), qm31_mul_cm31(num, cm31_inv(den)));
    }
    return sum;
}

static void half_of_the_rows_determines_the_column(void **state)
{
    static m31 coefficients[MAX_COLUMNS][1 << MAX_LOG];
    qm31 gamma = qm31_of(5, 6, 7, 8);
    struct bench b;

    (void)state;
    for (unsigned log = 4; log <= 8; log++) {
        struct matrix out;

        bench_init(&b, kernel_best(), 3);
        fill_random(&b, coefficients, log);
        samples_take(&b.exec, b.samples, &b.opening, &b.twiddles, &b.arena);
        out = matrix_take(&b.arena, 4, log + 1);
        take_and_compare_plans(&b, out, gamma, log + 1);
        for (size_t row = 0; row < matrix_rows(&out); row++)
            assert_qm31(row_of(&out, row), row_formula(&b, log + 1, row, gamma));
        bench_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_quotients),
        cmocka_unit_test(samples_are_values_of_polynomials),
        cmocka_unit_test(half_of_the_rows_determines_the_column),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
