/* SPDX-License-Identifier: Apache-2.0 */
/* How the program speaks: messages, and one table of exit codes for every command.
 *
 * Information goes to stdout, errors and warnings to stderr. Colours only where somebody looks.
 *
 * Source:  client.md 8.6.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum exit_code {
    EXIT_OK = 0,
    EXIT_NO = 1,           /* the answer is no, or the work failed */
    EXIT_USAGE = 2,        /* bad command line, or bad input */
    EXIT_GUEST = 3,        /* the guest program failed */
    EXIT_LIMIT = 4,        /* a limit that you can raise */
    EXIT_SYSTEM = 5,       /* file, network, memory */
    EXIT_NOT_SERVED = 6,   /* the network refuses this place or address (HTTP 403) */
    EXIT_INTERRUPTED = 130 /* as shells say it for SIGINT */
};

/* For the end of every --help. */
#define WORDS_EXIT_CODES                                                                           \
    "Exit status: 0 ok; 1 the answer is no or the work failed; 2 bad usage or bad input; "        \
    "3 the guest program failed; 4 a limit was reached; 5 file, network or memory; "               \
    "130 interrupted."

enum exit_code words_exit(enum status st);

/* "[INFO] text" */
void words_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void words_success(const char *format, ...) __attribute__((format(printf, 1, 2)));
void words_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void words_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "[ERROR] what: why" for a status; returns its exit code. */
enum exit_code words_failed(enum status st, const struct why *why, const char *what);

/* Says that the outbox was damaged, what was saved of it, and where the damaged file is now; nothing
 * when kept is NULL. */
void words_rescued(const char *kept, size_t records);
