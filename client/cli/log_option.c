/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/log_option.h"

#include <stdlib.h>

#include "client/cli/interrupt.h"
#include "client/cli/parse.h"

enum {
    KEY_JSON_LOG = 0x500,
    KEY_QUIET,
    KEY_LOG_LEVEL,
    KEY_LOG_FILE,
    KEY_LOG_SIZE,
    KEY_LOG_KEEP,
};

static const struct argp_option options[] = {
    {"json-log", KEY_JSON_LOG, 0, 0, "One JSON object a line, on stdout and in the log file", 2},
    {"quiet", KEY_QUIET, 0, 0, "No lines on stdout; errors stay on stderr", 2},
    {"log-level", KEY_LOG_LEVEL, "LEVEL", 0,
     "Leave out lines below debug, info, warn or error (all lines, or as RUST_LOG says); successes "
     "are always told",
     2},
    {"log-file", KEY_LOG_FILE, "FILE", 0, "Append the lines to FILE; SIGHUP opens it anew", 2},
    {"log-size", KEY_LOG_SIZE, "MIB", 0, "Rotate the log file at this size (10); 0: never", 2},
    {"log-keep", KEY_LOG_KEEP, "N", 0, "Keep so many older log files (5)", 2},
    {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct log_option *o = state->input;

    switch (key) {
    case KEY_JSON_LOG:
        o->json = true;
        return 0;
    case KEY_QUIET:
        o->quiet = true;
        return 0;
    case KEY_LOG_LEVEL:
        if (!printer_level_parse(&o->level, arg))
            argp_error(state, "--log-level: '%s' is none of debug, info, warn, error", arg);
        o->has_level = true;
        return 0;
    case KEY_LOG_FILE:
        o->path = arg;
        return 0;
    case KEY_LOG_SIZE:
        if (!parse_u64(&o->size_mib, arg, 0, 1 << 20))
            argp_error(state, "--log-size: '%s' is no number of MiB from 0 to 1048576", arg);
        o->has_size = true;
        return 0;
    case KEY_LOG_KEEP:
        if (!parse_u64(&o->keep, arg, 0, 1000))
            argp_error(state, "--log-keep: '%s' is no number from 0 to 1000", arg);
        o->has_keep = true;
        return 0;
    case ARGP_KEY_END:
        if ((o->has_size || o->has_keep) && !o->path)
            argp_error(state, "--log-size, --log-keep: only with --log-file");
        if (!o->has_size)
            o->size_mib = 10;
        if (!o->has_keep)
            o->keep = 5;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp log_option_argp = {.options = options, .parser = parse_option};

enum status log_option_open(struct printer *out, int *hangup_fd, const struct log_option *o,
                            int stop_fd, struct why *why)
{
    struct printer made = {
        .out = stdout,
        .quiet = o->quiet,
        .json = o->json,
        .least = o->has_level ? o->level : printer_level_of_rust_log(getenv("RUST_LOG")),
    };
    enum status st = ST_OK;

    if (o->path)
        st = log_file_open(&made.log, o->path, o->size_mib << 20, (unsigned)o->keep, why);
    if (!st && o->path)
        st = interrupt_split_hangup(stop_fd, hangup_fd, why);
    if (st)
        log_file_free(made.log);
    else
        *out = made;
    return st;
}
