/* SPDX-License-Identifier: Apache-2.0 */
/* Add, Sub, Sltu, BitOp, Slt (4.10 - 4.14), Lui and Auipc (4.22, 4.23).
 *
 * The result is computed anew and compared with that of the step, as the reference does. */
#include "prover/air/chips/row.h"

static void put_result(const struct row *row, uint32_t value)
{
    assert(value == row->operand.out);
    put_word(row, VALUE_A, value);
}

static void put_high_nibbles(const struct row *row, unsigned column, uint32_t word)
{
    put_word(row, column, word >> 4 & 0x0f0f0f0f);
}

/* 4.13 */
static void bit_op_fill(const struct row *row, uint32_t value)
{
    put_high_nibbles(row, VALUE_A4_7, value);
    put_high_nibbles(row, VALUE_B4_7, row->operand.vb);
    put_high_nibbles(row, VALUE_C4_7, row->operand.vc);
    put_result(row, value);
}

/* 4.14 */
static void slt_fill(const struct row *row, uint32_t vb, uint32_t vc)
{
    put_word(row, HELPER2, without_sign(vb));
    put_word(row, HELPER3, without_sign(vc));
    put(row, SGN_B, sign_of(vb));
    put(row, SGN_C, sign_of(vc));
    put_word(row, HELPER1, vb - vc);
    put_pair(row, CARRY_FLAG, borrows(vb, vc));
    put_result(row, (int32_t)vb < (int32_t)vc);
}

void alu_fill(const struct row *row)
{
    uint32_t vb = row->operand.vb, vc = row->operand.vc, pc = row->step->pc;

    switch (row->step->instruction.mnemonic) {
    case OP_ADD:
    case OP_ADDI: /* 4.10 */
        put_pair(row, CARRY_FLAG, carries(vb, vc));
        put_result(row, vb + vc);
        break;
    case OP_SUB: /* 4.11: the borrow goes to CarryFlag */
        put_pair(row, CARRY_FLAG, borrows(vb, vc));
        put_result(row, vb - vc);
        break;
    case OP_SLTU:
    case OP_SLTIU: /* 4.12 */
        put_word(row, HELPER1, vb - vc);
        put_pair(row, CARRY_FLAG, borrows(vb, vc));
        put_result(row, vb < vc);
        break;
    case OP_AND:
    case OP_ANDI:
        bit_op_fill(row, vb & vc);
        break;
    case OP_OR:
    case OP_ORI:
        bit_op_fill(row, vb | vc);
        break;
    case OP_XOR:
    case OP_XORI:
        bit_op_fill(row, vb ^ vc);
        break;
    case OP_SLT:
    case OP_SLTI:
        slt_fill(row, vb, vc);
        break;
    case OP_LUI: /* 4.22 */
        put_result(row, vc);
        break;
    case OP_AUIPC: /* 4.23 */
        put_pair(row, CARRY_FLAG, carries(pc, vc));
        put_result(row, pc + vc);
        break;
    default:
        break;
    }
}
