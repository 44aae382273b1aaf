/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a run share among themselves; nobody else includes it.
 *
 *   run.c        a run from its first event to its verdict
 *   run_check.c  which scenarios can be carried out
 *   run_plan.c   what the scenario plans: starts and events
 */
#pragma once
#include "sim/keyring.h"
#include "sim/run.h"
#include "sim/service.h"

enum run_event {
    RUN_KILL, RUN_KILL_WRITING, RUN_POWER_CUT, RUN_POWER_CUT_WRITING, RUN_SECOND_INSTANCE,
    RUN_WORKER_CRASH, RUN_OUT_OF_MEMORY, RUN_SLOW, RUN_CLOCK_STEP,
    RUN_DISK_FULL, RUN_DISK_BROKEN,
    RUN_PARTITION, RUN_PARTITION_UP, RUN_PARTITION_DOWN, RUN_CLOG,
    RUN_RESTART,
    RUN_EVENTS,
};

struct run {
    const struct scenario *scenario; /* drawn, when there is one */
    struct scenario *drawn;          /* by a swarm; or NULL */
    const struct run_options *options;
    struct world world;
    struct network network;
    struct invariant invariant;
    struct fault_plan plan;
    struct settings settings;
    struct choice_tape *tape, own_tape; /* tape NULL: nobody listens */
    struct choice_listener ear, fault_ear, network_ear;
    struct service *service;
    struct keyring *keyring; /* NULL in tier B: signatures are real there */
    struct tier *tier; /* NULL: tier A */
    struct host **hosts;
    unsigned host_count;
    char (*node_ids)[24];
    const char **node_texts; /* of them */
    unsigned *node_hosts;    /* whose they are */
    size_t node_count;
    struct prng prng; /* of who is struck */
    uint64_t kills, happened;
    unsigned renewed;     /* so many hosts, from the first, have a credit since the healing */
    unsigned unsettled;   /* this host was, when we last looked */
    bool recovered;       /* all have */
    int64_t recovered_ns; /* after the healing */
    int64_t drain_ns;     /* no more tasks from then on; 0: not yet */
    bool ended;     /* by itself */
    struct run *abandoned; /* another one, see report_assertion */
};

/* false: no event of that name. */
bool run_event_of_name(enum run_event *out, const char *name);
bool run_metric_of_name(enum run_metric *out, const char *name);
/* "laptop" is every client of that name, "laptop/2" the third of them, "" and "one" may be each. */
bool run_means(const char *who, const char *name, uint32_t number);
void run_plan(struct run *r);
/* A written tape can kill a client behind any event: value 1 is the first of them. */
void run_maybe_kill(struct run *r);
