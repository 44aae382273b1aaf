/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox as a folder: one file per record, ID.record, written whole or not at all (0600).
 *
 * A file that is no record any more (a disk fault, another version) is set aside as ID.damaged and
 * counted; the others are not held up by it.
 *
 * Owner:   heap; outbox_free(&o->base).
 * Threads: one owner at a time, one process at a time (home_lock).
 */
#pragma once
#include "client/core/outbox.h"

struct outbox_file {
    struct outbox base; /* first, so that a cast back is valid */
    char *folder;
    size_t damaged; /* set aside by `each` */
    bool read_only; /* set nothing aside: another process may own the folder */
};

enum status MUST_USE outbox_file_new(struct outbox_file **out, const char *folder,
                                     struct why *why);

/* Forgets the oldest final records beyond `keep`. Any outbox. */
enum status MUST_USE outbox_file_prune(struct outbox *o, size_t keep, struct why *why);
