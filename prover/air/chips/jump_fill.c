/* SPDX-License-Identifier: Apache-2.0 */
/* Jal, Jalr and the system calls (4.21, 4.24, 4.29). */
#include "prover/air/chips/row.h"
#include "prover/air/chips/syscall.h"

/* ValueA is the address after the jump; its carries are in CarryFlag, those of the target in
 * BorrowFlag (9.3). */
static void put_link(const struct row *row)
{
    uint32_t pc = row->step->pc;

    assert(pc + 4 == row->operand.out);
    put_word(row, VALUE_A, pc + 4);
    put_pair(row, CARRY_FLAG, carries(pc, 4));
}

void jump_fill(const struct row *row)
{
    uint32_t pc = row->step->pc, vb = row->operand.vb, vc = row->operand.vc, s = vb + vc;

    switch (row->step->instruction.mnemonic) {
    case OP_JAL: /* 4.21 */
        put_word(row, PC_NEXT, pc + vc);
        put_pair(row, BORROW_FLAG, carries(pc, vc));
        put_link(row);
        break;
    case OP_JALR: /* 4.24 */
        put(row, QT_AUX, (s & 255) >> 1);
        put(row, REM_AUX, s & 1);
        put_word(row, PC_NEXT, s & ~(uint32_t)1);
        put_word(row, PC_NEXT_AUX, s);
        put_pair(row, BORROW_FLAG, carries(vb, vc));
        put_link(row);
        break;
    default:
        break;
    }
}

/* 4.29; past_walk has refused what has no row here. */
void syscall_fill(const struct row *row)
{
    const struct syscall *s;

    if (row->step->instruction.mnemonic != OP_ECALL)
        return;
    s = syscall_find(row->operand.vb);
    put(row, s->flag, 1);
    if (s->code == SYSCALL_HALT)
        put_word(row, PC_NEXT, row->step->pc);
    put_word(row, VALUE_A, row->operand.out);
}
