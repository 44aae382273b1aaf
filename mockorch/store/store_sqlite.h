/* SPDX-License-Identifier: Apache-2.0 */
/* A store in one SQLite file: what was committed survives kill -9 and a power cut.
 *
 *     record(seq, kind, key, value)    seq: order of the first put, kept by later ones
 *
 * A write-ahead log with full synchronisation: each commit that has something to write waits for the
 * disk once, however many puts it holds. The file is locked against a second orchestrator (FILE-lock
 * beside it); other programs may read it meanwhile.
 *
 * Owner:   the store of the interface; store_free rolls back what was not committed.
 * Threads: one owner at a time.
 * Errors:  ST_EXISTS: another orchestrator uses the file; ST_INPUT: damaged, of a newer version, or
 *          of another program: nothing is changed; ST_IO, ST_NO_MEMORY.
 */
#pragma once
#include "mockorch/core/store.h"

/* Opens or makes the file (mode 0600) and looks through all of it. */
enum status MUST_USE store_sqlite_new(struct store **out, const char *path, struct why *why);
