/* SPDX-License-Identifier: Apache-2.0 */
/* The worker as a child process: how it is born, what it says on stderr, how it died.
 *
 * The child runs this program's own file with two words. It has the socket as standard input, a pipe
 * as standard error, no other descriptor and next to no environment, so that nothing secret reaches
 * it. It is of our process group but deaf to the signals that a terminal or a service manager sends
 * to all of it (INT, TERM, HUP, QUIT are blocked): the client decides when it ends. It ends with us.
 *
 * Owner:   plain value; worker_child_end for each start.
 * Threads: the child is killed when the thread that started it ends.
 * Errors:  ST_IO.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"

#define WORKER_CHILD_TAIL 4096

struct worker_child {
    pid_t pid;
    int fd;        /* the socket; its end means that the child has ended, or is of no use */
    int stderr_fd; /* does not block; -1 after its end */
    size_t tail_size;
    char tail[WORKER_CHILD_TAIL]; /* the end of what it has said */
};

/* file: NULL is this program; command is its first argument. */
enum status MUST_USE worker_child_start(struct worker_child *c, const char *file,
                                        const char *command, struct why *why);

/* Reads what has come; closes stderr_fd at its end. */
void worker_child_listen(struct worker_child *c);

struct worker_death {
    bool killed; /* by SIGKILL, and not by us */
    char text[WORKER_CHILD_TAIL + 200]; /* "ended with SIGSEGV (Segmentation fault): last words" */
};

/* Ends it and says how it ended. patience_ms: how long it may take to end by itself, now that the
 * socket is closed; 0: it is killed at once (one that has ended already died of what it died of). */
void worker_child_end(struct worker_child *c, int patience_ms, struct worker_death *death);
