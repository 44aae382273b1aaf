/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is run beside us: in a process group of its own, so that Ctrl-C reaches us alone,
 * and killed by the kernel when we die, however that happens.
 *
 * Owner:   plain value; subprocess_kill before it goes out of sight.
 * Threads: the child is killed when the thread that started it ends.
 * Errors:  ST_NOT_FOUND: there is no such program; ST_IO.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"

struct subprocess {
    pid_t pid;   /* 0: none runs */
    int outcome; /* of the last one, as waitpid has it */
};

struct subprocess_order {
    const char *const *words;       /* the program and its arguments, NULL at the end */
    const char *const *environment; /* "NAME=VALUE", beside or instead of ours; NULL at the end; may be NULL */
    const char *out, *err;          /* files to which it appends; NULL: as ours */
};

enum status MUST_USE subprocess_start(struct subprocess *p, const struct subprocess_order *order,
                                      struct why *why);
/* false once it has ended; then the outcome is there. */
bool subprocess_runs(struct subprocess *p);
void subprocess_tell(const struct subprocess *p, int signal); /* to it alone; nothing when none runs */
/* Waits at most so long for its end; false: it still runs. */
bool subprocess_await(struct subprocess *p, int64_t patience_ns);
/* Ends it and everything in its group at once. */
void subprocess_kill(struct subprocess *p);
/* "ended with 1", "was killed by SIGSEGV" */
void subprocess_outcome(char out[64], const struct subprocess *p);

/* From now on orphans of our children are ours: a program that goes into the background is not
 * lost. */
void subprocess_adopt_orphans(void);
/* Ends all children that there are, and theirs. */
void subprocess_end_all(void);

/* The first child of that process, 0: none. */
pid_t subprocess_child_of(pid_t parent);
