/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a running client, over a unix socket in its home (control.sock, 0600).
 *
 *   they:  "status\n"     one line of at most CONTROL_MAX_QUESTION bytes with its end
 *   we:    the answer, then the end of the stream
 *
 * Nothing happens by itself: the descriptor becomes readable when somebody wants something, then
 * control_serve does what can be done at once. Nobody can hold us up or make us grow: questions are
 * short, CONTROL_MAX_CLIENTS have a place, and who comes after them takes the place of the oldest.
 * Only our own user and root are answered; the system says who they are (SO_PEERCRED).
 *
 * Owner:   heap; control_free also removes the socket.
 * Threads: one owner.
 * Errors:  ST_INPUT a path too long for a socket, ST_EXISTS something else is there, ST_IO,
 *          ST_NO_MEMORY. A socket that a dead process left is replaced: whoever calls control_new
 *          holds the lock of the home (client/shell/home.h).
 */
#pragma once
#include "base/bytes.h"

#define CONTROL_MAX_QUESTION 64
#define CONTROL_MAX_CLIENTS  8
#define CONTROL_MAX_ANSWER   ((size_t)1 << 20)
#define CONTROL_PATIENCE_S   5 /* of control_ask */

struct control;

/* question: without its end; out is empty and limited to CONTROL_MAX_ANSWER. */
typedef void control_answer(void *context, struct buffer *out, const char *question);

enum status MUST_USE control_new(struct control **out, const char *path, control_answer *answer,
                                 void *context, struct why *why);
void control_free(struct control *c);
int control_fd(const struct control *c);
void control_serve(struct control *c);

/* The other side: asks, and waits for the whole answer. ST_NOT_FOUND: nobody is there. ST_IO: no
 * answer, or none in time. */
enum status MUST_USE control_ask(struct buffer *out, const char *path, const char *question,
                                 struct why *why);
