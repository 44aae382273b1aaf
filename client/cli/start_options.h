/* SPDX-License-Identifier: Apache-2.0 */
/* The options of nxp start, checked before anything is opened or asked.
 *
 * Owner:   texts are those of the command line.
 * Errors:  argp ends the program with a usage text and exit 2.
 * Source:  client.md 8.3.
 */
#pragma once
#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/cli/server_option.h"
#include "client/cli/startup_option.h"
#include "client/core/core.h"
#include "client/core/line.h"
#include "proto/wire.h"

struct start_options {
    struct server_option server;
    struct startup_option startup;
    const char *node_ids[CORE_NODES]; /* different numbers */
    size_t node_count;                /* 0: the configuration's one */
    uint64_t threads;                 /* 0: three quarters of the CPUs */
    uint64_t max_tasks;               /* 0: no limit */
    bool has_difficulty;
    enum difficulty difficulty;
    uint64_t interval_s; /* 0: the network's */
    const char *kernel;  /* NULL: the fastest */
    bool json_log, quiet;
    const char *log_path;       /* NULL: no file */
    uint64_t log_mib, log_keep; /* rotation; 0 MiB: never */
    bool has_log_size, has_log_keep;
    bool has_level;
    enum line_level level;
    bool check_memory;
    bool no_telemetry;
    bool anonymous;
};

/* Its input is a struct start_options. */
extern const struct argp start_options_argp;
