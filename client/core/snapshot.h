/* SPDX-License-Identifier: Apache-2.0 */
/* What the client is doing, for `nxp status` and for a screen: plain values, taken at one moment.
 *
 * Units:   wall time in nanoseconds since 1970, 0: none or unknown.
 * Owner:   the texts and tables belong to the core and are valid until its next call.
 * Threads: the core's owner.
 */
#pragma once
#include "client/core/action.h"
#include "client/core/stats.h"

#define SNAPSHOT_TASKS 64 /* the oldest open ones */

struct snapshot_task {
    const char *task_id, *node_id, *program_id;
    enum outbox_state state;
    enum task_type task_type;
    enum difficulty difficulty;
    size_t inputs, inputs_proved, inputs_proving;
    uint32_t attempts, last_status;
    int64_t fetched_wall_ns;
    int64_t expires_wall_ns;  /* as learnt from former expiries */
    int64_t next_try_wall_ns; /* of its submission, when PROVED */
    bool on_disk;             /* its newest state is */
};

struct snapshot_route {
    int64_t next_wall_ns; /* no request before then; 0: now */
    char why[160];        /* of that wait, or of the last failure; "" when all is well */
};

struct snapshot_node {
    const char *id;
    const char *standing; /* "not asked yet", "known", "refused" */
    uint64_t fetch_requests, fetched, accepted; /* in this run */
    size_t open;                                /* of former runs too */
};

struct snapshot {
    const char *phase;   /* "greeting", "working", "stopping" */
    const char *profile; /* its name */
    struct stats stats;
    struct snapshot_route routes[CORE_ROUTES];
    enum difficulty asks; /* the difficulty that the next fetch asks for */
    size_t proving, proofs_at_once; /* inputs */
    size_t open;          /* all open tasks; the first SNAPSHOT_TASKS are in tasks */
    size_t task_count;
    struct snapshot_task tasks[SNAPSHOT_TASKS];
    size_t node_count;
    struct snapshot_node nodes[CORE_NODES];
};

struct core;

void core_snapshot(const struct core *c, struct snapshot *out, int64_t now_ns);
