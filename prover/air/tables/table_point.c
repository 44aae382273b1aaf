/* SPDX-License-Identifier: Apache-2.0 */
/* The rules at one point outside the domain, where every cell is a secure value. */
#include "prover/air/tables/tables.h"

typedef qm31 value;

struct reader {
    const struct component_samples *samples;
    const struct relations *relations;
    unsigned rules, secure;
    qm31 shift;
    qm31 before; /* secure column k - 1; 0 before the first */
    constraint_sink sink;
    void *context;
};

static value constant(uint32_t n)
{
    return qm31_of(n, 0, 0, 0);
}

static value add(value a, value b)
{
    return qm31_add(a, b);
}

static value sub(value a, value b)
{
    return qm31_sub(a, b);
}

static value mul(value a, value b)
{
    return qm31_mul(a, b);
}

static value minus(value a)
{
    return qm31_neg(a);
}

static value fixed(const struct reader *r, unsigned i)
{
    return r->samples->preprocessed[i];
}

static value column(const struct reader *r, unsigned i)
{
    return r->samples->trace[i];
}

static void rule(const struct reader *r, unsigned number, value v)
{
    r->sink(r->context, number, v);
}

struct fraction;
static void single(struct reader *r, unsigned k, struct fraction f);
static void pair(struct reader *r, unsigned k, struct fraction f, struct fraction g);

#include "prover/air/tables/table_rules.h"

/* (current - before) d - n = 0, for the last column with its own previous value and the shift. */
static void batch(struct reader *r, unsigned k, qm31 n, qm31 d)
{
    qm31 current = qm31_combine(r->samples->interaction + 4 * k);
    qm31 step = qm31_sub(current, r->before);

    if (k + 1 == r->secure)
        step = qm31_add(qm31_sub(step, qm31_combine(r->samples->previous)), r->shift);
    r->before = current;
    r->sink(r->context, r->rules + k, qm31_sub(qm31_mul(step, d), n));
}

static qm31 denominator(const struct reader *r, const struct fraction *f)
{
    const struct relation *relation = &r->relations->of[f->relation];
    qm31 d = qm31_neg(relation->z);

    for (unsigned j = 0; j < f->size; j++)
        d = qm31_add(d, qm31_mul(relation->power[j], f->tuple[j]));
    return d;
}

static void single(struct reader *r, unsigned k, struct fraction f)
{
    batch(r, k, f.numerator, denominator(r, &f));
}

static void pair(struct reader *r, unsigned k, struct fraction f, struct fraction g)
{
    qm31 d = denominator(r, &f), e = denominator(r, &g);

    batch(r, k, qm31_add(qm31_mul(f.numerator, e), qm31_mul(g.numerator, d)), qm31_mul(d, e));
}

#define ENTRY(id, name) [COMPONENT_##id] = name##_rules,
static void (*const rules[COMPONENT_COUNT])(struct reader *r) = {EACH_TABLE(ENTRY)};

void table_at_point(enum component_id id, const struct component_samples *samples,
                    const struct relations *relations, qm31 shift, constraint_sink sink,
                    void *context)
{
    struct reader r = {.samples = samples,
                       .relations = relations,
                       .rules = component_shapes[id].rules,
                       .secure = component_shapes[id].secure,
                       .shift = shift,
                       .before = QM31_ZERO,
                       .sink = sink,
                       .context = context};

    assert(rules[id]);
    rules[id](&r);
}
