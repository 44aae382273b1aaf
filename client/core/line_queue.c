/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/line_queue.h"

#include <assert.h>

#include "base/print.h"
#include "client/core/problem.h"

void line_queue_say(struct line_queue *q, const struct line_about *about, const char *format,
                    va_list args)
{
    struct line *line = &q->lines[(q->first + q->count) % LINE_QUEUE_ROOM];

    size_t said = 0;

    assert(q->count < LINE_QUEUE_ROOM);
    q->count++;
    line->type = about->type; /* one by one: a line is large, and its text is written below */
    line->level = about->level;
    line->event = about->event;
    line->status = about->status;
    line->wait_ns = 0;
    line->task_id[0] = '\0';
    if (about->task_id) {
        print_text(line->task_id, sizeof line->task_id, "%s", about->task_id);
        problem_clean(line->task_id);
    }
    if (about->speaker && *about->speaker)
        said = print_text(line->text, sizeof line->text, "%s: ", about->speaker);
    print_list(line->text + said, sizeof line->text - said, format, args);
    problem_clean(line->text);
}

void line_queue_wait(struct line_queue *q, int64_t wait_ns)
{
    assert(q->count > 0);
    q->lines[(q->first + q->count - 1) % LINE_QUEUE_ROOM].wait_ns = wait_ns;
}

bool line_queue_poll(struct line_queue *q, struct action *out)
{
    if (q->count == 0)
        return false;
    out->type = ACT_LINE;
    out->id = 0;
    out->line = q->lines[q->first];
    q->first = (q->first + 1) % LINE_QUEUE_ROOM;
    q->count--;
    return true;
}
