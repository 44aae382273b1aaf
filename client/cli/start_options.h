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

#include "client/cli/log_option.h"
#include "client/cli/server_option.h"
#include "client/cli/startup_option.h"
#include "client/core/core.h"
#include "proto/wire.h"

struct start_options {
    struct server_option server;
    struct log_option log;
    struct startup_option startup;
    const struct profile *profile; /* never NULL when parsed */
    bool faithful;
    const char *node_ids[CORE_NODES]; /* different numbers */
    size_t node_count;                /* 0: the configuration's one */
    uint64_t threads;                 /* 0: three quarters of the CPUs */
    uint64_t max_tasks;               /* 0: no limit */
    bool has_difficulty;
    enum difficulty difficulty;
    uint64_t interval_s; /* 0: the network's */
    const char *kernel;  /* NULL: the fastest */
    bool check_memory, with_background;
    bool no_telemetry;
    bool anonymous;
};

/* Its input is a struct start_options. */
extern const struct argp start_options_argp;
