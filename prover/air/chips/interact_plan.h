/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel of the interaction columns needs: inverses in tables where a lookup has few
 * different denominators, forms where each row has its own.
 *
 * Source:  air-main.md 6.4, performance.md 8.3.
 */
#pragma once
#include "prover/air/chips/fraction.h"

/* Fractions with a denominator of their own in every row: LoadStore, ProgramCheck, RegisterCheck. */
#define INVERTED_FIRST 24 /* F25 */
#define INVERTED_COUNT 18

/* Inverses of the denominators of one table, by coordinate. Entry 0 is 0: a fraction that is off
 * reads it, whatever its tuple holds, and key + 1 is read when it is on. */
struct inverse_table {
    const m31 *of[4];
    uint32_t size; /* keys */
};

struct interact_plan {
    const m31 *source[SOURCE_VIRTUAL]; /* row 0; NULL for the next row's */
    struct matrix interaction;
    struct inverse_table bit_op[3]; /* key 16 b + c */
    struct inverse_table range[RELATION_COUNT];
    struct form denominator[INVERTED_COUNT];
    struct form_term term[INVERTED_COUNT * FORM_MAX_TERMS];
};

/* Rows begin .. end-1 of all 832 columns (multiples of 16). The last four get the running sums of
 * their rows only. */
#define INTERACT_ARGUMENTS (const struct interact_plan *plan, size_t begin, size_t end)

void interact_portable INTERACT_ARGUMENTS;
#if NXP_KERNEL_X86
void interact_avx2 INTERACT_ARGUMENTS;
void interact_avx512 INTERACT_ARGUMENTS;
#endif
