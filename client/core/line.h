/* SPDX-License-Identifier: Apache-2.0 */
/* One thing to tell the user. The shell decides whether it becomes text, JSON or a screen.
 *
 * Source:  client.md 9.1. Scripts search these texts, so they do not change.
 */
#pragma once
#include <stdint.h>

enum line_type { LINE_SUCCESS, LINE_ERROR, LINE_REFRESH, LINE_WAITING, LINE_STATE_CHANGE, LINE_SHUTDOWN };
enum line_level { LINE_DEBUG, LINE_INFO, LINE_WARN, LINE_ERROR_LEVEL };

const char *line_type_name(enum line_type t);   /* "StateChange" */
const char *line_level_name(enum line_level l); /* "info" */

struct line {
    enum line_type type;
    enum line_level level;
    const char *event; /* for machines: "submitted"; a constant */
    char task_id[72];  /* "" when it is about no task; longer ids are cut */
    unsigned status;   /* of the answer it is about; 0: none */
    int64_t wait_ns;   /* it tells of a wait that long from now on; 0: none */
    char text[480];
};
