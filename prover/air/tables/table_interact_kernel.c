/* SPDX-License-Identifier: Apache-2.0 */
/* The rules on the rows of the trace: fractions become sums (components.md 1.4, steps 1 and 2).
 *
 * One division costs forty multiplications, so the denominators of BLOCK vectors of rows are
 * divided at once (Montgomery). In each block the rules are read twice: first to collect the
 * denominators, then to add the fractions. A secure value q = A + Bu has the inverse
 * (A - Bu) conj(D) / N with D = A^2 - (2 + i) B^2 in CM31 and N = |D|^2 in M31; only the N go
 * through the chain of products, one multiplication each instead of a secure one.
 *
 * Fractions of Range256 are looked up: there are 256 different ones.
 */
#include "prover/air/tables/table_kernel.h"
#include "prover/air/tables/table_vec.h"

#define BLOCK       ((size_t)16) /* vectors */
#define MAX_INVERTED 3           /* divisions in a row: 2 FinalReg and RAM, 3 BitOp, 1 range */

struct quotients {
    size_t count;
    qvec q[BLOCK * MAX_INVERTED]; /* denominators, then their inverses */
    vec norm[BLOCK * MAX_INVERTED];
};

struct reader {
    const struct table_interaction *table;
    size_t row;
    bool collect; /* first reading */
    struct quotients *quotients;
    size_t next; /* quotient of the second reading */
    qvec sum;
};

static inline value fixed(const struct reader *r, unsigned i)
{
    return cell(&r->table->preprocessed, i, r->row);
}

static inline value column(const struct reader *r, unsigned i)
{
    return cell(&r->table->trace, i, r->row);
}

static inline void rule(struct reader *r, unsigned number, value v)
{
    (void)r, (void)number, (void)v; /* holds for a good trace; the domain will tell */
}

struct fraction;
static inline void single(struct reader *r, unsigned k, struct fraction f);
static inline void pair(struct reader *r, unsigned k, struct fraction f, struct fraction g);

#include "prover/air/tables/table_rules.h"

static inline qvec quotient(struct reader *r, const struct fraction *f)
{
    qvec q;

    if (f->relation != RELATION_RANGE256)
        return r->quotients->q[r->next++];
    for (int i = 0; i < 4; i++)
        q.c[i] = vec_gather(r->table->range256[i], f->tuple[0]);
    return q;
}

static inline void add_fraction(struct reader *r, const struct fraction *f)
{
    if (r->collect) {
        if (f->relation != RELATION_RANGE256)
            r->quotients->q[r->quotients->count++] =
                denominator(&r->table->relations->of[f->relation], f->tuple, f->size);
    } else {
        qvec q = quotient(r, f);

        r->sum = qvec_add(r->sum, f->is_one ? q : qvec_mul_vec(q, f->numerator));
    }
}

static inline void store_sum(struct reader *r, unsigned k)
{
    if (r->collect)
        return;
    for (unsigned i = 0; i < 4; i++)
        vec_store(matrix_column(&r->table->interaction, 4 * k + i) + r->row, r->sum.c[i]);
}

static inline void single(struct reader *r, unsigned k, struct fraction f)
{
    add_fraction(r, &f);
    store_sum(r, k);
}

/* The sum of both fractions is the same value over their common denominator. */
static inline void pair(struct reader *r, unsigned k, struct fraction f, struct fraction g)
{
    add_fraction(r, &f);
    add_fraction(r, &g);
    store_sum(r, k);
}

/* D of a secure value. */
static inline void cm31_norm(vec *re, vec *im, qvec q)
{
    vec b_re, b_im;

    qvec_cmul(re, im, q.c[0], q.c[1], q.c[0], q.c[1]);
    qvec_cmul(&b_re, &b_im, q.c[2], q.c[3], q.c[2], q.c[3]);
    *re = vec_sub(*re, vec_sub(vec_double(b_re), b_im)); /* (2 + i)(x + yi) = 2x - y + (x + 2y) i */
    *im = vec_sub(*im, vec_add(b_re, vec_double(b_im)));
}

static inline vec square_times(vec a, int times)
{
    while (times-- > 0)
        a = vec_mul(a, a);
    return a;
}

/* a^(p - 2). p - 2 is 29 ones, then 01, in binary; ones_n is a to the power of n ones. */
static vec inverse(vec a)
{
    vec ones_2 = vec_mul(square_times(a, 1), a);
    vec ones_4 = vec_mul(square_times(ones_2, 2), ones_2);
    vec ones_8 = vec_mul(square_times(ones_4, 4), ones_4);
    vec ones_16 = vec_mul(square_times(ones_8, 8), ones_8);
    vec ones_24 = vec_mul(square_times(ones_16, 8), ones_8);
    vec ones_28 = vec_mul(square_times(ones_24, 4), ones_4);
    vec ones_29 = vec_mul(square_times(ones_28, 1), a);

    return vec_mul(square_times(ones_29, 2), a);
}

static void invert(struct quotients *s)
{
    vec product = vec_splat(M31_ONE), before[BLOCK * MAX_INVERTED];

    for (size_t i = 0; i < s->count; i++) {
        vec re, im;

        cm31_norm(&re, &im, s->q[i]);
        s->norm[i] = wide_reduce(wide_madd(wide_madd(wide_zero(), re, re), im, im));
        before[i] = product;
        product = vec_mul(product, s->norm[i]);
    }
    product = inverse(product);
    for (size_t i = s->count; i-- > 0;) {
        vec over_norm = vec_mul(product, before[i]), re, im;
        qvec q = s->q[i];

        product = vec_mul(product, s->norm[i]);
        cm31_norm(&re, &im, q);
        re = vec_mul(re, over_norm);
        im = vec_neg(vec_mul(im, over_norm));
        qvec_cmul(&s->q[i].c[0], &s->q[i].c[1], q.c[0], q.c[1], re, im);
        qvec_cmul(&s->q[i].c[2], &s->q[i].c[3], vec_neg(q.c[2]), vec_neg(q.c[3]), re, im);
    }
}

#define LOOP(id, name)                                                                             \
    static void name##_block(struct reader *r, size_t begin, size_t end)                           \
    {                                                                                              \
        r->quotients->count = 0;                                                                   \
        r->collect = true;                                                                         \
        for (r->row = begin; r->row < end; r->row += VEC_LANES)                                    \
            name##_rules(r);                                                                       \
        invert(r->quotients);                                                                      \
        r->next = 0;                                                                               \
        r->collect = false;                                                                        \
        for (r->row = begin; r->row < end; r->row += VEC_LANES) {                                  \
            r->sum = qvec_zero();                                                                  \
            name##_rules(r);                                                                       \
        }                                                                                          \
    }
EACH_TABLE(LOOP)

#define ENTRY(id, name) [COMPONENT_##id] = name##_block,
static void (*const blocks[COMPONENT_COUNT])(struct reader *r, size_t begin, size_t end) = {
    EACH_TABLE(ENTRY)};

void KERNEL(table_interact)(const struct table_interaction *t, size_t begin, size_t end)
{
    struct quotients quotients;
    struct reader r = {.table = t, .quotients = &quotients};

    assert(blocks[t->id] && begin % VEC_LANES == 0 && end % VEC_LANES == 0);
    for (size_t row = begin; row < end; row += BLOCK * VEC_LANES)
        blocks[t->id](&r, row, end - row < BLOCK * VEC_LANES ? end : row + BLOCK * VEC_LANES);
}
