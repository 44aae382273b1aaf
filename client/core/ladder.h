/* SPDX-License-Identifier: Apache-2.0 */
/* Which difficulty to ask for next.
 *
 * Up: as the reference does (client.md 4.7): a success in under 420 s asks for the next bucket.
 * Down: the reference never goes down (17.13). Here a task that expired or was too much for the
 * machine bars its bucket: one below is asked for, and the bar falls only after 2, then 4, 8, 16
 * successes below it, so that a machine settles at what it can do in time. learnt_ask lowers the wish
 * further, to what fits into a task's life.
 *
 * Owner:   plain value.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "proto/wire.h"

#define LADDER_FIRST           DIFFICULTY_SMALL_MEDIUM
#define LADDER_PROMOTE_BELOW_S 420
#define LADDER_BAR_LARGEST     16
#define LADDER_RUNGS           9

struct ladder {
    bool fixed; /* --max-difficulty: always ask for this one */
    enum difficulty wanted;

    bool known; /* there was a success or a failure */
    enum difficulty last;
    int64_t last_s; /* whole seconds of the last success */

    bool barred;
    enum difficulty bar;  /* do not ask for this bucket or above */
    unsigned bar_height;  /* successes it took, or takes, to let the bar fall */
    unsigned bar_left;
};

unsigned ladder_rung(enum difficulty d); /* 0 for SMALL, 1, 2 … */

enum difficulty ladder_ask(const struct ladder *l);
/* A submission was accepted; assigned: as the server set it. */
void ladder_success(struct ladder *l, enum difficulty assigned, int64_t seconds);
/* The task expired before its proof arrived, or the machine could not prove it. One from above the
 * bar, fetched before it was put up, does not raise it. */
void ladder_failure(struct ladder *l, enum difficulty assigned);
