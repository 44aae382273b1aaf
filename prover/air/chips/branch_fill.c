/* SPDX-License-Identifier: Apache-2.0 */
/* Bne, Beq, Bltu, Blt, Bgeu, Bge (4.15 - 4.20). */
#include "prover/air/chips/row.h"

/* 4.15 rule 5: where execution goes on. */
static void put_target(const struct row *row, bool taken)
{
    uint32_t pc = row->step->pc, t = taken ? row->operand.vc : 4;

    put_word(row, PC_NEXT, pc + t);
    put_pair(row, CARRY_FLAG, carries(pc, t));
    put_word(row, VALUE_A, row->operand.va);
}

/* 4.15 rules 2 to 4, for one halfword. The filler of equal halves is that of pc with its bytes
 * swapped (9.1). */
static void put_difference(const struct row *row, unsigned aux, unsigned aux_inv, uint32_t a,
                           uint32_t b, uint32_t pc_half)
{
    uint32_t swapped = (pc_half & 255) << 8 | pc_half >> 8;
    m31 x = a != b ? m31_sub((m31){a}, (m31){b}) : (m31){swapped ? swapped : 1};

    put_m31(row, aux_inv, x);
    put_m31(row, aux, m31_inv(x));
}

/* 4.15, 4.16 */
static void equality_fill(const struct row *row, bool taken_when_different)
{
    uint32_t a = row->operand.va, b = row->operand.vb, pc = row->step->pc;

    put(row, NEQ, a != b);
    put(row, NEQ12, (a & 0xffff) != (b & 0xffff));
    put(row, NEQ34, a >> 16 != b >> 16);
    put_difference(row, NEQ12_AUX, NEQ12_AUX_INV, a & 0xffff, b & 0xffff, pc & 0xffff);
    put_difference(row, NEQ34_AUX, NEQ34_AUX_INV, a >> 16, b >> 16, pc >> 16);
    put_target(row, (a != b) == taken_when_different);
}

/* 4.17, 4.19 */
static void unsigned_fill(const struct row *row, bool taken_when_less)
{
    uint32_t a = row->operand.va, b = row->operand.vb;

    put_word(row, HELPER1, a - b);
    put_pair(row, BORROW_FLAG, borrows(a, b));
    put_target(row, (a < b) == taken_when_less);
}

/* 4.18, 4.20 */
static void signed_fill(const struct row *row, bool taken_when_less)
{
    uint32_t a = row->operand.va, b = row->operand.vb;
    bool less = (int32_t)a < (int32_t)b;

    put_word(row, HELPER1, a - b);
    put_word(row, HELPER2, without_sign(a));
    put_word(row, HELPER3, without_sign(b));
    put_pair(row, BORROW_FLAG, borrows(a, b));
    put(row, LT_FLAG, less);
    if (!taken_when_less) { /* BGE only; BLT leaves both 0 */
        put(row, SGN_A, sign_of(a));
        put(row, SGN_B, sign_of(b));
    }
    put_target(row, less == taken_when_less);
}

void branch_fill(const struct row *row)
{
    switch (row->step->instruction.mnemonic) {
    case OP_BNE:
        equality_fill(row, true);
        break;
    case OP_BEQ:
        equality_fill(row, false);
        break;
    case OP_BLTU:
        unsigned_fill(row, true);
        break;
    case OP_BGEU:
        unsigned_fill(row, false);
        break;
    case OP_BLT:
        signed_fill(row, true);
        break;
    case OP_BGE:
        signed_fill(row, false);
        break;
    default:
        break;
    }
}
