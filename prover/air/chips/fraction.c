/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/air/chips/fraction.h"

#define F(number)         [(number) - 1]
#define SOURCE_TERM(s)    {.terms = 1, .term = {{(s), 1}}}
#define COL(column)       SOURCE_TERM(SOURCE_TRACE + (column))
#define PRE(column)       SOURCE_TERM(SOURCE_PREPROCESSED + (column))
#define SEL(NAME)         SOURCE_TERM(SOURCE_VIRTUAL + VIRTUAL_##NAME)
#define CONST(k)          {.constant = (k)}
#define SEL_PLUS(NAME, k) {.constant = (k), .terms = 1,                                            \
                           .term = {{SOURCE_VIRTUAL + VIRTUAL_##NAME, 1}}}
#define COL4(c)           COL(c), COL((c) + 1), COL((c) + 2), COL((c) + 3)
#define PRE4(c)           PRE(c), PRE((c) + 1), PRE((c) + 2), PRE((c) + 3)

#define BY_COL(column)    SOURCE_TRACE + (column)
#define BY_PRE(column)    SOURCE_PREPROCESSED + (column)
#define BY_SEL(NAME)      SOURCE_VIRTUAL + VIRTUAL_##NAME

/* ---- BitOp: F_{6i+2o+1} low nibbles, F_{6i+2o+2} high nibbles, of limb i and operation o ---- */

#define LOW_NIBBLE(X, i)                                                                           \
    {.terms = 2, .term = {{SOURCE_TRACE + X + (i), 1}, {SOURCE_TRACE + X##4_7 + (i), -16}}}
#define BIT_OP(i, o, FLAG)                                                                         \
    F(6 * (i) + 2 * (o) + 1) = {RELATION_BIT_OP, 4, 0, BY_COL(FLAG),                               \
                                {CONST((o) + 1), LOW_NIBBLE(VALUE_B, i), LOW_NIBBLE(VALUE_C, i),   \
                                 LOW_NIBBLE(VALUE_A, i)}},                                         \
    F(6 * (i) + 2 * (o) + 2) = {RELATION_BIT_OP, 4, 0, BY_COL(FLAG),                               \
                                {CONST((o) + 1), COL(VALUE_B4_7 + (i)), COL(VALUE_C4_7 + (i)),     \
                                 COL(VALUE_A4_7 + (i))}}
#define BIT_OPS(i) BIT_OP(i, 0, IS_AND), BIT_OP(i, 1, IS_OR), BIT_OP(i, 2, IS_XOR)

/* ---- LoadStore: byte j = 1 .. 4 of an access is consumed (odd number) and produced ---- */

#define RAM(number, j, NUMERATOR)                                                                  \
    F(number) = {RELATION_LOAD_STORE, 5, 1, BY_SEL(NUMERATOR),                                     \
                 {SEL_PLUS(LO_RAM_BASE_ADDR, j - 1), SEL(HI_RAM_BASE_ADDR), COL(RAM##j##_VAL_PREV), \
                  SEL(LO_RAM##j##_TS_PREV), SEL(HI_RAM##j##_TS_PREV)}},                            \
    F((number) + 1) = {RELATION_LOAD_STORE, 5, 0, BY_SEL(NUMERATOR),                               \
                       {SEL_PLUS(LO_RAM_BASE_ADDR, j - 1), SEL(HI_RAM_BASE_ADDR),                  \
                        COL(RAM##j##_VAL_CUR), SEL(LO_CLK), SEL(HI_CLK)}}

/* ---- RegisterCheck: slot j = 1, 2, 3 ---- */

#define CONSUME(number, j, NUMERATOR)                                                              \
    F(number) = {RELATION_REGISTER_CHECK, 9, 1, BY_SEL(NUMERATOR),                                 \
                 {COL(REG##j##_ADDRESS), COL4(REG##j##_TS_PREV), COL4(REG##j##_VAL_PREV)}}
#define PRODUCE(number, j, NUMERATOR, VALUE)                                                       \
    F(number) = {RELATION_REGISTER_CHECK, 9, 0, BY_SEL(NUMERATOR),                                 \
                 {COL(REG##j##_ADDRESS), PRE4(REG##j##_TS_CUR), COL4(VALUE)}}

/* ---- ranges ---- */

#define RANGE(number, SIZE, NUMERATOR, column)                                                     \
    F(number) = {RELATION_RANGE##SIZE, 1, 0, NUMERATOR, {COL(column)}}
#define BYTE(number, column) RANGE(number, 256, NUMERATOR_ONE, column)
#define WORD(number, column)                                                                       \
    BYTE(number, column), BYTE((number) + 1, (column) + 1), BYTE((number) + 2, (column) + 2),      \
        BYTE((number) + 3, (column) + 3)

const struct fraction fractions[MAIN_FRACTIONS] = {
    BIT_OPS(0), BIT_OPS(1), BIT_OPS(2), BIT_OPS(3),

    RAM(25, 1, RAM1_ACC),
    RAM(27, 2, RAM2_ACC),
    RAM(29, 3, RAM34_ACC),
    RAM(31, 4, RAM34_ACC),

    F(33) = {RELATION_PROGRAM_CHECK, 8, 0, BY_PRE(PRG_MEMORY_FLAG),
             {PRE(PRG_MEMORY_PC), PRE(PRG_MEMORY_PC + 1), PRE(PRG_MEMORY_WORD),
              PRE(PRG_MEMORY_WORD + 1), CONST(0), CONST(0), CONST(0), CONST(0)}},
    F(34) = {RELATION_PROGRAM_CHECK, 8, 1, BY_PRE(PRG_MEMORY_FLAG),
             {PRE(PRG_MEMORY_PC), PRE(PRG_MEMORY_PC + 1), PRE(PRG_MEMORY_WORD),
              PRE(PRG_MEMORY_WORD + 1), COL4(FINAL_PRG_MEMORY_CTR)}},
    F(35) = {RELATION_PROGRAM_CHECK, 8, 1, BY_SEL(NOT_PADDING),
             {SEL(LO_PC), SEL(HI_PC), SEL(LO_INSTR_VAL), SEL(HI_INSTR_VAL), COL4(PROG_CTR_PREV)}},
    F(36) = {RELATION_PROGRAM_CHECK, 8, 0, BY_SEL(NOT_PADDING),
             {SEL(LO_PC), SEL(HI_PC), SEL(LO_INSTR_VAL), SEL(HI_INSTR_VAL), COL4(PROG_CTR_CUR)}},

    CONSUME(37, 1, OP_B_FLAG),
    CONSUME(38, 2, TYPE_R),
    CONSUME(39, 3, REG3_ACC),
    PRODUCE(40, 1, OP_B_FLAG, VALUE_B),
    PRODUCE(41, 2, TYPE_R, VALUE_C),
    PRODUCE(42, 3, REG3_ACC, VALUE_A_EFFECTIVE),

    RANGE(43, 8, BY_SEL(TYPE_I_NO_SHIFT), OP_C8_10),
    RANGE(44, 8, BY_SEL(TYPE_J), OP_C1_3),
    RANGE(45, 8, BY_SEL(TYPE_J), OP_C8_10),
    RANGE(46, 8, BY_SEL(TYPE_B), OP_C5_7),
    RANGE(47, 8, BY_SEL(TYPE_B), OP_C8_10),
    RANGE(48, 8, BY_SEL(TYPE_S), OP_C5_7),
    RANGE(49, 8, BY_SEL(TYPE_S), OP_C8_10),
    RANGE(50, 8, BY_SEL(SHIFT_OP), HELPER1),

    RANGE(51, 16, BY_SEL(TYPE_R), OP_C0_3),
    RANGE(52, 16, BY_SEL(TYPE_R), OP_A1_4),
    RANGE(53, 16, BY_SEL(TYPE_R), OP_B1_4),
    RANGE(54, 16, BY_SEL(TYPE_U), OP_C12_15),
    RANGE(55, 16, BY_SEL(TYPE_U), OP_A1_4),
    RANGE(56, 16, BY_SEL(TYPE_I_NO_SHIFT), OP_C0_3),
    RANGE(57, 16, BY_SEL(TYPE_I_NO_SHIFT), OP_C4_7),
    RANGE(58, 16, BY_SEL(TYPE_I_NO_SHIFT), OP_A1_4),
    RANGE(59, 16, BY_SEL(TYPE_I_NO_SHIFT), OP_B1_4),
    RANGE(60, 16, BY_SEL(ALU_IMM_SHIFT), OP_C0_3),
    RANGE(61, 16, BY_SEL(ALU_IMM_SHIFT), OP_A1_4),
    RANGE(62, 16, BY_SEL(ALU_IMM_SHIFT), OP_B1_4),
    RANGE(63, 16, BY_SEL(TYPE_J), OP_C4_7),
    RANGE(64, 16, BY_SEL(TYPE_J), OP_C12_15),
    RANGE(65, 16, BY_SEL(TYPE_J), OP_C16_19),
    RANGE(66, 16, BY_SEL(TYPE_J), OP_A1_4),
    RANGE(67, 16, BY_SEL(TYPE_B), OP_C1_4),
    RANGE(68, 16, BY_SEL(TYPE_B), OP_A1_4),
    RANGE(69, 16, BY_SEL(TYPE_B), OP_B0_3),
    RANGE(70, 16, BY_SEL(TYPE_S), OP_C1_4),
    RANGE(71, 16, BY_SEL(TYPE_S), OP_A1_4),
    RANGE(72, 16, BY_SEL(TYPE_S), OP_B0_3),

    RANGE(73, 32, NUMERATOR_ONE, OP_A),
    RANGE(74, 32, NUMERATOR_ONE, OP_B),
    RANGE(75, 32, NUMERATOR_ONE, REG1_ADDRESS),
    RANGE(76, 32, NUMERATOR_ONE, REG2_ADDRESS),
    RANGE(77, 32, NUMERATOR_ONE, REG3_ADDRESS),

    RANGE(78, 128, BY_SEL(SIGNED_COMPARE), HELPER2 + 3),
    RANGE(79, 128, BY_SEL(SIGNED_COMPARE), HELPER3 + 3),
    RANGE(80, 128, BY_COL(IS_JALR), QT_AUX),
    RANGE(81, 128, BY_COL(IS_SRA), HELPER2),
    RANGE(82, 128, BY_SEL(SIGNED_LOAD), QT_AUX),

    WORD(83, PC), WORD(87, PC_NEXT_AUX), WORD(91, INSTR_VAL), WORD(95, PREV_CTR),
    WORD(99, VALUE_A), WORD(103, VALUE_B), WORD(107, VALUE_C),
    WORD(111, REG1_TS_PREV), WORD(115, REG2_TS_PREV), WORD(119, REG3_TS_PREV),
    WORD(123, HELPER1), WORD(127, PROG_CTR_CUR), WORD(131, PROG_CTR_PREV),
    WORD(135, FINAL_PRG_MEMORY_CTR),
    WORD(139, C_REG1_TS_PREV), WORD(143, C_REG2_TS_PREV), WORD(147, C_REG3_TS_PREV),
    WORD(151, RAM_BASE_ADDR),
    WORD(155, RAM1_TS_PREV), WORD(159, RAM2_TS_PREV), WORD(163, RAM3_TS_PREV),
    WORD(167, RAM4_TS_PREV),
    WORD(171, RAM1_TS_PREV_AUX), WORD(175, RAM2_TS_PREV_AUX), WORD(179, RAM3_TS_PREV_AUX),
    WORD(183, RAM4_TS_PREV_AUX),
    WORD(187, REM), WORD(191, QT), WORD(195, REM_DIFF),
    BYTE(199, RAM1_VAL_CUR), BYTE(200, RAM2_VAL_CUR), BYTE(201, RAM3_VAL_CUR),
    BYTE(202, RAM4_VAL_CUR), BYTE(203, RAM1_VAL_PREV), BYTE(204, RAM2_VAL_PREV),
    BYTE(205, RAM3_VAL_PREV), BYTE(206, RAM4_VAL_PREV),
    RANGE(207, 256, BY_SEL(TYPE_U), OP_C16_23),
    RANGE(208, 256, BY_SEL(TYPE_U), OP_C24_31),
};

static m31 m31_of_int(int k)
{
    return k < 0 ? m31_neg((m31){(uint32_t)-k}) : (m31){(uint32_t)k};
}

void fraction_form(struct form *form, struct form_term *term, const struct fraction *fraction,
                   const struct relation *relation, qm31 weight)
{
    form->constant = qm31_neg(qm31_mul(weight, relation->z));
    form->count = 0;
    for (unsigned j = 0; j < fraction->elements; j++) {
        const struct element *e = &fraction->element[j];
        qm31 w = qm31_mul(weight, relation->power[j]);

        form->constant = qm31_add(form->constant, qm31_mul_m31(w, m31_of_int(e->constant)));
        for (unsigned i = 0; i < e->terms; i++)
            term[form->count++] = (struct form_term){
                .weight = qm31_mul_m31(w, m31_of_int(e->term[i].factor)),
                .source = e->term[i].source};
    }
}
