/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that wait to be handed out as actions, in order.
 *
 * One call of a core says a few lines at most, and its next polls hand them out before anything
 * else is done; so the place is bounded and a full queue is our mistake.
 *
 * Owner:   plain value, no heap; a zeroed one is empty.
 */
#pragma once
#include <stdarg.h>

#include "client/core/action.h"

#define LINE_QUEUE_ROOM 32

struct line_queue {
    struct line lines[LINE_QUEUE_ROOM];
    size_t first, count;
};

/* What the line is about but its words. */
struct line_about {
    enum line_type type;
    enum line_level level;
    const char *event;   /* a constant */
    const char *task_id; /* NULL: no task */
    unsigned status;     /* of the answer; 0: none */
    const char *speaker; /* the words begin with this name and a colon; NULL or "": they do not */
};

void line_queue_say(struct line_queue *q, const struct line_about *about, const char *format,
                    va_list args) __attribute__((format(printf, 3, 0)));
/* The line said last tells of a wait that long; 0: none after all. */
void line_queue_wait(struct line_queue *q, int64_t wait_ns);
/* false: none waits. */
bool line_queue_poll(struct line_queue *q, struct action *out);
