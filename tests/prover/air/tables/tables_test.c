/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "tests/prover/air/tables/tables_fixture.h"

#define MAX_CONSTRAINTS 17
#define MAX_ROWS        ((size_t)1 << 12)

/* Entries, initial bytes and output bytes of a RAM map. */
static const struct ram_case {
    size_t entries, initial, outputs;
} ram_cases[] = {
    {0, 0, 0},     /* nothing touched */
    {1, 1, 0},     /* no output bytes */
    {15, 8, 4},
    {16, 12, 4},   /* exactly full, also with public bytes */
    {17, 3, 4},    /* one more than fits */
    {32, 8, 24},   /* as long as FinalReg */
    {128, 100, 8}, /* as long as Multiplicity128 */
    {256, 8, 4},   /* as long as BitOp */
    {300, 8, 4},
    {4096, 1000, 40},
};

#define RAM_CASES (sizeof ram_cases / sizeof *ram_cases)

static void init_case(struct fixture *f, const struct ram_case *c, enum kernel_id kernel,
                      unsigned threads)
{
    fixture_init(f, kernel, threads, ram_log_rows(c->entries));
    fixture_random(f, c->entries, c->entries, c->initial, c->outputs);
}

static struct component_weights random_weights(qm31 weight[MAX_CONSTRAINTS], struct prng *p)
{
    for (int i = 0; i < MAX_CONSTRAINTS; i++)
        for (int j = 0; j < 4; j++)
            weight[i].c[j].v = (uint32_t)prng_below(p, M31_P);
    return (struct component_weights){.weight = weight};
}

/* Where the row before the one at `stored` is stored, in coset order (components.md 1.2). */
static size_t previous_row(size_t stored, unsigned log_rows)
{
    size_t rows = (size_t)1 << log_rows, natural = 0, coset, before = 0;

    for (unsigned bit = 0; bit < log_rows; bit++)
        natural |= (stored >> bit & 1) << (log_rows - 1 - bit);
    coset = natural < rows / 2 ? 2 * natural : rows - 1 - 2 * (natural - rows / 2);
    coset = (coset + rows - 1) % rows;
    natural = coset % 2 == 0 ? coset / 2 : rows / 2 + (rows - 1 - coset) / 2;
    for (unsigned bit = 0; bit < log_rows; bit++)
        before |= (natural >> bit & 1) << (log_rows - 1 - bit);
    return before;
}

/* The weighted constraints of each row of the trace itself, where they must vanish. */
static void sums_on_trace(const struct fixture *f, enum component_id id, m31 *const sum[4])
{
    const struct table_columns *t = &f->table[id];
    size_t rows = (size_t)1 << t->log_rows, first = t->tree[TREE_INTERACTION].columns - 4;
    m31 *previous = malloc(4 * rows * sizeof *previous);
    qm31 weight[MAX_CONSTRAINTS];
    struct prng p = prng_of(77);
    struct component_weights weights = random_weights(weight, &p);
    struct component_columns columns = {.preprocessed = t->tree[TREE_PREPROCESSED],
                                        .trace = t->tree[TREE_TRACE],
                                        .interaction = t->tree[TREE_INTERACTION]};

    weights.relations = &f->relations;
    weights.shift = qm31_mul_m31(t->claimed_sum, m31_inv_pow2(t->log_rows));
    for (size_t i = 0; i < 4; i++) {
        columns.previous[i] = previous + i * rows;
        for (size_t row = 0; row < rows; row++)
            previous[i * rows + row] = matrix_column(
                &t->tree[TREE_INTERACTION], first + i)[previous_row(row, t->log_rows)];
    }
    table_rows(&f->exec, id, sum, &columns, &weights, 0, rows);
    free(previous);
}

static bool row_is_zero(m31 *const sum[4], size_t row)
{
    return (sum[0][row].v | sum[1][row].v | sum[2][row].v | sum[3][row].v) == 0;
}

static void constraints_vanish_on_every_row_of_a_good_trace(void **state)
{
    static m31 cells[4][MAX_ROWS];
    m31 *const sum[4] = {cells[0], cells[1], cells[2], cells[3]};

    (void)state;
    for (size_t i = 0; i < RAM_CASES; i++) {
        struct fixture f;

        init_case(&f, &ram_cases[i], kernel_best(), 2);
        fixture_build(&f);
        for (int id = COMPONENT_FINAL_REG; id < COMPONENT_COUNT; id++) {
            memset(cells, 1, sizeof cells);
            sums_on_trace(&f, (enum component_id)id, sum);
            for (size_t row = 0; row < (size_t)1 << f.table[id].log_rows; row++)
                assert_true(row_is_zero(sum, row));
        }
        fixture_fini(&f);
    }
}

static void every_changed_cell_breaks_its_row(void **state)
{
    static m31 cells[4][MAX_ROWS];
    m31 *const sum[4] = {cells[0], cells[1], cells[2], cells[3]};
    const size_t row = 3; /* an initialised byte, a register, a nibble pair, a range value */
    struct fixture f;

    (void)state;
    init_case(&f, &ram_cases[2], KERNEL_PORTABLE, 1);
    fixture_build(&f);
    for (int id = COMPONENT_FINAL_REG; id < COMPONENT_COUNT; id++) {
        for (int tree = 0; tree < TREE_COUNT; tree++) {
            struct matrix *m = &f.table[id].tree[tree];

            for (size_t column = 0; column < m->columns; column++) {
                m31 *cell = matrix_column(m, column) + row, kept = *cell;

                if (id == COMPONENT_RAM && tree == TREE_PREPROCESSED && column >= 6)
                    continue; /* output columns: the next test */
                *cell = m31_add(kept, M31_ONE);
                sums_on_trace(&f, (enum component_id)id, sum);
                assert_false(row_is_zero(sum, row));
                *cell = kept;
            }
        }
    }
    fixture_fini(&f);
}

static void a_changed_output_byte_breaks_its_row(void **state)
{
    static m31 cells[4][MAX_ROWS];
    m31 *const sum[4] = {cells[0], cells[1], cells[2], cells[3]};
    struct fixture f;
    size_t row;

    (void)state;
    init_case(&f, &ram_cases[2], KERNEL_PORTABLE, 1);
    row = f.view.initial_count + 1;
    f.view.output[1].value ^= 1;
    fixture_build(&f);
    sums_on_trace(&f, COMPONENT_RAM, sum);
    assert_false(row_is_zero(sum, row));
    assert_true(row_is_zero(sum, row - 1) && row_is_zero(sum, row + 1));
    fixture_fini(&f);
}

/* ---- kernels against the reading at a point ---- */

struct weighted_sum {
    const struct component_weights *weights;
    qm31 sum;
};

static void add_weighted(void *context, unsigned number, qm31 value)
{
    struct weighted_sum *s = context;

    s->sum = qm31_add(s->sum, qm31_mul(s->weights->weight[number], value));
}

static qm31 sum_at_point(enum component_id id, const struct component_columns *columns,
                         const struct component_weights *weights, size_t row)
{
    const struct matrix *const tree[TREE_COUNT] = {&columns->preprocessed, &columns->trace,
                                                   &columns->interaction};
    qm31 cells[TREE_COUNT][44];
    struct component_samples samples = {
        .preprocessed = cells[0], .trace = cells[1], .interaction = cells[2]};
    struct weighted_sum s = {.weights = weights, .sum = QM31_ZERO};

    for (int t = 0; t < TREE_COUNT; t++)
        for (size_t i = 0; i < tree[t]->columns; i++)
            cells[t][i] = qm31_of_m31(matrix_column(tree[t], i)[row]);
    for (int i = 0; i < 4; i++)
        samples.previous[i] = qm31_of_m31(columns->previous[i][row]);
    table_at_point(id, &samples, weights->relations, weights->shift, add_weighted, &s);
    return s.sum;
}

/* Cells without any meaning, the largest element among them; the domain of 16 rows has 32. */
static void rows_on_a_domain_are_the_rules_at_a_point(void **state)
{
    enum { ROWS = 64 };
    static m31 cells[44 + 10 + 8 + 4][ROWS], got[4][ROWS];
    m31 *const sum[4] = {got[0], got[1], got[2], got[3]};
    struct prng p = prng_of(5);
    struct fixture f;
    qm31 weight[MAX_CONSTRAINTS];
    struct component_weights weights = random_weights(weight, &p);

    (void)state;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        for (size_t row = 0; row < ROWS; row++)
            cells[i][row].v = prng_chance(&p, 0.1) ? M31_P - 1 : (uint32_t)prng_below(&p, M31_P);
    fixture_init(&f, KERNEL_PORTABLE, 1, 4);
    fixture_random(&f, 9, 0, 0, 0);
    weights.relations = &f.relations;
    weights.shift = qm31_of(1, M31_P - 1, 3, 4);
    for (int i = COMPONENT_FINAL_REG; i < COMPONENT_COUNT; i++) {
        enum component_id id = (enum component_id)i;
        const struct matrix all = {.cells = cells[0], .stride = ROWS, .log_rows = 6};
        struct component_columns columns = {
            .preprocessed = matrix_slice(all, 0, component_column_count(id, TREE_PREPROCESSED)),
            .trace = matrix_slice(all, 8, component_column_count(id, TREE_TRACE)),
            .interaction = matrix_slice(all, 18, component_column_count(id, TREE_INTERACTION)),
            .previous = {cells[62], cells[63], cells[64], cells[65]}};

        for (int kernel = 0; kernel < KERNEL_COUNT; kernel++) {
            f.exec.kernel = (enum kernel_id)kernel;
            if (!kernel_supported(f.exec.kernel))
                continue;
            memset(got, 0xff, sizeof got);
            table_rows(&f.exec, id, sum, &columns, &weights, 16, 48);
            for (size_t row = 0; row < ROWS; row++) {
                qm31 want = sum_at_point(id, &columns, &weights, row);

                for (int c = 0; c < 4; c++)
                    assert_int_equal(got[c][row].v,
                                     row >= 16 && row < 48 ? want.c[c].v : UINT32_MAX);
            }
        }
    }
    fixture_fini(&f);
}

/* ---- filling ---- */

static void kernels_and_threads_do_not_change_a_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < RAM_CASES; i++) {
        struct fixture want;

        init_case(&want, &ram_cases[i], KERNEL_PORTABLE, 1);
        fixture_build(&want);
        for (int kernel = 0; kernel < KERNEL_COUNT; kernel++) {
            struct fixture got;

            if (!kernel_supported((enum kernel_id)kernel))
                continue;
            init_case(&got, &ram_cases[i], (enum kernel_id)kernel, 3);
            fixture_build(&got);
            assert_memory_equal(&got.note.range256, &want.note.range256,
                                sizeof want.note.range256);
            for (int id = COMPONENT_FINAL_REG; id < COMPONENT_COUNT; id++) {
                assert_true(qm31_eq(got.table[id].claimed_sum, want.table[id].claimed_sum));
                for (int tree = 0; tree < TREE_COUNT; tree++) {
                    const struct matrix *a = &got.table[id].tree[tree];
                    const struct matrix *b = &want.table[id].tree[tree];

                    for (size_t column = 0; column < a->columns; column++)
                        assert_memory_equal(matrix_column(a, column), matrix_column(b, column),
                                            matrix_rows(a) * sizeof(m31));
                }
            }
            fixture_fini(&got);
        }
        fixture_fini(&want);
    }
}

static void ram_counts_nine_bytes_of_every_row_padding_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < RAM_CASES; i++) {
        struct fixture f;
        uint64_t before = 0, after = 0;

        init_case(&f, &ram_cases[i], KERNEL_PORTABLE, 2);
        for (size_t v = 0; v < 256; v++)
            before += f.note.range256[v];
        table_fill(&f.exec, COMPONENT_RAM, f.table[COMPONENT_RAM].tree[TREE_TRACE],
                   f.table[COMPONENT_RAM].log_rows, &f.note);
        for (size_t v = 0; v < 256; v++)
            after += f.note.range256[v];
        assert_int_equal(after - before, (uint64_t)9 << f.table[COMPONENT_RAM].log_rows);
        fixture_fini(&f);
    }
}

/* A multiplicity is a 32-bit count, a cell is the count mod p. */
static void counts_beyond_the_field_are_reduced(void **state)
{
    struct fixture f;
    const m31 *column;

    (void)state;
    init_case(&f, &ram_cases[0], KERNEL_PORTABLE, 1);
    f.note.range8[2] = M31_P;
    f.note.range8[7] = UINT32_MAX;
    fixture_build(&f);
    column = matrix_column(&f.table[COMPONENT_RANGE8].tree[TREE_TRACE], 0);
    assert_int_equal(column[2].v, 0);
    assert_int_equal(column[7].v, 1);
    for (size_t row = 8; row < 16; row++)
        assert_int_equal(column[row].v, 0);
    fixture_fini(&f);
}

static void more_public_bytes_than_rows_are_refused(void **state)
{
    static const struct {
        size_t initial, outputs;
        enum status st;
    } table[] = {{16, 0, ST_OK},      {0, 16, ST_OK},      {12, 4, ST_OK},
                 {12, 5, ST_INVALID}, {17, 0, ST_INVALID}, {0, 17, ST_INVALID}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct fixture f;
        struct why why = {""};

        fixture_init(&f, KERNEL_PORTABLE, 1, 4);
        fixture_random(&f, 1, 40, table[i].initial, table[i].outputs);
        assert_int_equal(table_preprocess(&f.exec, COMPONENT_RAM,
                                          f.table[COMPONENT_RAM].tree[TREE_PREPROCESSED], 4,
                                          &f.view, &why),
                         table[i].st);
        assert_int_equal(strstr(why.text, "RamInitFinal") != NULL, table[i].st == ST_INVALID);
        fixture_fini(&f);
    }
}

static void ram_rows_are_the_smallest_power_of_two_from_sixteen(void **state)
{
    static const struct {
        size_t entries;
        unsigned log;
    } table[] = {{0, 4},   {1, 4},   {16, 4},  {17, 5},
                 {32, 5},  {33, 6},  {256, 8}, {257, 9},
                 {(size_t)1 << 24, 24}, {((size_t)1 << 24) + 1, 25}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(ram_log_rows(table[i].entries), table[i].log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constraints_vanish_on_every_row_of_a_good_trace),
        cmocka_unit_test(every_changed_cell_breaks_its_row),
        cmocka_unit_test(a_changed_output_byte_breaks_its_row),
        cmocka_unit_test(rows_on_a_domain_are_the_rules_at_a_point),
        cmocka_unit_test(kernels_and_threads_do_not_change_a_byte),
        cmocka_unit_test(ram_counts_nine_bytes_of_every_row_padding_too),
        cmocka_unit_test(counts_beyond_the_field_are_reduced),
        cmocka_unit_test(more_public_bytes_than_rows_are_refused),
        cmocka_unit_test(ram_rows_are_the_smallest_power_of_two_from_sixteen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
