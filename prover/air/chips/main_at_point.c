/* SPDX-License-Identifier: Apache-2.0 */
/* The rules read at one point of the secure field: what the verifier does. */
#include <string.h>

#include "prover/air/chips/fraction.h"

typedef qm31 val;

struct reader {
    qm31 source[SOURCE_COUNT];
    constraint_sink sink;
    void *context;
};

static NOINLINE val read_source(const struct reader *r, unsigned source)
{
    return r->source[source];
}

static NOINLINE val add(val a, val b)
{
    return qm31_add(a, b);
}

static NOINLINE val sub(val a, val b)
{
    return qm31_sub(a, b);
}

static NOINLINE val mul(val a, val b)
{
    return qm31_mul(a, b);
}

static NOINLINE val scale(uint32_t k, val a)
{
    return qm31_mul_m31(a, (m31){k});
}

static NOINLINE val num(uint32_t k)
{
    return qm31_of_m31((m31){k});
}

#define RULE(n, value)  r->sink(r->context, (n) - 1, value)
#define RULE1(n, value) RULE(n, value)
#define RULE4(n, value) RULE(n, value)

#include "prover/air/chips/rule_words.inc"
#include "prover/air/chips/rules.inc"

static void compute_virtual(struct reader *r)
{
#define VIRTUAL(NAME, expression) r->source[SOURCE_VIRTUAL + VIRTUAL_##NAME] = expression;
#include "prover/air/chips/virtual_rules.inc"
#undef VIRTUAL
}

static qm31 denominator(const struct reader *r, const struct fraction *f,
                        const struct relation *relation)
{
    struct form_term term[FORM_MAX_TERMS];
    struct form form;
    qm31 sum;

    fraction_form(&form, term, f, relation, QM31_ONE);
    sum = form.constant;
    for (unsigned j = 0; j < form.count; j++)
        sum = qm31_add(sum, qm31_mul(term[j].weight, r->source[term[j].source]));
    return sum;
}

static qm31 numerator(const struct reader *r, const struct fraction *f)
{
    qm31 n = f->numerator == NUMERATOR_ONE ? QM31_ONE : r->source[f->numerator];

    return f->negative ? qm31_neg(n) : n;
}

/* C450 - C657 (air-main.md 6.4). */
static void fraction_rules(const struct reader *r, const struct component_samples *samples,
                           const struct relations *relations, qm31 shift)
{
    qm31 before = QM31_ZERO;

    for (unsigned k = 0; k < MAIN_FRACTIONS; k++) {
        const struct fraction *f = &fractions[k];
        qm31 here = qm31_combine(samples->interaction + 4 * k), step = qm31_sub(here, before);

        if (k == MAIN_FRACTIONS - 1)
            step = qm31_add(qm31_sub(step, qm31_combine(samples->previous)), shift);
        r->sink(r->context, MAIN_RULES + k,
                qm31_sub(qm31_mul(step, denominator(r, f, &relations->of[f->relation])),
                         numerator(r, f)));
        before = here;
    }
}

void main_at_point(const struct component_samples *samples, const struct relations *relations,
                   qm31 shift, constraint_sink sink, void *context)
{
    struct reader r = {.sink = sink, .context = context};

    memcpy(r.source + SOURCE_PREPROCESSED, samples->preprocessed,
           MAIN_PREPROCESSED * sizeof(qm31));
    memcpy(r.source + SOURCE_TRACE, samples->trace, MAIN_TRACE * sizeof(qm31));
    memcpy(r.source + SOURCE_NEXT, samples->next, sizeof samples->next);
    compute_virtual(&r);
#define CALL(name) name##_rules(&r);
    RULE_FUNCTIONS(CALL)
#undef CALL
    fraction_rules(&r, samples, relations, shift);
}
