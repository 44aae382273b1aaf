/* SPDX-License-Identifier: Apache-2.0 */
/* Toy components: the reference's vectors for degrees 2 and 3, and a made one of degree 4 that is
 * checked through its meaning, Q(P) v(P) = sum of weight_i C_i(P). */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "prover/circle/basis.h"
#include "prover/stark/composition.h"
#include "prover/stark/neighbour.h"
#include "tests/prover/stark/vectors.h"
#include "tests/support/support.h"

#define MAX_COLUMNS 8
#define ARENA_BYTES ((size_t)1 << 23)

struct toy {
    struct composition_part base; /* first, so that a cast back is valid */
    struct exec exec;
    struct arena arena;
    struct twiddles twiddles;
    struct matrix lde;
    m31 *next; /* of column 3 */
    const qm31 *weight;
    const m31 *degree4[MAX_COLUMNS];
};

static void toy_init(struct toy *t, unsigned log, size_t columns, enum kernel_id kernel,
                     unsigned threads)
{
    memset(t, 0, sizeof *t);
    t->exec.kernel = kernel;
    assert_int_equal(pool_new(&t->exec.pool, threads, NULL), ST_OK);
    t->arena = arena_of(aligned_alloc(ARENA_ALIGN, ARENA_BYTES), ARENA_BYTES);
    twiddles_fill(&t->exec, &t->twiddles, &t->arena, log + 3);
    t->lde = matrix_take(&t->arena, columns, log + 1);
    t->base.log_rows = log;
}

static void toy_fini(struct toy *t)
{
    pool_free(t->exec.pool);
    free(t->arena.base);
}

static void put_row(m31 *const sum[static 4], size_t row, qm31 value)
{
    for (int i = 0; i < 4; i++)
        sum[i][row] = value.c[i];
}

static m31 cell(const struct toy *t, size_t column, size_t row)
{
    return matrix_column(&t->lde, column)[row];
}

/* Adds the part into zeroed coefficients and compares the plan with what was taken. */
static void add_and_compare_plans(struct toy *t, struct matrix polynomial)
{
    struct arena_plan plan = {0};
    size_t before = t->arena.used;

    composition_plan(&plan, t->base.log_rows, t->base.degree4_count);
    t->arena.peak = before;
    composition_add(&t->exec, polynomial, &t->base, &t->twiddles, &t->arena);
    assert_int_equal(t->arena.peak - before, plan.peak);
    assert_int_equal(t->arena.used, before);
}

/* ---- the reference's toys ---- */

/* a b - c and d d' - f */
static void rows_a(const struct composition_part *part, m31 *const sum[static 4],
                   m31 *const *degree4, size_t begin, size_t end)
{
    const struct toy *t = (const struct toy *)part;

    assert_null(degree4);
    for (size_t r = begin; r < end; r++) {
        m31 first = m31_sub(m31_mul(cell(t, 0, r), cell(t, 1, r)), cell(t, 2, r));
        m31 second = m31_sub(m31_mul(cell(t, 3, r), t->next[r]), cell(t, 4, r));

        put_row(sum, r,
                qm31_add(qm31_mul_m31(t->weight[0], first), qm31_mul_m31(t->weight[1], second)));
    }
}

/* g g - h */
static void rows_b(const struct composition_part *part, m31 *const sum[static 4],
                   m31 *const *degree4, size_t begin, size_t end)
{
    const struct toy *t = (const struct toy *)part;

    assert_null(degree4);
    for (size_t r = begin; r < end; r++)
        put_row(sum, r,
                qm31_mul_m31(t->weight[0],
                             m31_sub(m31_mul(cell(t, 0, r), cell(t, 0, r)), cell(t, 1, r))));
}

static void load_trace(struct toy *t, const json_t *columns)
{
    for (size_t i = 0; i < json_array_size(columns); i++)
        for (size_t k = 0; k < json_array_size(json_array_get(columns, i)); k++)
            matrix_column(&t->lde, i)[k] = json_m31(json_array_get(json_array_get(columns, i), k));
    circle_extend_columns(&t->exec, t->lde, &t->twiddles);
}

static void golden_two_components(void **state)
{
    static const struct composition_rules rules_a = {.rows = rows_a}, rules_b = {.rows = rows_b};
    json_t *golden = golden_json("stark/composition.json"), *value;
    qm31 weight[3], alpha = json_qm31(json_object_get(golden, "alpha"));
    struct matrix polynomial;
    struct toy a, b;
    size_t k;

    (void)state;
    composition_weights(weight, 3, alpha);
    assert_true(qm31_eq(weight[2], QM31_ONE) && qm31_eq(weight[1], alpha));

    toy_init(&a, 3, 5, KERNEL_PORTABLE, 1);
    load_trace(&a, json_object_get(golden, "A"));
    a.next = arena_take(&a.arena, 16 * sizeof *a.next);
    neighbour_next(a.next, matrix_column(&a.lde, 3), 4);
    a.weight = weight;
    a.base.rules = &rules_a;

    toy_init(&b, 2, 2, KERNEL_PORTABLE, 1);
    load_trace(&b, json_object_get(golden, "B"));
    b.weight = weight + 2;
    b.base.rules = &rules_b;

    polynomial = matrix_take(&a.arena, 4, 4);
    for (size_t i = 0; i < 4; i++)
        memset(matrix_column(&polynomial, i), 0, 16 * sizeof(m31));
    add_and_compare_plans(&b, polynomial);
    add_and_compare_plans(&a, polynomial);
    json_array_foreach(json_object_get(golden, "coefficients_log4"), k, value) for (size_t i = 0;
                                                                                    i < 4; i++)
        assert_int_equal(matrix_column(&polynomial, i)[k].v, json_qm31(value).c[i].v);
    toy_fini(&a);
    toy_fini(&b);
    json_decref(golden);
}

/* ---- degree 4 ---- */

/* a b c d - e, then a b - f: weights 0 and 1. */
static m31 degree4_of(m31 a, m31 b, m31 c, m31 d, m31 e)
{
    return m31_sub(m31_mul(m31_mul(a, b), m31_mul(c, d)), e);
}

static void rows_high(const struct composition_part *part, m31 *const sum[static 4],
                      m31 *const *degree4, size_t begin, size_t end)
{
    const struct toy *t = (const struct toy *)part;

    assert_non_null(degree4);
    for (size_t r = begin; r < end; r++) {
        qm31 high =
            qm31_mul_m31(t->weight[0], degree4_of(cell(t, 0, r), cell(t, 1, r), cell(t, 2, r),
                                                  cell(t, 3, r), cell(t, 4, r)));
        m31 low = m31_sub(m31_mul(cell(t, 0, r), cell(t, 1, r)), cell(t, 5, r));

        put_row((m31 *const[4]){degree4[0], degree4[1], degree4[2], degree4[3]}, r, high);
        put_row(sum, r, qm31_add(high, qm31_mul_m31(t->weight[1], low)));
    }
}

static void rows_high_alone(const struct composition_part *part, m31 *const sum[static 4],
                            const m31 *const *columns, size_t begin, size_t end)
{
    const struct toy *t = (const struct toy *)part;

    for (size_t r = begin; r < end; r++)
        put_row(sum, r,
                qm31_mul_m31(t->weight[0], degree4_of(columns[0][r], columns[1][r], columns[2][r],
                                                      columns[3][r], columns[4][r])));
}

static qm31 inner_product(const struct matrix *weights, const m31 *values, size_t rows)
{
    qm31 sum = QM31_ZERO;

    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < 4; i++)
            sum.c[i] = m31_add(sum.c[i], m31_mul(matrix_column(weights, i)[r], values[r]));
    return sum;
}

static void fill_satisfied(struct toy *t, size_t rows)
{
    struct prng p = prng_of(rows);

    for (size_t r = 0; r < rows; r++) {
        m31 v[4];

        for (size_t i = 0; i < 4; i++) {
            v[i] = (m31){(uint32_t)prng_below(&p, M31_P)};
            matrix_column(&t->lde, i)[r] = v[i];
        }
        matrix_column(&t->lde, 4)[r] = degree4_of(v[0], v[1], v[2], v[3], M31_ZERO);
        matrix_column(&t->lde, 5)[r] = m31_mul(v[0], v[1]);
    }
    circle_extend_columns(&t->exec, t->lde, &t->twiddles);
}

static void high_degree(unsigned log, enum kernel_id kernel, unsigned threads)
{
    static const struct composition_rules rules = {.rows = rows_high,
                                                   .degree4_rows = rows_high_alone};
    const qm31 weight[2] = {qm31_of(1, 2, 3, 4), qm31_of(M31_P - 1, 6, 7, 8)};
    struct secure_point p = secure_point_of(qm31_of(11, 12, 13, 14));
    size_t rows = (size_t)1 << log;
    struct matrix polynomial, weights, basis;
    qm31 v[6], coordinates[4], constraint;
    struct toy t;

    toy_init(&t, log, 6, kernel, threads);
    fill_satisfied(&t, rows);
    t.weight = weight;
    t.base.rules = &rules;
    for (size_t i = 0; i < 5; i++)
        t.degree4[i] = matrix_column(&t.lde, i);
    t.base.degree4 = t.degree4;
    t.base.degree4_count = 5;
    polynomial = matrix_take(&t.arena, 4, log + 2);
    for (size_t i = 0; i < 4; i++)
        memset(matrix_column(&polynomial, i), 0, 4 * rows * sizeof(m31));
    assert_int_equal(composition_part_log(&t.base), log + 2);
    add_and_compare_plans(&t, polynomial);

    weights = matrix_take(&t.arena, 4, log);
    basis_weights(&t.exec, weights, p, (struct circle_run){.log = log, .domain = log + 1},
                  &t.twiddles);
    for (size_t i = 0; i < 6; i++)
        v[i] = inner_product(&weights, matrix_column(&t.lde, i), rows);
    constraint = qm31_sub(qm31_mul(qm31_mul(v[0], v[1]), qm31_mul(v[2], v[3])), v[4]);
    constraint = qm31_add(qm31_mul(weight[0], constraint),
                          qm31_mul(weight[1], qm31_sub(qm31_mul(v[0], v[1]), v[5])));
    basis = matrix_take(&t.arena, 4, log + 2);
    basis_values(&t.exec, basis, p);
    for (size_t i = 0; i < 4; i++)
        coordinates[i] = inner_product(&basis, matrix_column(&polynomial, i), 4 * rows);
    assert_true(qm31_eq(qm31_mul(qm31_combine(coordinates), secure_vanishing(log, p)), constraint));
    for (size_t i = 0; i < 4; i++) { /* coefficients 3N - 1 and above 3N are zero (14.1) */
        assert_int_equal(matrix_column(&polynomial, i)[3 * rows - 1].v, 0);
        for (size_t k = 3 * rows + 1; k < 4 * rows; k++)
            assert_int_equal(matrix_column(&polynomial, i)[k].v, 0);
    }
    toy_fini(&t);
}

static void degree_four_needs_one_point_more(void **state)
{
    (void)state;
    for (int id = 0; id < KERNEL_COUNT; id++)
        for (unsigned log = 4; log <= 9 && kernel_supported((enum kernel_id)id); log++)
            high_degree(log, (enum kernel_id)id, 1 + log % 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_two_components),
        cmocka_unit_test(degree_four_needs_one_point_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
