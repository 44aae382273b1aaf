/* SPDX-License-Identifier: Apache-2.0 */
/* Every variant of the room's loops against the formulas of stark.md, one element at a time. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "prover/stark/combine_kernel.h"
#include "prover/stark/fold_kernel.h"
#include "prover/stark/quotient_kernel.h"

#define ROWS    800 /* three tiles of rows and a part */
#define COLUMNS 53  /* two blocks of columns and a part */

static m31 cells[COLUMNS][ROWS], secure[4][ROWS], other[4][ROWS], x[ROWS], y[ROWS];
static const m31 *columns[COLUMNS];

/* Values near both ends of the field are frequent. */
static m31 any_m31(struct prng *p)
{
    uint64_t kind = prng_below(p, 8);

    if (kind == 0)
        return (m31){(uint32_t)prng_below(p, 2)};
    if (kind == 1)
        return (m31){M31_P - 1 - (uint32_t)prng_below(p, 2)};
    return (m31){(uint32_t)prng_below(p, M31_P)};
}

static qm31 any_qm31(struct prng *p)
{
    return (qm31){{any_m31(p), any_m31(p), any_m31(p), any_m31(p)}};
}

static int fill(void **state)
{
    struct prng p = prng_of(20);

    (void)state;
    for (int r = 0; r < ROWS; r++) {
        for (int j = 0; j < COLUMNS; j++)
            cells[j][r] = any_m31(&p);
        for (int i = 0; i < 4; i++)
            secure[i][r] = any_m31(&p);
        x[r] = any_m31(&p);
        y[r] = any_m31(&p);
    }
    for (int j = 0; j < COLUMNS; j++)
        columns[j] = cells[j];
    return 0;
}

static qm31 at(m31 *const of[4], size_t row)
{
    return (qm31){{of[0][row], of[1][row], of[2][row], of[3][row]}};
}

static void assert_same(qm31 a, qm31 b)
{
    for (int i = 0; i < 4; i++)
        assert_int_equal(a.c[i].v, b.c[i].v);
}

static void for_every_kernel(void (*test)(enum kernel_id id))
{
    for (int id = 0; id < KERNEL_COUNT; id++)
        if (kernel_supported((enum kernel_id)id))
            test((enum kernel_id)id);
}

static void columns_of(enum kernel_id id)
{
    static const size_t counts[] = {1, 2, 3, 4, 5, 23, 24, 25, 26, 27, 28, 48, 49, COLUMNS};
    m31 *const sum[4] = {other[0], other[1], other[2], other[3]};
    struct prng p = prng_of(7);
    qm31 weights[COLUMNS];

    for (int j = 0; j < COLUMNS; j++)
        weights[j] = any_qm31(&p);
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        memset(other, 0, sizeof other);
        combine_kernel(id)->columns(sum, columns, weights, counts[n], 16, ROWS - 16);
        for (size_t row = 0; row < ROWS; row++) {
            qm31 expected = QM31_ZERO;

            for (size_t j = 0; j < counts[n] && row >= 16 && row < ROWS - 16; j++)
                expected = qm31_add(expected, qm31_mul_m31(weights[j], cells[j][row]));
            assert_same(at(sum, row), expected);
        }
    }
}

static void columns_are_combined_in_the_named_rows_only(void **state)
{
    (void)state;
    for_every_kernel(columns_of);
}

static void rows_of(enum kernel_id id)
{
    static const size_t ends[] = {16, 32, 48, 64, 80, 96, ROWS};
    const m31 *const weights[4] = {secure[0], secure[1], secure[2], secure[3]};
    qm31 out[COLUMNS];

    for (size_t n = 0; n < sizeof ends / sizeof *ends; n++) {
        size_t begin = n == 0 ? 0 : 16;

        combine_kernel(id)->rows(out, columns, COLUMNS, weights, begin, ends[n]);
        for (int j = 0; j < COLUMNS; j++) {
            qm31 expected = QM31_ZERO;

            for (size_t row = begin; row < ends[n]; row++) {
                qm31 w = {{secure[0][row], secure[1][row], secure[2][row], secure[3][row]}};

                expected = qm31_add(expected, qm31_mul_m31(w, cells[j][row]));
            }
            assert_same(out[j], expected);
        }
    }
}

static void rows_are_summed_with_secure_weights(void **state)
{
    (void)state;
    for_every_kernel(rows_of);
}

static cm31 any_cm31(struct prng *p)
{
    return (cm31){any_m31(p), any_m31(p)};
}

/* num_B / den_B of stark.md 8.3. */
static qm31 batch_at(const struct quotient_batch *b, size_t row)
{
    qm31 sum = {{b->columns_sum[0][row], b->columns_sum[1][row], b->columns_sum[2][row],
                 b->columns_sum[3][row]}};
    cm31 at_x = {x[row], M31_ZERO}, at_y = {y[row], M31_ZERO};
    qm31 num = qm31_sub(qm31_mul(b->c, sum), qm31_add(qm31_mul_m31(b->a_sum, y[row]), b->b_sum));
    cm31 den = cm31_sub(cm31_mul(cm31_sub(b->x_re, at_x), b->y_im),
                        cm31_mul(cm31_sub(b->y_re, at_y), b->x_im));

    return qm31_mul_cm31(num, cm31_inv(den));
}

static void quotients_of(enum kernel_id id)
{
    static const size_t ends[] = {16, 32, 256, 272, ROWS};
    m31 *const out[4] = {other[0], other[1], other[2], other[3]};
    struct quotient_batch batches[QUOTIENT_MAX_BATCHES];
    struct prng p = prng_of(9);

    for (int b = 0; b < QUOTIENT_MAX_BATCHES; b++)
        batches[b] = (struct quotient_batch){
            .x_re = any_cm31(&p),
            .x_im = any_cm31(&p),
            .y_re = any_cm31(&p),
            .y_im = any_cm31(&p),
            .c = any_qm31(&p),
            .a_sum = any_qm31(&p),
            .b_sum = any_qm31(&p),
            .power = any_qm31(&p),
            .columns_sum = {cells[4 * b], cells[4 * b + 1], cells[4 * b + 2], cells[4 * b + 3]}};
    for (size_t n = 0; n < sizeof ends / sizeof *ends; n++)
        for (size_t count = 1; count <= QUOTIENT_MAX_BATCHES; count++) {
            quotient_kernel(id)->rows(out, x, y, batches, count, 0, ends[n]);
            for (size_t row = 0; row < ends[n]; row++) {
                qm31 expected = batch_at(&batches[0], row);

                for (size_t b = 1; b < count; b++)
                    expected =
                        qm31_add(qm31_mul(expected, batches[b].power), batch_at(&batches[b], row));
                assert_same(at(out, row), expected);
            }
        }
}

static void quotient_rows_follow_the_row_formula(void **state)
{
    (void)state;
    for_every_kernel(quotients_of);
}

static void folds_of(enum kernel_id id)
{
    static const size_t ranges[][2] = {{0, 1}, {0, 2}, {3, 4}, {0, 15}, {0, 16}, {1, 18}, {5, 400}};
    const m31 *const in[4] = {secure[0], secure[1], secure[2], secure[3]};
    m31 *const out[4] = {other[0], other[1], other[2], other[3]};
    struct prng p = prng_of(11);
    qm31 alpha = any_qm31(&p);

    for (size_t n = 0; n < sizeof ranges / sizeof *ranges; n++) {
        memset(other, 0, sizeof other);
        fold_kernel(id)->fold(out, in, x, alpha, ranges[n][0], ranges[n][1]);
        for (size_t pass = 0; pass < 2; pass++) {
            for (size_t k = 0; k < ROWS / 2; k++) {
                qm31 a = at((m31 *const[4]){secure[0], secure[1], secure[2], secure[3]}, 2 * k);
                qm31 b = at((m31 *const[4]){secure[0], secure[1], secure[2], secure[3]}, 2 * k + 1);
                qm31 folded =
                    qm31_add(qm31_add(a, b), qm31_mul(alpha, qm31_mul_m31(qm31_sub(a, b), x[k])));

                if (pass == 1)
                    folded = qm31_add(qm31_mul(folded, qm31_mul(alpha, alpha)), folded);
                if (k < ranges[n][0] || k >= ranges[n][1])
                    folded = QM31_ZERO;
                assert_same(at(out, k), folded);
            }
            if (pass == 0)
                fold_kernel(id)->join(out, in, x, alpha, ranges[n][0], ranges[n][1]);
        }
    }
}

static void folds_halve_a_column_and_join_another(void **state)
{
    (void)state;
    for_every_kernel(folds_of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_combined_in_the_named_rows_only),
        cmocka_unit_test(rows_are_summed_with_secure_weights),
        cmocka_unit_test(quotient_rows_follow_the_row_formula),
        cmocka_unit_test(folds_halve_a_column_and_join_another),
    };

    return cmocka_run_group_tests(tests, fill, NULL);
}
