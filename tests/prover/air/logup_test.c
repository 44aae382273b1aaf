/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "prover/air/component.h"
#include "tests/support/support.h"

#define MAX_LOG 15

static void load_rows(m31 *const columns[4], const json_t *rows)
{
    for (size_t row = 0; row < json_array_size(rows); row++)
        for (size_t i = 0; i < 4; i++)
            columns[i][row].v = (uint32_t)json_integer_value(
                json_array_get(json_array_get(rows, row), i));
}

static void the_reference_running_sum_comes_out(void **state)
{
    json_t *json = golden_json("stark/logup.json");
    m31 cells[4][8], want[4][8], scratch[8], sum[4][1];
    m31 *const columns[4] = {cells[0], cells[1], cells[2], cells[3]};
    m31 *const wanted[4] = {want[0], want[1], want[2], want[3]};
    m31 *const sums[4] = {sum[0], sum[1], sum[2], sum[3]};
    json_t *sum_rows = json_pack("[O]", json_object_get(json, "claimed_sum"));
    struct pool *pool;

    (void)state;
    assert_int_equal(pool_new(&pool, 1, NULL), ST_OK);
    load_rows(wanted, json_object_get(json, "column_1"));
    load_rows(sums, sum_rows);
    for (int id = 0; id < KERNEL_COUNT; id++) {
        struct exec exec = {.kernel = (enum kernel_id)id, .pool = pool};
        qm31 claimed;

        if (!kernel_supported(exec.kernel))
            continue;
        load_rows(columns, json_object_get(json, "column_1_before_shift"));
        logup_finish(&exec, columns, 3, &claimed, scratch);
        for (int i = 0; i < 4; i++)
            assert_int_equal(claimed.c[i].v, sum[i][0].v);
        assert_memory_equal(cells, want, sizeof want);
    }
    pool_free(pool);
    json_decref(sum_rows);
    json_decref(json);
}

/* components.md 1.2 and 1.4 word for word, one row after the other. */
static size_t stored_position_of_coset(size_t coset, unsigned log_rows)
{
    size_t rows = (size_t)1 << log_rows;
    size_t natural = coset % 2 == 0 ? coset / 2 : rows / 2 + (rows - 1 - coset) / 2, stored = 0;

    for (unsigned bit = 0; bit < log_rows; bit++)
        stored |= (natural >> bit & 1) << (log_rows - 1 - bit);
    return stored;
}

static m31 plain_running_sum(m31 *column, unsigned log_rows)
{
    size_t rows = (size_t)1 << log_rows;
    m31 sum = M31_ZERO, shift, running = M31_ZERO;

    for (size_t i = 0; i < rows; i++)
        sum = m31_add(sum, column[i]);
    shift = m31_mul(sum, m31_inv(m31_of((uint32_t)rows)));
    for (size_t coset = 0; coset < rows; coset++) {
        m31 *cell = column + stored_position_of_coset(coset, log_rows);

        running = m31_add(running, m31_sub(*cell, shift));
        *cell = running;
    }
    return sum;
}

static void every_size_kernel_and_thread_count_agrees_with_the_plain_loop(void **state)
{
    size_t most = (size_t)1 << MAX_LOG;
    m31 *input = malloc(4 * most * sizeof *input), *want = malloc(4 * most * sizeof *want);
    m31 *got = malloc(4 * most * sizeof *got), *scratch = malloc(most * sizeof *scratch);
    struct prng prng = prng_of(14);

    (void)state;
    for (unsigned log_rows = 1; log_rows <= MAX_LOG; log_rows++) {
        size_t rows = (size_t)1 << log_rows;
        qm31 sum, claimed;

        for (size_t i = 0; i < 4 * rows; i++)
            input[i].v = (uint32_t)prng_below(&prng, M31_P);
        input[0].v = M31_P - 1;
        memcpy(want, input, 4 * rows * sizeof *want);
        for (size_t i = 0; i < 4; i++)
            sum.c[i] = plain_running_sum(want + i * rows, log_rows);

        for (unsigned threads = 1; threads <= 3; threads += 2) {
            struct pool *pool;

            assert_int_equal(pool_new(&pool, threads, NULL), ST_OK);
            for (int id = 0; id < KERNEL_COUNT; id++) {
                struct exec exec = {.kernel = (enum kernel_id)id, .pool = pool};
                m31 *const columns[4] = {got, got + rows, got + 2 * rows, got + 3 * rows};

                if (!kernel_supported(exec.kernel))
                    continue;
                memcpy(got, input, 4 * rows * sizeof *got);
                logup_finish(&exec, columns, log_rows, &claimed, scratch);
                assert_true(qm31_eq(claimed, sum));
                assert_memory_equal(got, want, 4 * rows * sizeof *want);
            }
            pool_free(pool);
        }
    }
    free(input);
    free(want);
    free(got);
    free(scratch);
}

/* The recurrence is cyclic because the last prefix is 0 (components.md 1.4). */
static void the_last_row_in_coset_order_is_zero(void **state)
{
    m31 cells[4][64], scratch[64];
    m31 *const columns[4] = {cells[0], cells[1], cells[2], cells[3]};
    struct prng prng = prng_of(3);
    struct exec exec = {.kernel = kernel_best()};
    qm31 claimed;

    (void)state;
    assert_int_equal(pool_new(&exec.pool, 1, NULL), ST_OK);
    for (int i = 0; i < 4; i++)
        for (int row = 0; row < 64; row++)
            cells[i][row].v = (uint32_t)prng_below(&prng, M31_P);
    logup_finish(&exec, columns, 6, &claimed, scratch);
    for (int i = 0; i < 4; i++)
        assert_int_equal(cells[i][stored_position_of_coset(63, 6)].v, 0);
    pool_free(exec.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_running_sum_comes_out),
        cmocka_unit_test(every_size_kernel_and_thread_count_agrees_with_the_plain_loop),
        cmocka_unit_test(the_last_row_in_coset_order_is_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
