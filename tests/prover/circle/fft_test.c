/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "prover/circle/basis.h"
#include "prover/circle/fft.h"
#include "prover/circle/order.h"
#include "prover/hash/blake2s.h"
#include "tests/support/support.h"

#define LOG_MAX 19

/* Contexts: every kernel of this machine with one thread, and the best with 2 and 7. */
static struct exec contexts[KERNEL_COUNT + 2];
static size_t context_count;
static struct pool *pools[3];
static struct arena arena;
static struct twiddles tw; /* made by the first context */

static void *memory_of(size_t size)
{
    void *p = aligned_alloc(64, (size + 63) / 64 * 64);

    assert_non_null(p);
    return p;
}

static struct twiddles fill(const struct exec *exec, struct arena *a, unsigned log)
{
    struct arena_plan plan = {0};
    struct twiddles out;
    size_t bytes;

    twiddles_plan(&plan, log);
    assert_int_equal(arena_plan_bytes(&plan, &bytes, NULL), ST_OK);
    *a = arena_of(memory_of(bytes), bytes);
    twiddles_fill(exec, &out, a, log);
    assert_int_equal(a->used, bytes);
    return out;
}

static int setup(void **state)
{
    static const unsigned threads[3] = {1, 2, 7};

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pool_new(&pools[i], threads[i], NULL), ST_OK);
    for (int id = 0; id < KERNEL_COUNT; id++)
        if (kernel_supported((enum kernel_id)id))
            contexts[context_count++] = (struct exec){(enum kernel_id)id, pools[0]};
    for (int i = 1; i < 3; i++)
        contexts[context_count++] = (struct exec){kernel_best(), pools[i]};
    tw = fill(&contexts[0], &arena, LOG_MAX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(arena.base);
    for (int i = 0; i < 3; i++)
        pool_free(pools[i]);
    return 0;
}

static void random_values(m31 *v, size_t n, uint64_t seed)
{
    struct prng r = prng_of(seed);

    for (size_t i = 0; i < n; i++)
        v[i] = (m31){(uint32_t)prng_below(&r, M31_P)};
}

static void assert_equal(const m31 *got, const m31 *want, size_t n, const char *what, unsigned log)
{
    for (size_t i = 0; i < n; i++)
        if (!m31_eq(got[i], want[i]))
            fail_msg("%s, log %u: value %zu is %u, not %u", what, log, i, got[i].v, want[i].v);
}

static void load(m31 *out, json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++)
        out[i].v = (uint32_t)json_integer_value(json_array_get(array, i));
}

static qm31 secure(json_t *array)
{
    qm31 r;

    load(r.c, array);
    return r;
}

static void twiddles_are_coordinates_of_the_domain(void **state)
{
    (void)state;
    for (unsigned log = 2; log <= 11; log++) {
        struct arena a;
        struct twiddles t = fill(&contexts[log % context_count], &a, log);

        for (unsigned d = 1; d <= log; d++)
            for (unsigned layer = 0; layer < d; layer++)
                for (size_t h = 0; h < (size_t)1 << (d - 1 - layer); h++) {
                    /* Doubling layer - 1 times takes D_d to D_(d - layer + 1). */
                    m31 want =
                        layer == 0
                            ? circle_point_of(circle_domain_index(d, 2 * h)).y
                            : circle_point_of(circle_domain_index(d - layer + 1, 4 * h)).x;

                    assert_int_equal(twiddle_layer(&t.forward, d, layer)[h].v, want.v);
                    assert_int_equal(
                        m31_mul(want, twiddle_layer(&t.inverse, d, layer)[h]).v, 1);
                }
        free(a.base);
    }
}

static void every_context_fills_the_same_twiddles(void **state)
{
    (void)state;
    for (size_t k = 1; k < context_count; k++) {
        struct arena a;
        struct twiddles t = fill(&contexts[k], &a, LOG_MAX);

        assert_equal(t.forward.x + 1, tw.forward.x + 1, ((size_t)1 << (LOG_MAX - 1)) - 1, "x", 0);
        assert_equal(t.forward.y + 1, tw.forward.y + 1, ((size_t)1 << LOG_MAX) - 1, "y", 0);
        assert_equal(t.inverse.x + 1, tw.inverse.x + 1, ((size_t)1 << (LOG_MAX - 1)) - 1, "1/x",
                     0);
        assert_equal(t.inverse.y + 1, tw.inverse.y + 1, ((size_t)1 << LOG_MAX) - 1, "1/y", 0);
        free(a.base);
    }
}

static void transforms_give_the_values_of_the_reference(void **state)
{
    json_t *golden = golden_json("stark/fft.json"), *entry;
    json_t *point = json_object_get(golden, "secure_point");
    struct secure_point p = {secure(json_array_get(point, 0)), secure(json_array_get(point, 1))};
    const char *key;

    (void)state;
    json_object_foreach(json_object_get(golden, "by_log_size"), key, entry) {
        unsigned log = (unsigned)strtoul(key, NULL, 10);
        struct circle_run run = {.log = log, .domain = log};
        size_t rows = (size_t)1 << log;
        m31 values[64], coefficients[32], extended[64], got[64];
        m31 basis[4 * 64];
        struct matrix b = {.cells = basis, .columns = 4, .stride = 64, .log_rows = log};
        qm31 sum = QM31_ZERO;

        load(values, json_object_get(entry, "values_stored_order"));
        load(coefficients, json_object_get(entry, "coefficients"));
        load(extended, json_object_get(entry, "extended_stored_order"));
        for (size_t k = 0; k < context_count; k++) {
            circle_interpolate_run(&contexts[k], got, values, run, &tw);
            assert_equal(got, coefficients, rows, "coefficients", log);
            circle_evaluate_run(&contexts[k], got, coefficients, run, &tw);
            assert_equal(got, values, rows, "values", log);
            memcpy(got, values, rows * sizeof *got);
            circle_extend_column(&contexts[k], got, log, &tw);
            assert_equal(got, extended, 2 * rows, "extension", log);
        }
        basis_values(&contexts[0], b, p);
        for (size_t k = 0; k < rows; k++)
            sum = qm31_add(sum, qm31_mul_m31((qm31){{basis[k], basis[64 + k], basis[128 + k],
                                                     basis[192 + k]}},
                                             coefficients[k]));
        assert_true(qm31_eq(sum, secure(json_object_get(entry, "value_at_secure_point"))));
    }
    json_decref(golden);
}

/* The definition: b_k at a point of the domain, times c_k, summed. */
static m31 value_at(const m31 *c, unsigned log, struct circle_point p)
{
    m31 sum = M31_ZERO;

    for (size_t k = 0; k < (size_t)1 << log; k++) {
        m31 b = k & 1 ? p.y : M31_ONE, x = p.x;

        for (size_t bits = k >> 1; bits; bits >>= 1) {
            if (bits & 1)
                b = m31_mul(b, x);
            x = circle_double_x(x);
        }
        sum = m31_add(sum, m31_mul(b, c[k]));
    }
    return sum;
}

static void every_run_of_every_domain_has_the_values_of_the_polynomial(void **state)
{
    (void)state;
    for (unsigned log = 1; log <= 7; log++) {
        m31 c[128], v[128], back[128];

        random_values(c, (size_t)1 << log, log);
        for (unsigned domain = log; domain <= log + 2; domain++)
            for (size_t number = 0; number < (size_t)1 << (domain - log); number++) {
                struct circle_run run = {log, domain, number};

                circle_evaluate_run(&contexts[0], v, c, run, &tw);
                for (size_t i = 0; i < (size_t)1 << log; i++) {
                    size_t at = (number << log) + i;

                    assert_int_equal(
                        v[i].v,
                        value_at(c, log, circle_point_of(circle_domain_index(domain, at))).v);
                }
                circle_interpolate_run(&contexts[0], back, v, run, &tw);
                assert_equal(back, c, (size_t)1 << log, "round trip", log);
            }
    }
}

static void every_kernel_transforms_alike_at_every_size(void **state)
{
    size_t bytes = sizeof(m31) << (LOG_MAX - 1);
    m31 *c = memory_of(bytes), *want = memory_of(bytes), *got = memory_of(bytes);

    (void)state;
    for (unsigned log = 1; log < LOG_MAX; log++) {
        struct circle_run run = {.log = log, .domain = log + 1, .number = log % 2};
        size_t rows = (size_t)1 << log;

        if (log > 13 && log < 16) /* one size beyond the cached blocks has it all */
            continue;
        random_values(c, rows, log);
        c[0].v = M31_P - 1;
        c[rows - 1].v = 0;
        circle_evaluate_run(&contexts[0], want, c, run, &tw);
        for (size_t k = 0; k < context_count; k++) {
            circle_evaluate_run(&contexts[k], got, c, run, &tw);
            assert_equal(got, want, rows, kernel_name(contexts[k].kernel), log);
            circle_interpolate_run(&contexts[k], got, got, run, &tw);
            assert_equal(got, c, rows, kernel_name(contexts[k].kernel), log);
            circle_interpolate_run(&contexts[k], got, want, run, &tw);
            assert_equal(got, c, rows, kernel_name(contexts[k].kernel), log);
            circle_evaluate_run(&contexts[k], got, got, run, &tw);
            assert_equal(got, want, rows, kernel_name(contexts[k].kernel), log);
        }
    }
    free(c);
    free(want);
    free(got);
}

static void columns_extend_alike_with_any_number_of_threads(void **state)
{
    enum { COLUMNS = 19, LOG = 7 };
    size_t stride = matrix_stride(LOG + 1);
    m31 *start = calloc(COLUMNS * stride, sizeof *start);
    m31 *want = calloc(COLUMNS * stride, sizeof *want);
    m31 *got = calloc(COLUMNS * stride, sizeof *got);
    struct matrix m = {.columns = COLUMNS, .stride = stride, .log_rows = LOG + 1};

    (void)state;
    assert_true(start && want && got);
    for (size_t c = 0; c < COLUMNS; c++) {
        random_values(start + c * stride, 1 << LOG, c);
        if (c % 5 == 2)
            for (size_t i = 0; i < 1 << LOG; i++)
                start[c * stride + i].v = (uint32_t)(c - 2);
        memcpy(want + c * stride, start + c * stride, sizeof *start << LOG);
        /* Without the short cut for constant columns. */
        circle_interpolate_run(&contexts[0], want + c * stride, want + c * stride,
                               (struct circle_run){LOG, LOG, 0}, &tw);
        for (size_t run = 2; run-- > 0;)
            circle_evaluate_run(&contexts[0], want + c * stride + (run << LOG), want + c * stride,
                                (struct circle_run){LOG, LOG + 1, run}, &tw);
    }
    for (size_t k = 0; k < context_count; k++) {
        memcpy(got, start, COLUMNS * stride * sizeof *got);
        m.cells = got;
        circle_extend_columns(&contexts[k], m, &tw);
        for (size_t c = 0; c < COLUMNS; c++)
            assert_equal(got + c * stride, want + c * stride, 2 << LOG, "column", (unsigned)c);
    }
    free(start);
    free(want);
    free(got);
}

static void weights_give_the_value_at_a_point_without_coefficients(void **state)
{
    struct secure_point p = secure_point_of(qm31_of(3, 1415926, 535897, 932384626));
    m31 *cells = memory_of(6 * sizeof(m31) << 9);

    (void)state;
    for (unsigned log = 1; log <= 9; log++)
        for (unsigned domain = log; domain <= log + 2; domain++)
            for (size_t k = 0; k < context_count; k++) {
                size_t rows = (size_t)1 << log;
                struct circle_run run = {log, domain, domain > log ? 1 : 0};
                struct matrix m = {
                    .cells = cells, .columns = 4, .stride = rows, .log_rows = log};
                m31 *c = cells + 4 * rows, *v = c + rows;
                qm31 want = QM31_ZERO, got = QM31_ZERO;

                random_values(c, rows, log);
                basis_values(&contexts[k], m, p);
                for (size_t i = 0; i < rows; i++)
                    want = qm31_add(want, qm31_mul_m31((qm31){{cells[i], cells[rows + i],
                                                               cells[2 * rows + i],
                                                               cells[3 * rows + i]}},
                                                       c[i]));
                circle_evaluate_run(&contexts[k], v, c, run, &tw);
                basis_weights(&contexts[k], m, p, run, &tw);
                for (size_t i = 0; i < rows; i++)
                    got = qm31_add(got, qm31_mul_m31((qm31){{cells[i], cells[rows + i],
                                                             cells[2 * rows + i],
                                                             cells[3 * rows + i]}},
                                                     v[i]));
                assert_true(qm31_eq(got, want));
            }
    free(cells);
}

static void assert_digest(const m31 *v, size_t n, json_t *column, const char *key, size_t number)
{
    struct hash h = blake2s_hash(bytes_of(v, n * sizeof *v)); /* little-endian machines only */
    char text[65];

    hex_encode(text, h.b, sizeof h.b);
    if (strcmp(text, json_string_value(json_object_get(column, key))) != 0)
        fail_msg("%s of column %zu differ", key, number);
}

/* Tree 1 of a golden proof, from rows to extended columns. */
static void the_main_trace_extends_as_in_the_reference(void **state)
{
    static const struct {
        const char *trace, *dump;
        unsigned log;
    } table[] = {
        {"proofs/fib_9_1_1.main_trace.u32le.gz", "proofs/fib_9_1_1.json.gz", 8},
        {"proofs/calls_9_1_1.main_trace.u32le.gz", "proofs/calls_9_1_1.json.gz", 11},
    };

    (void)state;
    for (size_t t = 0; t < 2; t++) {
        struct buffer trace = golden_read(table[t].trace);
        json_t *dump = golden_json(table[t].dump);
        json_t *columns = json_object_get(
            json_array_get(json_object_get(dump, "trees"), 1), "columns");
        size_t rows = (size_t)1 << table[t].log;
        struct exec exec = {kernel_best(), pools[0]};
        struct circle_run run = {.log = table[t].log, .domain = table[t].log};
        m31 *row_order = malloc(3 * rows * sizeof(m31)), *v = row_order + rows;

        assert_non_null(row_order);
        assert_int_equal(trace.size, 273 * rows * 4);
        for (size_t c = 0; c < 273; c++) {
            json_t *column = json_array_get(columns, c);

            for (size_t i = 0; i < rows; i++)
                row_order[i].v = load_le32(trace.data + 4 * (273 * i + c));
            order_store_rows(v, row_order, table[t].log);
            assert_digest(v, rows, column, "values", c);
            circle_interpolate_run(&exec, row_order, v, run, &tw);
            assert_digest(row_order, rows, column, "coefficients", c);
            circle_extend_column(&exec, v, table[t].log, &tw);
            assert_digest(v, 2 * rows, column, "extended", c);
        }
        free(row_order);
        json_decref(dump);
        buffer_fini(&trace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twiddles_are_coordinates_of_the_domain),
        cmocka_unit_test(every_context_fills_the_same_twiddles),
        cmocka_unit_test(transforms_give_the_values_of_the_reference),
        cmocka_unit_test(every_run_of_every_domain_has_the_values_of_the_polynomial),
        cmocka_unit_test(every_kernel_transforms_alike_at_every_size),
        cmocka_unit_test(columns_extend_alike_with_any_number_of_threads),
        cmocka_unit_test(weights_give_the_value_at_a_point_without_coefficients),
        cmocka_unit_test(the_main_trace_extends_as_in_the_reference),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
