/* SPDX-License-Identifier: Apache-2.0 */
/* The one error idiom: a status says what the caller can do, a why says what happened.
 *
 * Owner:   struct why is the caller's; NULL is allowed everywhere and means "no words wanted".
 * Threads: plain values.
 *
 * A function that returns a status writes its outputs only on ST_OK. Nothing below the rooms of
 * words (cli, server, sim) prints.
 */
#pragma once

#define MUST_USE __attribute__((warn_unused_result))

enum status {
    ST_OK = 0,
    ST_INPUT,     /* bytes from outside are malformed or beyond a limit; the same bytes fail again */
    ST_INVALID,   /* well-formed, but refused: a proof, a signature, a hash that does not hold */
    ST_GUEST,     /* the guest program failed or cannot be proved */
    ST_LIMIT,     /* a limit that the user can raise was reached: steps, rows, memory */
    ST_NO_MEMORY, /* the system gave no memory */
    ST_IO,        /* the system refused: file, socket, process */
    ST_NOT_FOUND, /* the named thing does not exist */
    ST_EXISTS,    /* the named thing exists already, or is in use by another */
    ST_CANCELLED, /* somebody asked to stop */
};

struct why {
    char text[512]; /* one line, no newline at the end */
};

/* Writes the words (when why is not NULL) and returns st, so that `return fail(why, ...)` reads. */
enum status fail(struct why *why, enum status st, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "format: " in front of what is there already; returns st. */
enum status fail_within(struct why *why, enum status st, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Short lower-case name of a status for logs and JSON: "input", "no_memory". */
const char *status_name(enum status st);
