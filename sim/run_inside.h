/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a run share among themselves; nobody else includes it.
 *
 *   run.c        a run from its first event to its verdict
 *   run_open.c   the world that it needs
 *   run_check.c  which scenarios can be carried out
 *   run_plan.c   what the scenario plans: starts and events
 *   upkeep.c     who keeps it running, with damaged files
 *   stranger.c   a client that works against the protocol
 *   operator.c   people who call the orchestrator, and who look at a client
 */
#pragma once
#include "sim/buggify.h"
#include "sim/keyring.h"
#include "sim/operator.h"
#include "sim/run.h"
#include "sim/run_event.h"
#include "sim/service.h"
#include "sim/stranger.h"

#define RUN_JUDGE_NS        (20 * NS_PER_MS) /* a proof is judged in this time, … */
#define RUN_JUDGE_JITTER_NS (200 * NS_PER_MS) /* … and up to so much more */

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
    struct buggify buggify;
    struct service *service;
    struct operator operator;
    struct stranger stranger;
    struct keyring *keyring;
    struct prover_sim *prover;
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
    bool ended;           /* by itself */
    struct run *abandoned; /* another one, see report_assertion */
};

/* On error too it is to be closed. */
enum status MUST_USE run_open(struct run *r, const struct scenario *s, struct prover_sim *prover,
                              const struct run_options *o, struct why *why);
void run_close(struct run *r);
bool run_buggifies(const struct run *r);
/* The scenario's expectations are of the run as it is written: they rest in a swarm, and when the cores
 * go ways of their own. */
bool run_expects(const struct run *r);
void run_plan(struct run *r);
/* A written tape can kill a client behind any event: value 1 is the first of them. */
void run_maybe_kill(struct run *r);
