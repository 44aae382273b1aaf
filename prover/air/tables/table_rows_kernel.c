/* SPDX-License-Identifier: Apache-2.0 */
/* The rules on the committed domain: the weighted sum of all constraints of a row. */
#include "prover/air/tables/table_kernel.h"
#include "prover/air/tables/table_vec.h"

/* A fraction is a constant in all but its cells, which the compiler only sees when it is read where
 * it is written: 364 -> 266 ms for 2^21 rows of RAM on AVX2, 180 -> 169 ms on AVX-512. */
#define INLINE static inline __attribute__((always_inline))

struct reader {
    const struct component_columns *columns;
    const struct component_weights *weights;
    unsigned rules, secure;
    size_t row;
    qvec before; /* secure column k - 1; 0 before the first */
    qvec sum;
    qvec times_z; /* what is still to be multiplied by -z of the table's range relation */
    enum relation_id range;
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

struct fraction;
INLINE void single(struct reader *r, unsigned k, struct fraction f);
static inline void pair(struct reader *r, unsigned k, struct fraction f, struct fraction g);

#include "prover/air/tables/table_rules.h"

static inline qvec fraction_denominator(const struct reader *r, const struct fraction *f)
{
    return denominator(&r->weights->relations->of[f->relation], f->tuple, f->size);
}

/* w (step d - n): the weight is multiplied into the step first, because a range check's d is v - z
 * with v in the base field, and z is left for all of them together. */
INLINE void single(struct reader *r, unsigned k, struct fraction f)
{
    qvec w = weight(r, r->rules + k), weighted = qvec_mul(step(r, k), w);

    if (f.size == 1) {
        r->sum = qvec_add(r->sum, qvec_mul_vec(weighted, f.tuple[0]));
        r->times_z = qvec_add(r->times_z, weighted);
        r->range = f.relation;
    } else {
        r->sum = qvec_add(r->sum, qvec_mul(weighted, fraction_denominator(r, &f)));
    }
    r->sum = qvec_sub(r->sum, f.is_one ? w : qvec_mul_vec(w, f.numerator));
}

static inline void pair(struct reader *r, unsigned k, struct fraction f, struct fraction g)
{
    qvec d = fraction_denominator(r, &f), e = fraction_denominator(r, &g);
    qvec n = qvec_add(qvec_mul_vec(e, f.numerator), qvec_mul_vec(d, g.numerator));
    qvec c = qvec_sub(qvec_mul(step(r, k), qvec_mul(d, e)), n);

    r->sum = qvec_add(r->sum, qvec_mul(weight(r, r->rules + k), c));
}

static inline qvec row_sum(const struct reader *r)
{
    return qvec_sub(r->sum,
                    qvec_mul(r->times_z, qvec_splat(r->weights->relations->of[r->range].z)));
}

typedef void row_loop(struct reader *r, m31 *const sum[static 4], size_t begin, size_t end);

#define LOOP(id, name)                                                                             \
    static void name##_rows(struct reader *r, m31 *const sum[static 4], size_t begin, size_t end)  \
    {                                                                                              \
        for (r->row = begin; r->row < end; r->row += VEC_LANES) {                                  \
            r->before = r->sum = r->times_z = qvec_zero();                                         \
            name##_rules(r);                                                                       \
            qvec_store(sum, r->row, row_sum(r));                                                   \
        }                                                                                          \
    }
EACH_TABLE(LOOP)

#define ENTRY(id, name) [COMPONENT_##id] = name##_rows,
static row_loop *const loops[COMPONENT_COUNT] = {EACH_TABLE(ENTRY)};

void KERNEL(table_rows)(enum component_id id, m31 *const sum[static 4],
                        const struct component_columns *columns,
                        const struct component_weights *weights, size_t begin, size_t end)
{
    struct reader r = {.columns = columns,
                       .weights = weights,
                       .rules = component_shapes[id].rules,
                       .secure = component_shapes[id].secure};

    assert(loops[id] && begin % VEC_LANES == 0 && end % VEC_LANES == 0);
    loops[id](&r, sum, begin, end);
}
