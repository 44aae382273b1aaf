/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out. Between begin and end some request for memory of the code that is linked
 * into this program - malloc, calloc, realloc, and what jansson asks for - gets none: one of the
 * first of them alone, or that one and all behind it. Outside nothing fails.
 *
 * What the simulation itself needs is not scarce (sim/memory.h, and between pause and resume).
 *
 * Where jansson reads, it has its memory: its parser asserts that it gets it (load.c,
 * lex_unget_unsave), so that a program with less is gone, as with any failed assertion.
 *
 * Source:  simulation.md 2; the linker's --wrap (sim/CMakeLists.txt).
 * Threads: one.
 */
#pragma once
#include <stdbool.h>

#include "base/prng.h"

/* Draws which of them fails; in one of four cases none does. */
void scarcity_begin(struct prng *prng, bool reads_json);
/* The same with one of the first `among` alone, and where jansson has its memory. */
void scarcity_begin_once(struct prng *prng, uint64_t among);
void scarcity_end(void);
bool scarcity_struck(void); /* something failed since the last begin */

/* Returns what resume wants to know. */
bool scarcity_pause(void);
void scarcity_resume(bool paused);

/* One more request, by somebody who has no allocation of his own that may fail. */
bool scarcity_strikes(void);
