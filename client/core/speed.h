/* SPDX-License-Identifier: Apache-2.0 */
/* How long this machine takes for an input, per program and difficulty, from the last proofs.
 *
 * Two estimates: the hopeful time is the lower quartile of the last 16, so that a task which has a
 * chance of one in four is still tried; the cautious one is the largest of them, which is what the
 * 95th percentile of 16 by nearest rank is. A proof's time runs from its hand-over to its outcome, so
 * waiting inside the prover and the machine's other work are in it.
 *
 * Units:   nanoseconds.
 * Owner:   plain value.
 * Source:  simulation.md 3, rule 7; users-want.md 10.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "client/core/ladder.h"

#define SPEED_CELLS      16 /* pairs of program and difficulty; the one longest unused gives way */
#define SPEED_SAMPLES    16
#define SPEED_PROGRAM    40 /* names are compared up to there */
#define SPEED_LONGEST_NS ((int64_t)7 * 24 * 3600 * 1000000000)

enum speed_kind { SPEED_HOPEFUL, SPEED_CAUTIOUS };

struct speed_cell {
    char program[SPEED_PROGRAM]; /* "": free */
    enum difficulty difficulty;
    uint64_t used; /* the greatest is the newest */
    unsigned count, next;
    int64_t sample_ns[SPEED_SAMPLES];
};

struct speed {
    struct speed_cell cells[SPEED_CELLS];
    uint64_t used;
    uint32_t inputs[LADDER_RUNGS]; /* of the last task of that difficulty; 0: none yet */
};

/* An input was proved. */
void speed_proved(struct speed *s, const char *program, enum difficulty d, int64_t duration_ns);
/* A task has so many inputs. */
void speed_task(struct speed *s, enum difficulty d, size_t inputs);

/* For so many inputs, at_once of them side by side; 0: unknown. */
int64_t speed_ns(const struct speed *s, enum speed_kind kind, const char *program,
                 enum difficulty d, size_t inputs, unsigned at_once);
/* For a task of that difficulty that has not been seen: as the last one, of the slowest program. A
 * bucket that was never tried takes at least what the next known one below takes. 0: unknown. */
int64_t speed_bucket_ns(const struct speed *s, enum difficulty d, unsigned at_once);
