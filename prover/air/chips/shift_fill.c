/* SPDX-License-Identifier: Apache-2.0 */
/* Sll, Srl, Sra (4.25 - 4.27). */
#include "prover/air/chips/row.h"

/* The shift amount is the low byte of C, not reduced (9.6): its bits 5 .. 7 go to Helper1. */
static uint32_t put_amount(const struct row *row, uint32_t k)
{
    uint32_t e = 1u << k % 8;

    for (unsigned i = 0; i < 5; i++)
        put(row, SHIFT_BIT1 + i, bits(k, i, i));
    put(row, EXP1_3, e);
    put(row, HELPER1, k >> 5);
    return e;
}

/* 4.25 */
static void sll_fill(const struct row *row, uint32_t vb, uint32_t k)
{
    uint32_t e = put_amount(row, k), q = 0;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t t = byte_of(vb, i) * e + q;

        q = t >> 8;
        put(row, REM + i, t & 255);
        put(row, QT + i, q);
    }
    assert(vb << k % 32 == row->operand.out);
}

/* 4.26 */
static void srl_fill(const struct row *row, uint32_t vb, uint32_t k)
{
    uint32_t e = put_amount(row, k), rem = 0;

    for (unsigned i = 4; i-- > 0;) {
        uint32_t t = 256 * rem + byte_of(vb, i);

        rem = t % e;
        put(row, QT + i, t / e);
        put(row, REM + i, rem);
        put(row, REM_DIFF + i, e - 1 - rem);
    }
}

/* 4.27, after 4.26 */
static void sra_fill(const struct row *row, uint32_t vb, uint32_t k)
{
    uint32_t e = 1u << k % 8;

    put_word(row, HELPER2, vb >> 24 & 127);
    put_word(row, HELPER3, vb >> k % 32);
    put(row, EXP, 256 / e);
    put(row, SGN_B, sign_of(vb));
    put(row, SRA_DEGREE_AUX, sign_of(vb) * (e - 1) * (256 / e));
}

void shift_fill(const struct row *row)
{
    uint32_t vb = row->operand.vb, k = row->operand.vc & 255;

    switch (row->step->instruction.mnemonic) {
    case OP_SLL:
    case OP_SLLI:
        sll_fill(row, vb, k);
        break;
    case OP_SRL:
    case OP_SRLI:
        srl_fill(row, vb, k);
        assert(vb >> k % 32 == row->operand.out);
        break;
    case OP_SRA:
    case OP_SRAI:
        srl_fill(row, vb, k);
        sra_fill(row, vb, k);
        assert((uint32_t)((int32_t)vb >> k % 32) == row->operand.out);
        break;
    default:
        return;
    }
    put_word(row, VALUE_A, row->operand.out);
}
