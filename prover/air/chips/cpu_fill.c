/* SPDX-License-Identifier: Apache-2.0 */
/* CpuChip (4.1): program counter, instruction, operands, and which chip the row belongs to. */
#include "prover/air/chips/row.h"

/* Rule 4. The immediate form of an instruction has the flag of its register form. */
static const uint16_t flag_column[] = {
    [OP_ADD] = IS_ADD,   [OP_ADDI] = IS_ADD,   [OP_OR] = IS_OR,     [OP_ORI] = IS_OR,
    [OP_AND] = IS_AND,   [OP_ANDI] = IS_AND,   [OP_XOR] = IS_XOR,   [OP_XORI] = IS_XOR,
    [OP_SUB] = IS_SUB,   [OP_SLTU] = IS_SLTU,  [OP_SLTIU] = IS_SLTU, [OP_SLT] = IS_SLT,
    [OP_SLTI] = IS_SLT,  [OP_BNE] = IS_BNE,    [OP_BEQ] = IS_BEQ,   [OP_BLTU] = IS_BLTU,
    [OP_BLT] = IS_BLT,   [OP_BGEU] = IS_BGEU,  [OP_BGE] = IS_BGE,   [OP_JAL] = IS_JAL,
    [OP_SB] = IS_SB,     [OP_SH] = IS_SH,      [OP_SW] = IS_SW,     [OP_LB] = IS_LB,
    [OP_LH] = IS_LH,     [OP_LBU] = IS_LBU,    [OP_LHU] = IS_LHU,   [OP_LW] = IS_LW,
    [OP_LUI] = IS_LUI,   [OP_AUIPC] = IS_AUIPC, [OP_JALR] = IS_JALR, [OP_SLL] = IS_SLL,
    [OP_SLLI] = IS_SLL,  [OP_SRL] = IS_SRL,    [OP_SRLI] = IS_SRL,  [OP_SRA] = IS_SRA,
    [OP_SRAI] = IS_SRA,  [OP_ECALL] = IS_ECALL,
};

/* Rule 8: bits of operand C that OpC holds. */
static const uint8_t op_c_bits[] = {
    [TYPE_R] = 5, [TYPE_I] = 12, [TYPE_I_SHAMT] = 5, [TYPE_S] = 12,
    [TYPE_B] = 13, [TYPE_U] = 20, [TYPE_J] = 21,
};

/* Rule 1. */
void padding_fill(const struct row *row)
{
    put(row, VALUE_A_EFFECTIVE_FLAG_AUX, 1);
    put(row, VALUE_A_EFFECTIVE_FLAG_AUX_INV, 1);
    put(row, IS_PADDING, 1);
}

void cpu_fill(const struct row *row)
{
    const struct step *step = row->step;
    const struct operands *o = &row->operand;
    struct instruction i = step->instruction;
    uint32_t ra_or_one = o->ra ? o->ra : 1;

    put(row, VALUE_A_EFFECTIVE_FLAG, o->ra != 0); /* rule 2 */
    put_m31(row, VALUE_A_EFFECTIVE_FLAG_AUX, row->inverse[ra_or_one]);
    put(row, VALUE_A_EFFECTIVE_FLAG_AUX_INV, ra_or_one);
    put_word(row, PC, step->pc); /* rule 3 */
    put_pair(row, PC_CARRY, carries(step->pc, 4));
    put_word(row, PC_NEXT, step->pc + 4);
    put_word(row, INSTR_VAL, step->word);
    put(row, flag_column[i.mnemonic], 1); /* rule 4 */
    put_word(row, VALUE_B, o->vb);        /* rules 6, 7 */
    put_word(row, VALUE_C, o->vc);
    put(row, OP_A, o->ra);
    put(row, OP_B, o->rb);
    put(row, OP_C, bits(i.c, 0, op_c_bits[i.type] - 1u)); /* rule 8 */
    put(row, IMM_C, i.type != TYPE_R);
    put(row, REG1_ADDRESS, o->slot1 ? o->rb : 0); /* rule 9 */
    put(row, REG2_ADDRESS, o->rc);
    put(row, REG3_ADDRESS, o->ra);
}
