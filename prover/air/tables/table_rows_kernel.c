/* SPDX-License-Identifier: Apache-2.0 */
/* The rules on the committed domain: the weighted sum of all constraints of a row. */
#include "prover/air/tables/table_kernel.h"
#include "prover/air/tables/table_vec.h"

struct reader {
    const struct component_columns *columns;
    const struct component_weights *weights;
    unsigned rules, secure;
    size_t row;
    qvec before; /* secure column k - 1; 0 before the first */
    qvec sum;
};

static inline value fixed(const struct reader *r, unsigned i)
{
    return cell(&r->columns->preprocessed, i, r->row);
}

static inline value column(const struct reader *r, unsigned i)
{
    return cell(&r->columns->trace, i, r->row);
}

static inline qvec weight(const struct reader *r, unsigned number)
{
    return qvec_splat(r->weights->weight[number]);
}

static inline void rule(struct reader *r, unsigned number, value v)
{
    r->sum = qvec_add(r->sum, qvec_mul_vec(weight(r, number), v));
}

/* What column k adds to the column before it, or, the last one, to its own previous row. */
static inline qvec step(struct reader *r, unsigned k)
{
    const struct matrix *m = &r->columns->interaction;
    const m31 *const coordinates[4] = {matrix_column(m, 4 * k), matrix_column(m, 4 * k + 1),
                                       matrix_column(m, 4 * k + 2), matrix_column(m, 4 * k + 3)};
    qvec current = qvec_load(coordinates, r->row), step = qvec_sub(current, r->before);

    if (k + 1 == r->secure)
        step = qvec_add(qvec_sub(step, qvec_load(r->columns->previous, r->row)),
                        qvec_splat(r->weights->shift));
    r->before = current;
    return step;
}

/* step d - n = 0 */
static inline void batch(struct reader *r, unsigned k, qvec n, qvec d)
{
    qvec c = qvec_sub(qvec_mul(step(r, k), d), n);

    r->sum = qvec_add(r->sum, qvec_mul(weight(r, r->rules + k), c));
}

struct fraction;
static inline void single(struct reader *r, unsigned k, struct fraction f);
static inline void pair(struct reader *r, unsigned k, struct fraction f, struct fraction g);

#include "prover/air/tables/table_rules.h"

static inline qvec fraction_denominator(const struct reader *r, const struct fraction *f)
{
    return denominator(&r->weights->relations->of[f->relation], f->tuple, f->size);
}

static inline void single(struct reader *r, unsigned k, struct fraction f)
{
    qvec n = qvec_zero();

    n.c[0] = f.numerator;
    batch(r, k, n, fraction_denominator(r, &f));
}

static inline void pair(struct reader *r, unsigned k, struct fraction f, struct fraction g)
{
    qvec d = fraction_denominator(r, &f), e = fraction_denominator(r, &g);

    batch(r, k, qvec_add(qvec_mul_vec(e, f.numerator), qvec_mul_vec(d, g.numerator)),
          qvec_mul(d, e));
}

#define LOOP(id, name)                                                                             \
    static void name##_rows(struct reader *r, m31 *const sum[static 4], size_t begin, size_t end)  \
    {                                                                                              \
        for (r->row = begin; r->row < end; r->row += VEC_LANES) {                                  \
            r->before = r->sum = qvec_zero();                                                      \
            name##_rules(r);                                                                       \
            qvec_store(sum, r->row, r->sum);                                                       \
        }                                                                                          \
    }
EACH_TABLE(LOOP)

void KERNEL(table_rows)(enum component_id id, m31 *const sum[static 4],
                        const struct component_columns *columns,
                        const struct component_weights *weights, size_t begin, size_t end)
{
    struct reader r = {.columns = columns,
                       .weights = weights,
                       .rules = component_shapes[id].rules,
                       .secure = component_shapes[id].secure};

    assert(begin % VEC_LANES == 0 && end % VEC_LANES == 0);
    switch (id) {
#define CASE(which, name)                                                                          \
    case COMPONENT_##which:                                                                        \
        name##_rows(&r, sum, begin, end);                                                          \
        break;
        EACH_TABLE(CASE)
    default:
        assert(!"an extension");
    }
}
