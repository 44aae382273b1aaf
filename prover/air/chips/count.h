/* SPDX-License-Identifier: Apache-2.0 */
/* Multiplicities of the range and bitwise tables, counted from finished rows.
 *
 * Source:  air-main.md 4.13, 4.34 - 4.38.
 * Threads: a count has one owner; count_add may be called by several at once.
 */
#pragma once
#include "prover/air/chips/row.h"

#define COUNT_LANES 4 /* rows in turn, so that equal cells of neighbours do not wait for each other */

struct count {
    uint32_t range8[8], range16[16], range32[COUNT_LANES][32], range128[128];
    uint32_t range256[COUNT_LANES][256];
    uint32_t bit_op[3][256];
};

/* What depends on the instruction of a row: everything but the next one's. */
void count_row(struct count *count, const struct row *row);

/* The cells that every row, padding too, looks up in Range32 and Range256. */
void count_block(struct count *count, m31 (*cells)[BLOCK_ROWS]);

/* Adds it all to the side note. */
void count_add(struct side_note *note, const struct count *count);
