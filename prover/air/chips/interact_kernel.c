/* SPDX-License-Identifier: Apache-2.0 */
/* Interaction columns: the running sums of a row's fractions. */
#include "prover/air/chips/interact_plan.h"
#define TILE_ROWS 128
#include "prover/air/chips/tile.h"

#define TILE_VECTORS (TILE_ROWS / VEC_LANES)
#define MAX_INVERTED (INVERTED_COUNT * TILE_VECTORS)

/* ---- inverses of all denominators of a tile (Montgomery) ----
 *
 * q = A + B u has the inverse (A - B u) conj(D) / N with D = A^2 - (2 + i) B^2 in CM31 and
 * N = |D|^2 in M31. Only the N go through the chain of products. */

struct inverses {
    size_t count;
    qvec q[MAX_INVERTED];
    vec re[MAX_INVERTED], im[MAX_INVERTED]; /* D */
    vec norm[MAX_INVERTED], before[MAX_INVERTED];
};

static ALWAYS_INLINE void half_norm(vec *re, vec *im, const qvec *q)
{
    vec b_re, b_im;

    qvec_cmul(re, im, q->c[0], q->c[1], q->c[0], q->c[1]);
    qvec_cmul(&b_re, &b_im, q->c[2], q->c[3], q->c[2], q->c[3]);
    *re = vec_sub(*re, vec_sub(vec_double(b_re), b_im)); /* (2 + i)(x + yi) */
    *im = vec_sub(*im, vec_add(b_re, vec_double(b_im)));
}

static vec power_of_2(vec a, int times)
{
    while (times-- > 0)
        a = vec_mul(a, a);
    return a;
}

/* a^(p - 2): p - 2 is 29 ones, then 01, in binary. */
static vec inverse(vec a)
{
    vec ones2 = vec_mul(power_of_2(a, 1), a);
    vec ones4 = vec_mul(power_of_2(ones2, 2), ones2);
    vec ones8 = vec_mul(power_of_2(ones4, 4), ones4);
    vec ones16 = vec_mul(power_of_2(ones8, 8), ones8);
    vec ones24 = vec_mul(power_of_2(ones16, 8), ones8);
    vec ones28 = vec_mul(power_of_2(ones24, 4), ones4);
    vec ones29 = vec_mul(power_of_2(ones28, 1), a);

    return vec_mul(power_of_2(ones29, 2), a);
}

static NOINLINE void invert(struct inverses *s)
{
    vec product = vec_splat(M31_ONE);

    for (size_t i = 0; i < s->count; i++) {
        half_norm(&s->re[i], &s->im[i], &s->q[i]);
        s->norm[i] = wide_reduce(
            wide_madd(wide_madd(wide_zero(), s->re[i], s->re[i]), s->im[i], s->im[i]));
        s->before[i] = product;
        product = vec_mul(product, s->norm[i]);
    }
    product = inverse(product);
    for (size_t i = s->count; i-- > 0;) {
        vec over = vec_mul(product, s->before[i]);
        vec re = vec_mul(s->re[i], over), im = vec_neg(vec_mul(s->im[i], over)); /* conj(D) / N */
        qvec q = s->q[i];

        product = vec_mul(product, s->norm[i]);
        qvec_cmul(&s->q[i].c[0], &s->q[i].c[1], q.c[0], q.c[1], re, im);
        qvec_cmul(&s->q[i].c[2], &s->q[i].c[3], vec_neg(q.c[2]), vec_neg(q.c[3]), re, im);
    }
}

/* Fraction k of those with own denominators is at q[k * vectors of the tile + vector]. */
static NOINLINE void collect(struct inverses *s, const struct tile *t,
                             const struct interact_plan *plan)
{
    s->count = 0;
    for (unsigned k = 0; k < INVERTED_COUNT; k++)
        for (size_t row = 0; row < t->rows; row += VEC_LANES)
            s->q[s->count++] = form_value(t, &plan->denominator[k],
                                          &plan->term[plan->denominator[k].first], row);
}

/* ---- adding one fraction to the sums of the tile ---- */

struct sums {
    qvec of[TILE_VECTORS];
};

/* The table entries that the rows of a tile read, and whether they are all the same one: a fraction
 * that is off, a counter's upper byte. What is looked up stands in the table, or the trace is not
 * one that we filled. */
struct entries {
    m31 of[TILE_ROWS];
    bool same;
};

static ALWAYS_INLINE void compare_entries(struct entries *e, size_t rows, uint32_t size)
{
    uint32_t smallest = UINT32_MAX, largest = 0;

    for (size_t i = 0; i < rows; i++) {
        smallest = e->of[i].v < smallest ? e->of[i].v : smallest;
        largest = e->of[i].v > largest ? e->of[i].v : largest;
    }
    assert(largest <= size);
    e->same = smallest == largest;
}

static ALWAYS_INLINE vec element_value(const struct tile *t, const struct element *e, size_t row)
{
    vec x = vec_load(t->source[e->term[0].source] + row);

    /* The only second term is -16 times the high nibble of a byte. */
    return e->terms == 1 ? x
                         : vec_sub(x, vec_rotate(vec_load(t->source[e->term[1].source] + row), 4));
}

/* (key + 1) * numerator */
static ALWAYS_INLINE vec entry_of(const struct tile *t, const struct fraction *f, vec key,
                                  size_t row)
{
    vec entry = vec_add(key, vec_splat(M31_ONE));

    return f->numerator == NUMERATOR_ONE
               ? entry
               : vec_mul(entry, vec_load(t->source[f->numerator] + row));
}

static ALWAYS_INLINE vec key_of(const struct tile *t, const struct fraction *f, size_t row)
{
    if (f->relation != RELATION_BIT_OP)
        return element_value(t, &f->element[0], row);
    return vec_add(vec_rotate(element_value(t, &f->element[1], row), 4), /* 16 b + c */
                   element_value(t, &f->element[2], row));
}

static NOINLINE void looked_up_fraction(struct sums *sums, const struct tile *t,
                                        const struct fraction *f,
                                        const struct inverse_table *table,
                                        m31 *const out[static 4])
{
    struct entries e;
    qvec q = qvec_zero();

    for (size_t row = 0; row < t->rows; row += VEC_LANES)
        vec_store(e.of + row, entry_of(t, f, key_of(t, f, row), row));
    compare_entries(&e, t->rows, table->size);
    for (int i = 0; i < 4; i++)
        q.c[i] = vec_splat(table->of[i][e.of[0].v]);
    for (size_t row = 0; row < t->rows; row += VEC_LANES) {
        qvec *sum = &sums->of[row / VEC_LANES];

        if (!e.same)
            for (int i = 0; i < 4; i++)
                q.c[i] = vec_gather(table->of[i], vec_load(e.of + row));
        *sum = qvec_add(*sum, q);
        qvec_store(out, row, *sum);
    }
}

static NOINLINE void inverted_fraction(struct sums *sums, const struct tile *t,
                                       const struct fraction *f, const qvec *inverse_of,
                                       m31 *const out[static 4])
{
    for (size_t row = 0; row < t->rows; row += VEC_LANES) {
        qvec *sum = &sums->of[row / VEC_LANES];
        qvec q = qvec_mul_vec(inverse_of[row / VEC_LANES],
                              vec_load(t->source[f->numerator] + row));

        *sum = f->negative ? qvec_sub(*sum, q) : qvec_add(*sum, q);
        qvec_store(out, row, *sum);
    }
}

static void interact_tile(const struct interact_plan *plan, const struct tile *t,
                          const struct inverses *inverses, size_t first)
{
    size_t vectors = t->rows / VEC_LANES;
    struct sums sums;

    for (size_t i = 0; i < vectors; i++)
        sums.of[i] = qvec_zero();
    for (unsigned k = 0; k < MAIN_FRACTIONS; k++) {
        const struct fraction *f = &fractions[k];
        m31 *out[4];

        for (unsigned i = 0; i < 4; i++)
            out[i] = matrix_column(&plan->interaction, 4 * k + i) + first;
        if (f->relation == RELATION_BIT_OP)
            looked_up_fraction(&sums, t, f, &plan->bit_op[f->element[0].constant - 1], out);
        else if (f->relation < RELATION_RANGE8)
            inverted_fraction(&sums, t, f, &inverses->q[(k - INVERTED_FIRST) * vectors], out);
        else
            looked_up_fraction(&sums, t, f, &plan->range[f->relation], out);
    }
}

void KERNEL(interact) INTERACT_ARGUMENTS
{
    struct inverses inverses;
    struct tile t;

    for (size_t first = begin; first < end; first += TILE_ROWS) {
        tile_open(&t, plan->source, NULL, first,
                  end - first < TILE_ROWS ? end - first : TILE_ROWS);
        compute_virtual(&t);
        collect(&inverses, &t, plan);
        invert(&inverses);
        interact_tile(plan, &t, &inverses, first);
    }
}
