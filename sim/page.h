/* SPDX-License-Identifier: Apache-2.0 */
/* One run as one HTML page: a timeline of clients and orchestrator, the figures, and the whole
 * story as a table that can be filtered. Everything is in the file: nothing is loaded, and it can
 * be read without scripts (they only filter and zoom).
 */
#pragma once
#include "sim/story.h"

#define PAGE_ROWS 20000 /* of the table; more are cut, and the page says so */

/* replay: the command that makes this run again. */
void page_write(struct buffer *out, const struct scenario *s, const struct story *story,
                const char *replay);
