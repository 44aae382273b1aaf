/* SPDX-License-Identifier: Apache-2.0 */
/* How far many runs are: one line, written over once a second and wiped in the end.
 *
 *     rate_limits: 41200 of 100000 runs, 0 failed, 6 s left
 *
 * For somebody who looks on, so nothing is written when the stream is no terminal.
 *
 * Units:   seconds of the clock given.
 * Owner:   plain value; everything it points to is borrowed.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"

struct progress {
    FILE *out; /* NULL: nobody looks on */
    const struct clock *clock;
    const char *what;
    uint64_t done, all, failed; /* all 0: nobody knows */
    int64_t started_ns, told_ns;
    bool shown;
};

/* out NULL, or stderr when that is a terminal. */
FILE *progress_terminal(void);
void progress_begin(struct progress *p, FILE *out, const struct clock *clock, const char *what,
                    uint64_t all);
void progress_step(struct progress *p, bool failed); /* p NULL: nothing */
void progress_wipe(struct progress *p); /* before another line is printed, and in the end */
