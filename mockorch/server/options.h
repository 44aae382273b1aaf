/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of nxp-mockorch. */
#pragma once
#include <stdbool.h>

#include "mockorch/core/settings.h"

#define OPTIONS_MANY 64

struct options {
    const char *listen, *port_file, *scenario;
    const char *store; /* path of an SQLite file; NULL: memory */
    const char *admin_listen, *admin_token;
    const char *tls, *tls_certificate_out;
    const char *record, *replay, *diff, *har;
    const char *guests[OPTIONS_MANY]; /* "NAME=ELF" */
    const char *nodes[OPTIONS_MANY];  /* "ID" or "ID=WALLET" */
    const char *faults[OPTIONS_MANY]; /* names of the catalogue */
    size_t guest_count, node_count, fault_count;
    bool has_seed, has_judging, has_fetches, has_window, has_expiry, has_limit;
    uint64_t seed, task_limit;
    enum judging judging;
    uint32_t fetches_per_window;
    int64_t window_ns, task_expiry_ns;
    uint32_t judge_threads;
    uint32_t max_connections, max_requests; /* 0: the server's */
    int64_t request_timeout_ns;             /* 0: the server's */
    bool json_log, quiet, faults_by_header, list_faults;
};

/* Ends the program for --help, --version and mistakes, as argp does (exit 0, or 2). */
void options_parse(struct options *out, int argc, char **argv);
