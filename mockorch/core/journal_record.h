/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of the journal as JSON and back, for a store: [{"call":4,"path":"/v3/tasks",…},…]. What is 0
 * or empty is left out; what a newer version wrote beside it is passed over.
 *
 * Errors:  ST_INPUT: an entry that is none. Text that is not UTF-8 loses its odd bytes ('?').
 */
#pragma once
#include <jansson.h>

#include "mockorch/core/journal.h"

void journal_record_put(struct buffer *out, const struct journal_entry *e);
/* Everything but the number, into a zeroed entry; false: the record is none of ours. */
bool journal_record_get(struct journal_entry *out, const json_t *record);
