/* SPDX-License-Identifier: Apache-2.0 */
/* Where the lines of a run go: --json-log, --quiet, --log-level, --log-file, --log-size,
 * --log-keep.
 *
 * Source:  client.md 9.1, 9.3; users-want.md 15.
 */
#pragma once
#include <argp.h>

#include "client/cli/printer.h"

struct log_option {
    bool json, quiet;
    bool has_level; /* else RUST_LOG's */
    enum line_level level;
    const char *path; /* NULL: no file */
    bool has_size, has_keep;
    uint64_t size_mib, keep; /* rotation; 0 MiB: never */
};

/* A child of a command's argp, with a struct log_option as input. */
extern const struct argp log_option_argp;

/* The printer on stdout, with its log file; the caller frees out->log (log_file_free). With a log
 * file SIGHUP is no wish to stop any more but readable at *hangup_fd (interrupt.h). */
enum status MUST_USE log_option_open(struct printer *out, int *hangup_fd,
                                     const struct log_option *o, int stop_fd, struct why *why);
