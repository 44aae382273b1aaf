/* SPDX-License-Identifier: Apache-2.0 */
/* LoadStoreChip (4.28). The RAM state of rule 3 was looked up by past_walk. */
#include "prover/air/chips/row.h"

void load_store_fill(const struct row *row)
{
    const struct step *step = row->step;
    const struct operands *o = &row->operand;
    uint32_t base = step->memory == MEMORY_LOAD ? o->vb : o->va;

    if (step->memory == MEMORY_NONE)
        return;
    put_word(row, RAM_BASE_ADDR, step->address); /* rule 1 */
    put_pair(row, CARRY_FLAG, carries(base, o->vc));
    put_word(row, VALUE_A, o->out);
    if (step->memory == MEMORY_LOAD && step->size < 4) /* rule 2 */
        put(row, QT_AUX, byte_of(o->out, step->size - 1u) & 127);
    for (unsigned i = 0; i < step->size; i++) { /* rule 3 */
        uint32_t ts = row->past->ram_timestamp[i];
        struct gap g = gap_of(row->clk, ts);

        put(row, RAM1_VAL_CUR + i, byte_of(step->value, i));
        put(row, RAM1_VAL_PREV + i, row->past->ram_value[i]);
        put_word(row, RAM1_TS_PREV + 4 * i, ts);
        put_word(row, RAM1_TS_PREV_AUX + 4 * i, g.word);
        for (unsigned b = 0; b < 4; b++)
            put(row, HELPER1 + 4 * i + b, g.borrow[b]);
    }
}
