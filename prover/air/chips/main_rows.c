/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "prover/air/chips/rows_plan.h"

const uint16_t main_degree4_columns[MAIN_DEGREE4_COLUMNS] = {
    CARRY_FLAG + 1, BORROW_FLAG + 1, IMM_C, VALUE_A, VALUE_A + 1, VALUE_A + 2, VALUE_A + 3,
    VALUE_B + 3, VALUE_C, VALUE_C + 1, VALUE_C + 2, VALUE_C + 3, IS_ADD, IS_OR, IS_AND, IS_XOR,
    IS_SUB, IS_SLTU, IS_SLT, IS_BLT, IS_BGE, IS_LB, IS_LH, IS_LBU, IS_LHU, IS_LW, IS_JALR,
    IS_SLL, IS_SRL, IS_SRA, HELPER2 + 3, HELPER3, HELPER3 + 1, HELPER3 + 2, HELPER3 + 3, SGN_A,
    SGN_B, SGN_C, LT_FLAG, REM, REM + 1, REM + 2, REM + 3, QT, QT + 1, QT + 2, QT + 3,
    SHIFT_BIT1, SHIFT_BIT2, SHIFT_BIT3, SHIFT_BIT4, SHIFT_BIT5, EXP1_3, EXP, SRA_DEGREE_AUX,
    REG2_VAL_PREV, REG2_VAL_PREV + 1, REG2_VAL_PREV + 2, REG2_VAL_PREV + 3, OP_C11, OP_C4,
    OP_A0, OP_B0,
};

/* V_k of rows_plan.h. */
static void plan_denominator(struct rows_plan *plan, unsigned k, size_t *terms, qm31 weight,
                             const struct relation *relation)
{
    struct form *form = &plan->denominator[k];

    assert(*terms + FORM_MAX_TERMS <= ROWS_MAX_TERMS);
    form->first = (uint16_t)*terms;
    fraction_form(form, &plan->term[*terms], &fractions[k], relation, weight);
    *terms += form->count;
}

/* N of rows_plan.h. Neighbours with one numerator share a term. */
static void plan_numerator(struct rows_plan *plan, unsigned k, qm31 weight)
{
    const struct fraction *f = &fractions[k];
    struct form *form = &plan->numerator;
    struct form_term *last = &plan->numerator_term[form->count];
    qm31 w = f->negative ? weight : qm31_neg(weight);

    if (f->numerator == NUMERATOR_ONE) {
        form->constant = qm31_add(form->constant, w);
    } else if (form->count > 0 && last[-1].source == f->numerator) {
        last[-1].weight = qm31_add(last[-1].weight, w);
    } else {
        *last = (struct form_term){w, f->numerator};
        form->count++;
    }
}

static void plan_fractions(struct rows_plan *plan, const struct component_weights *weights)
{
    size_t terms = 0;

    for (unsigned k = 0; k < MAIN_FRACTIONS; k++) {
        qm31 weight = weights->weight[MAIN_RULES + k];

        plan_denominator(plan, k, &terms, weight,
                         &weights->relations->of[fractions[k].relation]);
        plan_numerator(plan, k, weight);
    }
}

void main_rows(const struct exec *exec, m31 *const sum[static 4], m31 *const *degree4,
               const struct component_columns *columns, const struct component_weights *weights,
               size_t begin, size_t end)
{
    struct rows_plan plan = {.weight = weights->weight,
                             .interaction = columns->interaction,
                             .shift = weights->shift};

    assert(begin % 16 == 0 && end % 16 == 0);
    for (unsigned i = 0; i < MAIN_PREPROCESSED; i++)
        plan.source[SOURCE_PREPROCESSED + i] = matrix_column(&columns->preprocessed, i);
    for (unsigned i = 0; i < MAIN_TRACE; i++)
        plan.source[SOURCE_TRACE + i] = matrix_column(&columns->trace, i);
    memcpy(plan.source + SOURCE_NEXT, columns->next, sizeof columns->next);
    memcpy(plan.previous, columns->previous, sizeof plan.previous);
    plan_fractions(&plan, weights);
    KERNEL_PICK(exec->kernel, rows)(&plan, sum, degree4, begin, end);
}

void main_degree4_rows(const struct exec *exec, m31 *const sum[static 4],
                       const m31 *const columns[static MAIN_DEGREE4_COLUMNS],
                       const struct component_weights *weights, size_t begin, size_t end)
{
    struct rows_plan plan = {.weight = weights->weight};

    assert(begin % 16 == 0 && end % 16 == 0);
    for (unsigned i = 0; i < MAIN_DEGREE4_COLUMNS; i++)
        plan.source[SOURCE_TRACE + main_degree4_columns[i]] = columns[i];
    KERNEL_PICK(exec->kernel, degree4)(&plan, sum, begin, end);
}
