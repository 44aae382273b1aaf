/* SPDX-License-Identifier: Apache-2.0 */
/* Every rule by its number: values, degrees, and that filled traces satisfy them. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "prover/air/chips/columns.h"
#include "prover/circle/order.h"
#include "tests/prover/air/chips/example.h"

#define CONSTRAINTS (MAIN_RULES + MAIN_FRACTIONS)

/* A point: what a component is sampled at, with room of its own. */
struct point {
    qm31 preprocessed[MAIN_PREPROCESSED], trace[MAIN_TRACE], interaction[4 * MAIN_FRACTIONS];
    qm31 next[MAIN_NEXT_COUNT];
    struct relations relations;
};

struct values {
    qm31 of[CONSTRAINTS];
    unsigned count;
};

static const unsigned next_column[MAIN_NEXT_COUNT] = {PC, PC + 1, PC + 2, PC + 3, IS_PADDING};

static void collect(void *context, unsigned number, qm31 value)
{
    struct values *v = context;

    assert_int_equal(number, v->count); /* in order, none left out */
    v->of[v->count++] = value;
}

static void evaluate(struct values *v, const struct point *p)
{
    struct component_samples s = {
        .preprocessed = p->preprocessed, .trace = p->trace, .interaction = p->interaction};

    memcpy(s.next, p->next, sizeof s.next);
    v->count = 0;
    main_at_point(&s, &p->relations, QM31_ZERO, collect, v);
    assert_int_equal(v->count, CONSTRAINTS);
}

/* ---- air-main.md 10.1 ---- */

static qm31 identity_value(unsigned tree, unsigned column, unsigned offset)
{
    m31 s = {1 + column + 1000 * tree + 5000 * offset};
    m31 v = m31_add(m31_mul((m31){123456789}, m31_mul(s, s)), m31_mul((m31){987654321}, s));

    return qm31_of_m31(m31_add(v, (m31){55555}));
}

/* S_k = k: every step is 1, so that the constraint of F_k is denominator - numerator. With S = 0 it
 * is -numerator. */
static void identity_point(struct point *p, bool steps)
{
    memset(p, 0, sizeof *p);
    for (unsigned i = 0; i < MAIN_PREPROCESSED; i++)
        p->preprocessed[i] = identity_value(0, i, 0);
    for (unsigned i = 0; i < MAIN_TRACE; i++)
        p->trace[i] = identity_value(1, i, 0);
    for (unsigned i = 0; i < MAIN_NEXT_COUNT; i++)
        p->next[i] = identity_value(1, next_column[i], 1);
    for (unsigned k = 0; steps && k < MAIN_FRACTIONS; k++)
        p->interaction[4 * k] = qm31_of_m31((m31){k + 1});
    for (unsigned i = 0; i < RELATION_COUNT; i++) {
        struct relation *r = &p->relations.of[i];

        r->z = qm31_of_m31((m31){87654321});
        r->power[0] = QM31_ONE;
        for (unsigned j = 1; j < RELATION_MAX_SIZE; j++)
            r->power[j] = qm31_mul_m31(r->power[j - 1], (m31){12345678});
    }
}

static void every_rule_has_the_value_of_the_specification(void **state)
{
    struct csv *c = golden_csv("air-main/constraints.csv");
    struct point p;
    struct values v;

    (void)state;
    assert_int_equal(c->rows, MAIN_RULES);
    identity_point(&p, false);
    evaluate(&v, &p);
    for (size_t i = 0; i < c->rows; i++)
        if (!qm31_eq(v.of[i], qm31_of_m31((m31){csv_u32(c, i, "test_value")})))
            test_fail("C%zu %s: %u instead of %s", i + 1, csv_cell(c, i, "formula"),
                      v.of[i].c[0].v, csv_cell(c, i, "test_value"));
    csv_free(c);
}

static void every_fraction_has_the_values_of_the_specification(void **state)
{
    struct csv *c = golden_csv("air-main/lookups.csv");
    struct values zero, one;
    struct point p;

    (void)state;
    assert_int_equal(c->rows, MAIN_FRACTIONS);
    identity_point(&p, false);
    evaluate(&zero, &p);
    identity_point(&p, true);
    evaluate(&one, &p);
    for (size_t i = 0; i < c->rows; i++) {
        qm31 n = qm31_neg(zero.of[MAIN_RULES + i]);
        qm31 d = qm31_add(one.of[MAIN_RULES + i], n);

        if (!qm31_eq(n, qm31_of_m31((m31){csv_u32(c, i, "test_numerator")})) ||
            !qm31_eq(d, qm31_of_m31((m31){csv_u32(c, i, "test_denominator")})))
            test_fail("F%zu %s / %s: %u / %u", i + 1, csv_cell(c, i, "numerator"),
                      csv_cell(c, i, "tuple"), n.c[0].v, d.c[0].v);
    }
    csv_free(c);
}

/* ---- degrees ---- */

static m31 random_m31(struct prng *prng)
{
    return (m31){(uint32_t)prng_below(prng, M31_P)};
}

static qm31 random_qm31(struct prng *prng)
{
    return (qm31){{random_m31(prng), random_m31(prng), random_m31(prng), random_m31(prng)}};
}

static void random_point(struct point *p, struct prng *prng)
{
    for (unsigned i = 0; i < RELATION_COUNT; i++) {
        p->relations.of[i].z = random_qm31(prng);
        for (unsigned j = 0; j < RELATION_MAX_SIZE; j++)
            p->relations.of[i].power[j] = random_qm31(prng);
    }
    for (unsigned i = 0; i < MAIN_PREPROCESSED; i++)
        p->preprocessed[i] = random_qm31(prng);
    for (unsigned i = 0; i < MAIN_TRACE; i++)
        p->trace[i] = random_qm31(prng);
    for (unsigned i = 0; i < 4 * MAIN_FRACTIONS; i++)
        p->interaction[i] = random_qm31(prng);
    for (unsigned i = 0; i < MAIN_NEXT_COUNT; i++)
        p->next[i] = random_qm31(prng);
}

static void step(qm31 *values, const qm31 *direction, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = qm31_add(values[i], direction[i]);
}

/* On a line a polynomial of degree d has d-th differences that are constant and not 0. */
static void every_rule_has_the_degree_of_the_specification(void **state)
{
    enum { POINTS = 6 };
    struct csv *c = golden_csv("air-main/constraints.csv");
    static struct values v[POINTS];
    static struct point p, q;
    struct prng prng;
    unsigned with_degree[5] = {0};

    (void)state;
    prng = prng_of(1);
    random_point(&p, &prng);
    random_point(&q, &prng);
    for (unsigned t = 0; t < POINTS; t++) {
        evaluate(&v[t], &p);
        step(p.preprocessed, q.preprocessed, MAIN_PREPROCESSED);
        step(p.trace, q.trace, MAIN_TRACE);
        step(p.interaction, q.interaction, 4 * MAIN_FRACTIONS);
        step(p.next, q.next, MAIN_NEXT_COUNT);
    }
    for (unsigned i = 0; i < CONSTRAINTS; i++) {
        uint32_t want = i < MAIN_RULES ? csv_u32(c, i, "degree") : 2;
        unsigned degree = POINTS - 1;
        qm31 d[POINTS];

        for (unsigned t = 0; t < POINTS; t++)
            d[t] = v[t].of[i];
        for (unsigned k = 1; k < POINTS; k++) { /* d[t] becomes the k-th difference */
            bool all_zero = true;

            for (unsigned t = 0; t + k < POINTS; t++) {
                d[t] = qm31_sub(d[t + 1], d[t]);
                all_zero = all_zero && qm31_is_zero(d[t]);
            }
            if (all_zero) {
                degree = k - 1;
                break;
            }
        }
        if (degree != want)
            test_fail("C%u has degree %u instead of %u", i + 1, degree, want);
        with_degree[degree] += i < MAIN_RULES;
    }
    assert_int_equal(with_degree[1], 12);
    assert_int_equal(with_degree[2], 252);
    assert_int_equal(with_degree[3], 148);
    assert_int_equal(with_degree[4], 37);
    csv_free(c);
}

/* ---- filled traces ---- */

static void point_of_row(struct point *p, const struct example *e, size_t stored)
{
    size_t next = 0;

    while (order_row(EXAMPLE_LOG, next) != (order_row(EXAMPLE_LOG, stored) + 1) % EXAMPLE_ROWS)
        next++;
    memset(p, 0, sizeof *p);
    for (unsigned i = 0; i < MAIN_PREPROCESSED; i++)
        p->preprocessed[i] = qm31_of_m31(matrix_column(&e->preprocessed, i)[stored]);
    for (unsigned i = 0; i < MAIN_TRACE; i++)
        p->trace[i] = qm31_of_m31(matrix_column(&e->trace, i)[stored]);
    for (unsigned i = 0; i < MAIN_NEXT_COUNT; i++)
        p->next[i] = qm31_of_m31(matrix_column(&e->trace, next_column[i])[next]);
}

static unsigned broken_rules(const struct point *p)
{
    static struct values v;
    unsigned broken = 0;

    evaluate(&v, p);
    for (unsigned i = 0; i < MAIN_RULES; i++)
        broken += !qm31_is_zero(v.of[i]);
    return broken;
}

/* The two JALR rows with odd targets are a filling test only, but satisfy the rules too. */
static void the_example_trace_satisfies_every_rule_in_every_row(void **state)
{
    struct pool *pool = test_pool(1);
    static struct point p;
    struct example e;

    (void)state;
    example_init(&e);
    assert_int_equal(example_fill(&e, pool, NULL), ST_OK);
    for (size_t i = 0; i < EXAMPLE_ROWS; i++) {
        point_of_row(&p, &e, i);
        assert_int_equal(broken_rules(&p), 0);
    }
    example_fini(&e);
    pool_free(pool);
}

/* Some columns stand in no plain rule: lookups alone hold them, or nothing does. */
static void a_changed_cell_breaks_a_rule(void **state)
{
    static const struct {
        unsigned first, count;
    } in_no_rule[] = {
        {PREV_CTR, 4},   {FINAL_PRG_MEMORY_CTR, 4}, {VALUE_A4_7, 4},  {VALUE_B4_7, 4},
        {VALUE_C4_7, 4}, {HELPER2 + 2, 1},          {HELPER4, 1},     {HELPER4 + 2, 1},
    };
    struct pool *pool = test_pool(1);
    static struct point p;
    struct example e;

    (void)state;
    example_init(&e);
    assert_int_equal(example_fill(&e, pool, NULL), ST_OK);
    for (unsigned column = 0; column < MAIN_TRACE; column++) {
        unsigned noticed = 0;
        bool free_column = false;

        for (size_t i = 0; i < sizeof in_no_rule / sizeof *in_no_rule; i++)
            free_column = free_column || column - in_no_rule[i].first < in_no_rule[i].count;
        for (size_t i = 0; i < EXAMPLE_ROWS && !noticed; i++) {
            point_of_row(&p, &e, i);
            p.trace[column] = qm31_add(p.trace[column], QM31_ONE);
            noticed = broken_rules(&p);
        }
        if (!noticed != free_column)
            test_fail("column %u: %s", column, noticed ? "noticed" : "not noticed");
    }
    example_fini(&e);
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_the_value_of_the_specification),
        cmocka_unit_test(every_fraction_has_the_values_of_the_specification),
        cmocka_unit_test(every_rule_has_the_degree_of_the_specification),
        cmocka_unit_test(the_example_trace_satisfies_every_rule_in_every_row),
        cmocka_unit_test(a_changed_cell_breaks_a_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
