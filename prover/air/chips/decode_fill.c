/* SPDX-License-Identifier: Apache-2.0 */
/* The decoding chips (4.2 - 4.9): the fields of the instruction word, by type. */
#include "prover/air/chips/row.h"

static void put_a(const struct row *row, uint32_t a)
{
    put(row, OP_A0, bits(a, 0, 0));
    put(row, OP_A1_4, bits(a, 1, 4));
}

static void put_b_low_first(const struct row *row, uint32_t b)
{
    put(row, OP_B0, bits(b, 0, 0));
    put(row, OP_B1_4, bits(b, 1, 4));
}

static void put_b_high_last(const struct row *row, uint32_t b)
{
    put(row, OP_B0_3, bits(b, 0, 3));
    put(row, OP_B4, bits(b, 4, 4));
}

void decode_fill(const struct row *row)
{
    struct instruction i = row->step->instruction;
    uint32_t c = i.c;

    put_a(row, i.a);
    switch (i.type) {
    case TYPE_R:       /* 4.2 */
    case TYPE_I_SHAMT: /* 4.4 */
        put_b_low_first(row, i.b);
        put(row, OP_C0_3, bits(c, 0, 3));
        put(row, OP_C4, bits(c, 4, 4));
        break;
    case TYPE_I: /* 4.3; a, b and c of a system call are 0 */
        put_b_low_first(row, i.b);
        put(row, OP_C0_3, bits(c, 0, 3));
        put(row, OP_C4_7, bits(c, 4, 7));
        put(row, OP_C8_10, bits(c, 8, 10));
        put(row, OP_C11, bits(c, 11, 11));
        break;
    case TYPE_S: /* 4.5 */
        put_b_high_last(row, i.b);
        put(row, OP_C0, bits(c, 0, 0));
        put(row, OP_C1_4, bits(c, 1, 4));
        put(row, OP_C5_7, bits(c, 5, 7));
        put(row, OP_C8_10, bits(c, 8, 10));
        put(row, OP_C11, bits(c, 11, 11));
        break;
    case TYPE_B: /* 4.6 */
        put_b_high_last(row, i.b);
        put(row, OP_C1_4, bits(c, 1, 4));
        put(row, OP_C5_7, bits(c, 5, 7));
        put(row, OP_C8_10, bits(c, 8, 10));
        put(row, OP_C11, bits(c, 11, 11));
        put(row, OP_C12, bits(c, 12, 12));
        break;
    case TYPE_U: /* 4.7 */
        put(row, OP_C12_15, bits(c, 0, 3));
        put(row, OP_C16_23, bits(c, 4, 11));
        put(row, OP_C24_31, bits(c, 12, 19));
        break;
    default: /* TYPE_J, 4.8 */
        put(row, OP_C1_3, bits(c, 1, 3));
        put(row, OP_C4_7, bits(c, 4, 7));
        put(row, OP_C8_10, bits(c, 8, 10));
        put(row, OP_C11, bits(c, 11, 11));
        put(row, OP_C12_15, bits(c, 12, 15));
        put(row, OP_C16_19, bits(c, 16, 19));
        put(row, OP_C20, bits(c, 20, 20));
        break;
    }
}
