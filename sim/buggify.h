/* SPDX-License-Identifier: Apache-2.0 */
/* Who decides at the BUGGIFY places of both cores (base/buggify.h) during a run.
 *
 * In two steps, as in FoundationDB: a quarter of all places is awake in a run, and an awake one
 * strikes in a quarter of the cases, each a choice on the run's tape ("buggify LONGEST_BACKOFF").
 * Places of a run are drawn from its seed and their own names alone. Nothing strikes once faults
 * have stopped. On a written tape it decides alone, whoever is awake.
 *
 * Threads: one run at a time in a process.
 */
#pragma once
#include "base/buggify.h"
#include "sim/choice.h"
#include "sim/world.h"

struct buggify {
    struct world *world;              /* borrowed: its time, and its notes */
    struct choice_tape *tape;         /* may be NULL */
    int64_t heal_ns;                  /* 0: never */
    struct prng prngs[BUGGIFY_COUNT]; /* one more question to one place changes no other */
    uint64_t awake, struck;           /* a bit for each enum buggify_site */
};

/* From here on b decides, until NULL does; the rest of b is set already. */
void buggify_begin(struct buggify *b, uint64_t seed);
void buggify_end(void);

const char *buggify_name(enum buggify_site site);  /* "LONGEST_BACKOFF" */
const char *buggify_words(enum buggify_site site); /* "the longest of the waits permitted" */
