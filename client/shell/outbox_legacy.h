/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox of older versions: a folder with one file per record, ID.record. Read once, when
 * client/shell/outbox_sqlite.c takes the records over.
 *
 * Errors:  ST_IO, ST_NO_MEMORY. A folder that is not there holds no records.
 */
#pragma once
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

/* bytes: the whole file, which may be damaged. */
typedef enum status outbox_legacy_visit(void *context, uint64_t id, struct bytes bytes,
                                        struct why *why);

enum status MUST_USE outbox_legacy_each(const char *folder, outbox_legacy_visit *visit,
                                        void *context, struct why *why);
/* The records, and the folder if nothing else is in it. What cannot be removed stays: it has been
 * taken over and is not read again. */
void outbox_legacy_remove(const char *folder);
