/* SPDX-License-Identifier: Apache-2.0 */
/* A disk in memory under SQLite that fails at a chosen call, or loses its power there.
 *
 * What is written but not synced is in nobody's hand: when the power goes, each sector of each such
 * write is there, or is not, or is torn at some byte; a truncation has happened or has not; a file
 * that was made or removed and whose folder was not synced is there or is not. A sync that failed
 * has thrown its data away: it can still be read, but the next sync, which says that all is well,
 * does not bring it to the platter (as Linux does after EIO).
 *
 * Calls counted are those that change something: writes, truncations, syncs, removals.
 *
 * Threads: one. There is one disk in a process; it becomes SQLite's default.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum disk_trouble {
    DISK_WORKS,
    DISK_ERROR,       /* that call fails with EIO and has changed nothing */
    DISK_SHORT_WRITE, /* that call fails with EIO, and of a write half has happened */
    DISK_FULL,   /* that call and those after it that want more room, until it is told to work */
    DISK_BROKEN, /* that call and all after it fail, until it is told to work */
    DISK_CUT,    /* the power goes at that call: all that follow fail */
};

void disk_install(void);
void disk_wipe(uint64_t seed);                            /* empty, and works */
void disk_trouble(enum disk_trouble kind, unsigned call); /* the call counts from 1 from here on */
unsigned disk_calls(void);                                /* since disk_trouble */
unsigned disk_failures(void);                             /* since disk_trouble */
bool disk_dead(void);                                     /* the power is gone */

/* How much of what was not synced survives. */
enum disk_luck { LUCK_NOTHING, LUCK_ALL, LUCK_HALF, LUCK_MOST, LUCK_TORN, DISK_LUCKS };

/* The machine starts again: what has survived is all that there is. Works again. Nobody may hold
 * the disk's files open. */
void disk_power_on(enum disk_luck luck, uint64_t seed);
