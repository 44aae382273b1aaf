/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an outbox - database and log - as a kill or a power cut leaves them: copied as they
 * are, or with the last write there by a first part only. (Sectors that arrive in another order
 * than they were written are the matter of tests/crash.)
 *
 * Source:  sqlite.org/fileformat2.html 4: a log grows by frames, and starts over at its front.
 * Errors:  ST_IO; ST_NO_MEMORY.
 */
#pragma once
#include "base/bytes.h"

struct tier_b_tear { /* of the write between two states of an outbox */
    const char *before;
    size_t part, whole; /* so much of it has happened; part < whole */
};

/* There is nothing at `to`. tear NULL: none. */
enum status MUST_USE tier_b_platter_copy(const char *from, const char *to,
                                         const struct tier_b_tear *tear, struct why *why);
void tier_b_platter_remove(const char *path); /* what SQLite has put beside it, too */
