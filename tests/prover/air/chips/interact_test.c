/* SPDX-License-Identifier: Apache-2.0 */
/* Interaction columns against air-main.md 10.2. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "prover/air/chips/columns.h"
#include "prover/circle/order.h"
#include "tests/prover/air/chips/example.h"

struct interaction {
    struct example example;
    struct relations relations;
    void *memory;
    struct matrix columns;
    qm31 claimed_sum;
};

/* z = (1000 + m, …), alpha = (11 + m, …) for relation number m. */
static void specification_relations(struct relations *relations)
{
    for (uint32_t m = 0; m < RELATION_COUNT; m++)
        relations->of[m] = relation_of(qm31_of(1000 + m, 2000 + m, 3000 + m, 4000 + m),
                                       qm31_of(11 + m, 22 + m, 33 + m, 44 + m));
}

static void interaction_init(struct interaction *t, enum kernel_id kernel, unsigned threads)
{
    struct pool *pool = test_pool(threads);
    struct exec exec = {.kernel = kernel, .pool = pool};
    struct arena_plan plan = {0};
    struct arena arena;
    size_t bytes;

    memset(t, 0, sizeof *t);
    example_init(&t->example);
    assert_int_equal(example_fill(&t->example, pool, NULL), ST_OK);
    specification_relations(&t->relations);
    matrix_plan(&plan, 4 * MAIN_FRACTIONS, EXAMPLE_LOG);
    main_interact_plan(&plan, EXAMPLE_LOG);
    assert_int_equal(arena_plan_bytes(&plan, &bytes, NULL), ST_OK);
    t->memory = aligned_alloc(ARENA_ALIGN, bytes);
    memset(t->memory, 0xa5, bytes);
    arena = arena_of(t->memory, bytes);
    t->columns = matrix_take(&arena, 4 * MAIN_FRACTIONS, EXAMPLE_LOG);
    main_interact(&exec, t->columns, EXAMPLE_LOG, t->example.preprocessed, t->example.trace,
                  &t->relations, &t->claimed_sum, &arena);
    pool_free(pool);
}

static void interaction_fini(struct interaction *t)
{
    example_fini(&t->example);
    free(t->memory);
}

static void every_kernel_and_thread_count_gives_the_columns_of_the_specification(void **state)
{
    (void)state;
    for (int kernel = 0; kernel < KERNEL_COUNT; kernel++) {
        if (!kernel_supported((enum kernel_id)kernel))
            continue;
        for (unsigned threads = 1; threads <= 2; threads++) {
            struct interaction t;
            char hex[65];

            interaction_init(&t, (enum kernel_id)kernel, threads);
            assert_true(qm31_eq(t.claimed_sum,
                                qm31_of(546854497, 1524115153, 599080612, 1227576678)));
            columns_sha256(hex, t.columns);
            assert_string_equal(
                hex, "22995763c7f4a95d9cd61de122223611023cf8093a79afd91b16a2a727b4b75d");
            interaction_fini(&t);
        }
    }
}

static void the_listed_rows_have_the_values_of_the_specification(void **state)
{
    static const struct {
        const char *name;
        size_t row;
    } listed[] = {{"row0", 0}, {"row1", 1}, {"row174", 174}, {"row255", 255}};
    struct csv *c = golden_csv("air-main/interaction.csv");
    struct interaction t;

    (void)state;
    interaction_init(&t, kernel_best(), 1);
    assert_int_equal(c->rows, 4 * MAIN_FRACTIONS);
    for (size_t i = 0; i < c->rows; i++)
        for (size_t k = 0; k < 4; k++) {
            uint32_t got =
                matrix_column(&t.columns, i)[order_stored(EXAMPLE_LOG, listed[k].row)].v;

            if (got != csv_u32(c, i, listed[k].name))
                test_fail("column %zu %s: %u instead of %s", i, listed[k].name, got,
                          csv_cell(c, i, listed[k].name));
        }
    interaction_fini(&t);
    csv_free(c);
}

/* ---- with the point reader ---- */

static void gather(qm31 *out, const struct matrix *m, size_t row)
{
    for (size_t i = 0; i < m->columns; i++)
        out[i] = qm31_of_m31(matrix_column(m, i)[row]);
}

static void count_broken(void *context, unsigned number, qm31 value)
{
    unsigned *broken = context;

    broken[number >= MAIN_RULES] += !qm31_is_zero(value);
}

static void the_columns_satisfy_all_657_constraints_in_every_row(void **state)
{
    qm31 preprocessed[MAIN_PREPROCESSED], trace[MAIN_TRACE], interaction[4 * MAIN_FRACTIONS];
    struct component_samples s = {
        .preprocessed = preprocessed, .trace = trace, .interaction = interaction};
    unsigned broken[2] = {0, 0};
    struct interaction t;
    qm31 shift;

    (void)state;
    interaction_init(&t, kernel_best(), 1);
    shift = qm31_mul_m31(t.claimed_sum, m31_inv_pow2(EXAMPLE_LOG));
    for (size_t i = 0; i < EXAMPLE_ROWS; i++) {
        size_t next = order_neighbour(EXAMPLE_LOG, 0, i, 1);
        size_t previous = order_neighbour(EXAMPLE_LOG, 0, i, -1);

        gather(preprocessed, &t.example.preprocessed, i);
        gather(trace, &t.example.trace, i);
        gather(interaction, &t.columns, i);
        for (unsigned k = 0; k < MAIN_NEXT_COUNT; k++)
            s.next[k] =
                qm31_of_m31(matrix_column(&t.example.trace, main_next_columns[k])[next]);
        for (unsigned k = 0; k < 4; k++)
            s.previous[k] = qm31_of_m31(
                matrix_column(&t.columns, 4 * (MAIN_FRACTIONS - 1) + k)[previous]);
        main_at_point(&s, &t.relations, shift, count_broken, broken);
    }
    assert_int_equal(broken[0], 0);
    assert_int_equal(broken[1], 0);
    interaction_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_and_thread_count_gives_the_columns_of_the_specification),
        cmocka_unit_test(the_listed_rows_have_the_values_of_the_specification),
        cmocka_unit_test(the_columns_satisfy_all_657_constraints_in_every_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
