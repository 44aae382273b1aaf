/* SPDX-License-Identifier: Apache-2.0 */
/* One numbering for everything that a rule or a fraction reads in a row: preprocessed columns,
 * trace columns, trace columns one row ahead, virtual columns.
 *
 * Source:  air-main.md 1.
 */
#pragma once
#include "prover/air/chips/columns.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE      __attribute__((noinline))

#define VIRTUAL(NAME, expression) VIRTUAL_##NAME,
enum virtual_column {
#include "prover/air/chips/virtual_rules.inc"
    VIRTUAL_COUNT
};
#undef VIRTUAL

enum source {
    SOURCE_PREPROCESSED,
    SOURCE_TRACE = SOURCE_PREPROCESSED + MAIN_PREPROCESSED,
    SOURCE_NEXT = SOURCE_TRACE + MAIN_TRACE, /* main_next_columns, one row ahead */
    SOURCE_VIRTUAL = SOURCE_NEXT + MAIN_NEXT_COUNT,
    SOURCE_COUNT = SOURCE_VIRTUAL + VIRTUAL_COUNT,
};

/* Numbers of main_next_columns (component.h): Pc is 0 .. 3. */
#define NEXT_IS_PADDING 4
