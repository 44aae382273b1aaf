/* SPDX-License-Identifier: Apache-2.0 */
/* A disk for SQLite that fails: the n-th write, sync or truncate (counted over all files), and with
 * `forever` each one after it too, as on a full disk or for a process that is cut off. A write that
 * fails has written its first half. */
#pragma once
#include <stdbool.h>

struct faulty_vfs {
    unsigned calls;   /* writes, syncs and truncates so far */
    unsigned fail_at; /* 0: never; 1: the first */
    int code;         /* SQLITE_IOERR_WRITE, SQLITE_FULL … */
    bool forever;
    unsigned failures;
};

/* Becomes the default of this process and is steered by *f. */
void faulty_vfs_install(struct faulty_vfs *f);
