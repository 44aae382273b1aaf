/* SPDX-License-Identifier: Apache-2.0 */
/* The domain kernels against the point reader, row by row on random columns. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "prover/air/chips/columns.h"
#include "tests/prover/air/chips/example.h"

#define CONSTRAINTS (MAIN_RULES + MAIN_FRACTIONS)
#define LOG         10

/* More than a tile (512), and a part of one. */
#define BEGIN ((size_t)16)
#define END   ((size_t)592)

struct domain {
    void *memory;
    struct component_columns columns;
    m31 *sum[4], *degree4[4];
    struct relations relations;
    qm31 weight[CONSTRAINTS];
    qm31 shift;
};

static m31 random_m31(struct prng *prng)
{
    return (m31){(uint32_t)prng_below(prng, M31_P)};
}

static qm31 random_qm31(struct prng *prng)
{
    return (qm31){{random_m31(prng), random_m31(prng), random_m31(prng), random_m31(prng)}};
}

/* Values at the edge are what overflows are made of. */
static m31 random_cell(struct prng *prng)
{
    static const uint32_t edge[] = {0, 1, M31_P - 1, M31_P - 2};

    return prng_below(prng, 4) ? random_m31(prng) : (m31){edge[prng_below(prng, 4)]};
}

static struct matrix random_matrix(struct arena *arena, size_t columns, struct prng *prng)
{
    struct matrix m = matrix_take(arena, columns, LOG);

    for (size_t i = 0; i < columns * m.stride; i++)
        m.cells[i] = random_cell(prng);
    return m;
}

static void fill_all(struct matrix m, m31 value)
{
    for (size_t i = 0; i < m.columns * m.stride; i++)
        m.cells[i] = value;
}

static void domain_init(struct domain *d, uint64_t seed)
{
    struct arena_plan plan = {0};
    struct matrix extra, out;
    struct prng prng = prng_of(seed);
    struct arena arena;
    size_t bytes;

    matrix_plan(&plan, MAIN_PREPROCESSED, LOG);
    matrix_plan(&plan, MAIN_TRACE, LOG);
    matrix_plan(&plan, 4 * MAIN_FRACTIONS, LOG);
    matrix_plan(&plan, MAIN_NEXT_COUNT + 4, LOG);
    matrix_plan(&plan, 8, LOG);
    assert_int_equal(arena_plan_bytes(&plan, &bytes, NULL), ST_OK);
    d->memory = aligned_alloc(ARENA_ALIGN, bytes);
    arena = arena_of(d->memory, bytes);
    d->columns.preprocessed = random_matrix(&arena, MAIN_PREPROCESSED, &prng);
    d->columns.trace = random_matrix(&arena, MAIN_TRACE, &prng);
    d->columns.interaction = random_matrix(&arena, 4 * MAIN_FRACTIONS, &prng);
    extra = random_matrix(&arena, MAIN_NEXT_COUNT + 4, &prng);
    for (unsigned i = 0; i < MAIN_NEXT_COUNT; i++)
        d->columns.next[i] = matrix_column(&extra, i);
    for (unsigned i = 0; i < 4; i++)
        d->columns.previous[i] = matrix_column(&extra, MAIN_NEXT_COUNT + i);
    out = random_matrix(&arena, 8, &prng);
    for (unsigned i = 0; i < 4; i++) {
        d->sum[i] = matrix_column(&out, i);
        d->degree4[i] = matrix_column(&out, 4 + i);
    }
    for (unsigned i = 0; i < RELATION_COUNT; i++) {
        d->relations.of[i].z = random_qm31(&prng);
        for (unsigned j = 0; j < RELATION_MAX_SIZE; j++)
            d->relations.of[i].power[j] = random_qm31(&prng);
    }
    for (unsigned i = 0; i < CONSTRAINTS; i++)
        d->weight[i] = (qm31){{random_cell(&prng), random_cell(&prng), random_cell(&prng),
                               random_cell(&prng)}};
    d->shift = random_qm31(&prng);
}

/* Everything is p - 1: no sum of products can be larger. */
static void domain_init_largest(struct domain *d)
{
    m31 top = {M31_P - 1};
    qm31 all = {{top, top, top, top}};

    domain_init(d, 1);
    fill_all(d->columns.preprocessed, top);
    fill_all(d->columns.trace, top);
    fill_all(d->columns.interaction, top);
    for (size_t k = 0; k < MAIN_NEXT_COUNT; k++)
        d->columns.next[k] = matrix_column(&d->columns.trace, 0);
    for (size_t k = 0; k < 4; k++)
        d->columns.previous[k] = matrix_column(&d->columns.preprocessed, 0);
    for (unsigned i = 0; i < RELATION_COUNT; i++) {
        d->relations.of[i].z = all;
        for (unsigned j = 0; j < RELATION_MAX_SIZE; j++)
            d->relations.of[i].power[j] = all;
    }
    for (unsigned i = 0; i < CONSTRAINTS; i++)
        d->weight[i] = all;
    d->shift = all;
}

static struct component_weights weights_of(const struct domain *d)
{
    return (struct component_weights){
        .weight = d->weight, .relations = &d->relations, .shift = d->shift};
}

/* ---- what the point reader says ---- */

struct expected {
    const struct domain *domain;
    const uint8_t *degree; /* of each constraint */
    qm31 sum, degree4;
};

/* Constraints of degree 1 are left out: they vanish on the domain (stark.md 14.2). */
static void weigh(void *context, unsigned number, qm31 value)
{
    struct expected *e = context;
    qm31 term = qm31_mul(e->domain->weight[number], value);

    if (e->degree[number] > 1)
        e->sum = qm31_add(e->sum, term);
    if (e->degree[number] == 4)
        e->degree4 = qm31_add(e->degree4, term);
}

static void gather(qm31 *out, const struct matrix *m, size_t row)
{
    for (size_t i = 0; i < m->columns; i++)
        out[i] = qm31_of_m31(matrix_column(m, i)[row]);
}

static struct expected expect(const struct domain *d, const uint8_t *degree, size_t row)
{
    struct expected e = {.domain = d, .degree = degree};
    qm31 preprocessed[MAIN_PREPROCESSED], trace[MAIN_TRACE], interaction[4 * MAIN_FRACTIONS];
    struct component_samples s = {
        .preprocessed = preprocessed, .trace = trace, .interaction = interaction};

    gather(preprocessed, &d->columns.preprocessed, row);
    gather(trace, &d->columns.trace, row);
    gather(interaction, &d->columns.interaction, row);
    for (unsigned i = 0; i < MAIN_NEXT_COUNT; i++)
        s.next[i] = qm31_of_m31(d->columns.next[i][row]);
    for (unsigned i = 0; i < 4; i++)
        s.previous[i] = qm31_of_m31(d->columns.previous[i][row]);
    main_at_point(&s, &d->relations, d->shift, weigh, &e);
    return e;
}

static void read_degrees(uint8_t degree[static CONSTRAINTS])
{
    struct csv *c = golden_csv("air-main/constraints.csv");

    memset(degree, 2, CONSTRAINTS);
    for (size_t i = 0; i < c->rows; i++)
        degree[i] = (uint8_t)csv_u32(c, i, "degree");
    csv_free(c);
}

static qm31 cell(m31 *const columns[4], size_t row)
{
    return (qm31){{columns[0][row], columns[1][row], columns[2][row], columns[3][row]}};
}

static void check_row(const char *kernel, const char *what, size_t row, qm31 got, qm31 want)
{
    if (!qm31_eq(got, want))
        test_fail("%s: %s in row %zu: (%u, %u, %u, %u) instead of (%u, %u, %u, %u)", kernel, what,
                  row, got.c[0].v, got.c[1].v, got.c[2].v, got.c[3].v, want.c[0].v, want.c[1].v,
                  want.c[2].v, want.c[3].v);
}

static void check_untouched(const struct domain *d, qm31 first, qm31 last)
{
    assert_true(qm31_eq(cell(d->sum, BEGIN - 1), first));
    assert_true(qm31_eq(cell(d->sum, END), last));
}

static void check_domain(const struct domain *d)
{
    qm31 first = cell(d->sum, BEGIN - 1), last = cell(d->sum, END);
    struct component_weights w = weights_of(d);
    uint8_t degree[CONSTRAINTS];

    read_degrees(degree);
    for (int id = 0; id < KERNEL_COUNT; id++) {
        struct exec exec = {.kernel = (enum kernel_id)id};

        if (!kernel_supported(exec.kernel))
            continue;
        main_rows(&exec, d->sum, d->degree4, &d->columns, &w, BEGIN, END);
        check_untouched(d, first, last);
        for (size_t row = BEGIN; row < END; row++) {
            struct expected e = expect(d, degree, row);

            check_row(kernel_name(exec.kernel), "sum", row, cell(d->sum, row), e.sum);
            check_row(kernel_name(exec.kernel), "degree 4", row, cell(d->degree4, row), e.degree4);
        }
    }
}

static void every_kernel_sums_the_rules_as_the_point_reader_does(void **state)
{
    struct domain d;

    (void)state;
    domain_init(&d, 7);
    check_domain(&d);
    free(d.memory);
}

static void the_largest_values_do_not_overflow(void **state)
{
    m31 top = {M31_P - 1};
    struct domain d;

    (void)state;
    domain_init_largest(&d);
    check_domain(&d);
    free(d.memory);
    domain_init(&d, 3); /* with these weights one fold too few is seen in every tile */
    for (unsigned i = 0; i < CONSTRAINTS; i++)
        d.weight[i] = (qm31){{top, top, top, top}};
    check_domain(&d);
    free(d.memory);
}

static void the_part_of_degree_4_may_be_left_out(void **state)
{
    struct exec exec = {.kernel = kernel_best()};
    struct component_weights w;
    struct domain d;
    qm31 with[END];

    (void)state;
    domain_init(&d, 8);
    w = weights_of(&d);
    main_rows(&exec, d.sum, d.degree4, &d.columns, &w, BEGIN, END);
    for (size_t row = BEGIN; row < END; row++)
        with[row] = cell(d.sum, row);
    main_rows(&exec, d.sum, NULL, &d.columns, &w, BEGIN, END);
    for (size_t row = BEGIN; row < END; row++)
        assert_true(qm31_eq(cell(d.sum, row), with[row]));
    free(d.memory);
}

/* From 63 columns: the others are not even given. */
static void the_part_of_degree_4_alone_is_the_same(void **state)
{
    const m31 *columns[MAIN_DEGREE4_COLUMNS];
    struct component_weights w;
    struct domain d;

    (void)state;
    domain_init(&d, 9);
    w = weights_of(&d);
    for (unsigned i = 0; i < MAIN_DEGREE4_COLUMNS; i++) {
        assert_true(i == 0 || main_degree4_columns[i - 1] < main_degree4_columns[i]);
        columns[i] = matrix_column(&d.columns.trace, main_degree4_columns[i]);
    }
    for (int id = 0; id < KERNEL_COUNT; id++) {
        struct exec exec = {.kernel = (enum kernel_id)id};

        if (!kernel_supported(exec.kernel))
            continue;
        main_rows(&exec, d.sum, d.degree4, &d.columns, &w, BEGIN, END);
        main_degree4_rows(&exec, d.sum, columns, &w, BEGIN, END);
        for (size_t row = BEGIN; row < END; row++)
            check_row(kernel_name(exec.kernel), "degree 4 alone", row, cell(d.sum, row),
                      cell(d.degree4, row));
    }
    free(d.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_sums_the_rules_as_the_point_reader_does),
        cmocka_unit_test(the_largest_values_do_not_overflow),
        cmocka_unit_test(the_part_of_degree_4_may_be_left_out),
        cmocka_unit_test(the_part_of_degree_4_alone_is_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
