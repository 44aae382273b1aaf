/* SPDX-License-Identifier: Apache-2.0 */
/* A damaged outbox.db: what can be read of it becomes a new database, and the damaged file is kept.
 *
 *   outbox.db, -wal                      damaged
 *   outbox.db.rescue                     being filled; worth nothing after a crash
 *   outbox.db.rescued                    complete: from here on the rest will happen
 *   outbox.db.damaged-1, …-1-wal         the damaged one, kept; 2, 3 … for those that follow
 *
 * A crash at any time leaves the damaged database where it was, or a complete new one that the next
 * outbox_rescue_finish puts in its place. There is never an empty one in between.
 *
 * Errors:  ST_IO, ST_NO_MEMORY.
 */
#pragma once
#include <stddef.h>

#include "base/status.h"

/* The owner holds the lock of the outbox, and has closed it. Reads what it can, makes the new
 * database complete; outbox_rescue_finish then puts it in place. */
enum status MUST_USE outbox_rescue(size_t *records, const char *path, struct why *why);
/* Does what is still to be done after a rescue. *kept: where the damaged one is now (free()), or
 * NULL when there was nothing to do. */
enum status MUST_USE outbox_rescue_finish(char **kept, const char *path, struct why *why);
