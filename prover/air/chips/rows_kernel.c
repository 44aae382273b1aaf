/* SPDX-License-Identifier: Apache-2.0 */
/* The weighted sum of all constraints on the rows of a domain. With transforms and hashing this is
 * where the prover's time goes. */
/* Long enough for the machine's prefetching in 1100 columns, short enough for the second cache:
 * at 2^13 rows 512 is 15 % faster than 128. */
#define TILE_ROWS 512
#include "prover/air/chips/tile.h"

#define RULE(n, value)  sum_rule(r, n, value)
#define RULE1(n, value) (pass_rule(r, n), (void)sizeof(value)) /* stark.md 14.2, 5 */
#define RULE4(n, value) (pass_rule(r, n), sum_rule4(r, n, value))

#include "prover/air/chips/rules.inc"

RULE_FUNCTIONS(RULE_GROUP)

/* ---- fractions (rows_plan.h) ---- */

/* S_{k-1} and S_k: columns of the tile's first row. before is NULL for the first fraction. */
struct steps {
    const m31 *before[4], *here[4], *previous[4];
    bool first, last;
    qvec shift;
};

/* d_k; for the last fraction S_208 - S_208 of the row before - S_207 + shift. */
WORD qvec step_of(const struct steps *s, size_t row)
{
    qvec d = qvec_load(s->here, row);

    if (!s->first)
        d = qvec_sub(d, qvec_load(s->before, row));
    if (s->last)
        d = qvec_add(qvec_sub(d, qvec_load(s->previous, row)), s->shift);
    return d;
}

/* Adds d * v: with A, B the halves of d and C, D those of v, AC + B (2 + i) D and AD + BC. Each
 * coordinate gets four products after a fold. */
WORD void sum_product(struct sum *s, qvec d, qvec v)
{
    vec e0 = vec_sub(vec_double(v.c[2]), v.c[3]), e1 = vec_add(v.c[2], vec_double(v.c[3]));
    vec n1 = vec_neg(d.c[1]), n3 = vec_neg(d.c[3]);

    sum_fold(s);
    s->c[0] = wide_madd(wide_madd(s->c[0], d.c[0], v.c[0]), n1, v.c[1]);
    s->c[0] = wide_madd(wide_madd(s->c[0], d.c[2], e0), n3, e1);
    s->c[1] = wide_madd(wide_madd(s->c[1], d.c[0], v.c[1]), d.c[1], v.c[0]);
    s->c[1] = wide_madd(wide_madd(s->c[1], d.c[2], e1), d.c[3], e0);
    s->c[2] = wide_madd(wide_madd(s->c[2], d.c[0], v.c[2]), n1, v.c[3]);
    s->c[2] = wide_madd(wide_madd(s->c[2], d.c[2], v.c[0]), n3, v.c[1]);
    s->c[3] = wide_madd(wide_madd(s->c[3], d.c[0], v.c[3]), d.c[1], v.c[2]);
    s->c[3] = wide_madd(wide_madd(s->c[3], d.c[2], v.c[1]), d.c[3], v.c[0]);
}

/* A form of one term, as the range checks are. */
static NOINLINE void short_fraction(struct tile *t, const struct steps *steps,
                                    const struct form *form, const struct form_term *term)
{
    const m31 *source = t->source[term->source];
    qvec constant = qvec_splat(form->constant);
    vec_factor weight[4];

    for (int i = 0; i < 4; i++)
        weight[i] = vec_factor_splat(term->weight.c[i]);
    for (size_t row = 0; row < t->rows; row += VEC_LANES) {
        vec x = vec_load(source + row);
        qvec v;

        for (int i = 0; i < 4; i++)
            v.c[i] = vec_add(vec_mul_factor(x, weight[i]), constant.c[i]);
        sum_product(&t->all[row / VEC_LANES], step_of(steps, row), v);
    }
}

static NOINLINE void long_fraction(struct tile *t, const struct steps *steps,
                                   const struct form *form, const struct form_term *term)
{
    for (size_t row = 0; row < t->rows; row += VEC_LANES)
        sum_product(&t->all[row / VEC_LANES], step_of(steps, row),
                    form_value(t, form, term, row));
}

static void fractions_tile(struct tile *t, const struct rows_plan *plan, size_t first_row)
{
    struct steps s = {.first = true, .shift = qvec_splat(plan->shift)};

    for (int i = 0; i < 4; i++)
        s.previous[i] = plan->previous[i] + first_row;
    for (unsigned k = 0; k < MAIN_FRACTIONS; k++) {
        const struct form *form = &plan->denominator[k];
        const struct form_term *term = &plan->term[form->first];

        s.last = k == MAIN_FRACTIONS - 1;
        for (unsigned i = 0; i < 4; i++)
            s.here[i] = matrix_column(&plan->interaction, 4 * k + i) + first_row;
        if (form->count == 1)
            short_fraction(t, &s, form, term);
        else
            long_fraction(t, &s, form, term);
        memcpy(s.before, s.here, sizeof s.before);
        s.first = false;
    }
}

void KERNEL(rows) ROWS_ARGUMENTS
{
    struct tile t;

    for (size_t first = begin; first < end; first += TILE_ROWS) {
        tile_open(&t, plan->source, plan->weight, first,
                  end - first < TILE_ROWS ? end - first : TILE_ROWS);
        compute_virtual(&t);
#define CALL(name) name##_tile(&t);
        RULE_FUNCTIONS(CALL)
#undef CALL
        fractions_tile(&t, plan, first);
        for (size_t row = 0; row < t.rows; row += VEC_LANES) {
            qvec four = sum_reduce(&t.degree4[row / VEC_LANES]);
            qvec all = qvec_add(sum_reduce(&t.all[row / VEC_LANES]),
                                form_value(&t, &plan->numerator, plan->numerator_term, row));

            qvec_store(sum, first + row, qvec_add(all, four));
            if (degree4)
                qvec_store(degree4, first + row, four);
        }
    }
}
