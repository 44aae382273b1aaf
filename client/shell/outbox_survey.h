/* SPDX-License-Identifier: Apache-2.0 */
/* What is on disk, without reading a single record: how many of each state, and who is held.
 *
 * Units:   wall time in nanoseconds.
 * Errors:  as client/shell/outbox_sqlite.h; safe beside the process that writes.
 */
#pragma once
#include <stdint.h>

#include "client/shell/outbox_sqlite.h"

#define SURVEY_HOLDS 16

struct outbox_survey {
    uint64_t counts[OUTBOX_STATES];
    uint64_t damaged;
    size_t hold_count; /* the first SURVEY_HOLDS that end after `now` */
    struct {
        char server[200], route[32];
        int64_t until_wall_ns;
    } holds[SURVEY_HOLDS];
};

enum status MUST_USE outbox_survey(struct outbox_survey *out, const struct outbox_sqlite *o,
                                   int64_t now_wall_ns, struct why *why);
