/* SPDX-License-Identifier: Apache-2.0 */
/* ProgramMemCheck, RegisterMemCheck, Timestamp (4.31 - 4.33): what each row consumes from the
 * memories, noted by past_walk, and how long ago it was written. */
#include "prover/air/chips/row.h"

void memory_check_fill(const struct row *row)
{
    const struct past *past = row->past;
    const struct operands *o = &row->operand;

    put_word(row, PROG_CTR_PREV, past->executed); /* 4.31 rule 1 */
    put_word(row, PROG_CTR_CUR, past->executed + 1);
    put_pair(row, PROG_CTR_CARRY, carries(past->executed, 1));
    put_word(row, VALUE_A_EFFECTIVE, o->ra ? o->out : 0); /* 4.32 */
    for (unsigned slot = 0; slot < 3; slot++) {
        put_word(row, REG1_TS_PREV + 4 * slot, past->register_timestamp[slot]);
        put_word(row, REG1_VAL_PREV + 4 * slot, past->register_value[slot]);
    }
}

/* 4.33; padding rows and unused slots have previous timestamp 0. */
void timestamp_fill(const struct row *row)
{
    for (unsigned slot = 0; slot < 3; slot++) {
        uint32_t previous = row->past ? row->past->register_timestamp[slot] : 0;
        struct gap g = gap_of(3 * row->clk + slot + 1, previous);

        put_word(row, C_REG1_TS_PREV + 4 * slot, g.word);
        put_pair(row, CH1_MINUS + 2 * slot, (struct pair){g.borrow[1], g.borrow[3]});
    }
}
