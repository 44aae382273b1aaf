/* SPDX-License-Identifier: Apache-2.0 */
/* How a run shows itself to the world around it: it answers nxp status, takes up a log file anew that
 * was moved away (SIGHUP), and tells a service manager that it is ready, alive and stopping.
 *
 * Nothing here ends a run: what cannot be opened is said on stderr, and proving goes on.
 *
 * Owner:   the caller's storage, outside_fini (safe on a zeroed one); runtime and texts are
 * borrowed. Threads: that of the loop.
 */
#pragma once
#include "client/cli/status_report.h"
#include "client/shell/control.h"
#include "client/shell/log_file.h"
#include "client/shell/notify.h"
#include "client/shell/prover.h"
#include "client/shell/shell.h"

struct outside_options {
    const struct runtime *runtime;
    const struct clock *clock;
    const char *control_path;
    const char *server;
    const struct prover *prover; /* a prover_process */
    unsigned threads;
    struct log_file *log; /* NULL: none */
    int hangup_fd;        /* read when there is a log */
};

struct outside {
    struct outside_options about;
    int64_t started_wall_ns;
    struct status_meter meter;
    struct snapshot snapshot; /* large */
    struct control *control;
    struct notify notify;
    struct shell_watch watches[SHELL_MAX_WATCHES]; /* for the loop */
    size_t watch_count;
};

void outside_init(struct outside *o, const struct outside_options *options);
/* A further descriptor for the loop; at most SHELL_MAX_WATCHES. */
void outside_watch(struct outside *o, int fd, void (*ready)(void *context), void *context);
void outside_fini(struct outside *o);
void outside_proved(struct outside *o, const struct prover_facts *facts);
void outside_told(struct outside *o, const struct line *line);
void outside_stopping(struct outside *o);
