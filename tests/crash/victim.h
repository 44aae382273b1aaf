/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is killed with SIGKILL: before its n-th step that anyone else could see, or after
 * a while.
 *
 * A step is a system call that changes a file or speaks to another host: writes (but not to the
 * terminal), truncations, syncs, removals, renames, files made, connections, sends and receives.
 * Steps are seen with ptrace, in every thread of the program; the program knows nothing of it.
 *
 * Threads: one; the calls wait for the program's end.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

struct victim {
    const char *const *argv; /* argv[0]: the file */
    const char *out, *err;   /* files that are appended to */
};

struct victim_end {
    unsigned steps; /* that it did, where they were counted */
    bool killed;    /* else it has ended by itself */
    bool late;      /* killed because it was idle */
    int status;     /* of waitpid */
};

/* Killed before its step number `step` (from 1), or when it has done none for
 * idle_ms. */
struct victim_end victim_kill_at_step(const struct victim *v, unsigned step, int idle_ms);

/* Killed after that time. If it has a worker (a child whose command line has that word) and
 * worker_first, then the worker is killed after worker_ms before that; *worker_killed tells. */
struct victim_end victim_kill_after(const struct victim *v, int ms, const char *worker,
                                    int worker_ms, bool *worker_killed);

/* For lives that shall end well: begins, and ends with SIGTERM. */
pid_t victim_begin(const struct victim *v);
struct victim_end victim_stop(pid_t pid);
