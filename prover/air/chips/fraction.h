/* SPDX-License-Identifier: Apache-2.0 */
/* The lookups of the main component, F1 - F208, as data: relation, numerator, tuple.
 *
 * Source:  air-main.md 6.3. All readers (domain, point, interaction columns) walk this list.
 */
#pragma once
#include "prover/air/chips/source.h"

#define FRACTION_MAX_ELEMENTS 9

/* constant + sum of factor * source */
struct element {
    int16_t constant;
    uint16_t terms;
    struct term {
        uint16_t source;
        int16_t factor;
    } term[2];
};

#define NUMERATOR_ONE UINT16_MAX

struct fraction {
    uint8_t relation; /* enum relation_id */
    uint8_t elements;
    uint8_t negative;
    uint16_t numerator; /* a source that is a bit on valid rows, or NUMERATOR_ONE */
    struct element element[FRACTION_MAX_ELEMENTS];
};

/* F_k is fractions[k - 1]. */
extern const struct fraction fractions[MAIN_FRACTIONS];

/* A denominator times a constant: constant + sum of weight * source over its terms. */
struct form {
    qm31 constant;
    uint16_t first, count; /* of the caller's list of terms */
};

struct form_term {
    qm31 weight;
    uint16_t source;
};

#define FORM_MAX_TERMS (2 * FRACTION_MAX_ELEMENTS)

/* weight * (sum of alpha^j t_j - z) of one fraction; its terms are written to term, form->first is
 * left alone. */
void fraction_form(struct form *form, struct form_term *term, const struct fraction *fraction,
                   const struct relation *relation, qm31 weight);
