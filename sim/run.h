/* SPDX-License-Identifier: Apache-2.0 */
/* One run: a scenario and a seed, from the first event to the last check.
 *
 * A run of a scenario that heals ends when everything is settled after the healing, each client has
 * a new credit, and the scenario's duration is over. A scenario that never heals ends with its
 * duration, and what is open then stays open.
 *
 * Source:  simulation.md 2.
 * Errors:  run_check: ST_INPUT for a scenario that uses what is not simulated here; otherwise none:
 *          what goes wrong in a run is its result.
 */
#pragma once
#include <stdio.h>

#include "sim/host.h"
#include "sim/tier.h"

#define RUN_MAX_RULES 32
#define RUN_EXPECT    (-1) /* instead of an invariant's number: an expectation of the scenario, */
#define RUN_ASSERT    (-2) /* … or an assertion of a core */

enum run_metric {
    RUN_ACCEPTED, RUN_REFUSED, RUN_UNKNOWN, RUN_ABANDONED,
    RUN_FETCHED, RUN_DUPLICATES, RUN_PROOFS, RUN_PROOFS_LOST, RUN_CREDITS,
    RUN_REQUESTS, RUN_FETCH_REQUESTS, RUN_SUBMIT_REQUESTS,
    RUN_FAULTS, RUN_RESETS, RUN_LOST_REQUESTS, RUN_LOST_ANSWERS, RUN_REPEATED_REQUESTS, RUN_KILLS,
    RUN_VIOLATIONS, /* of invariants, by a reference client; ours ends with the first */
    RUN_EVENTS_BEGUN, RUN_LATE_REQUESTS, RUN_REFUSED_INSTANCES, RUN_TORN_RECORDS,
    RUN_EARLY_REQUESTS, RUN_SUBMIT_BURST, RUN_USELESS_PROOFS, RUN_PROVED_AGAIN,
    RUN_HERD_PEAK_PERCENT, RUN_RECOVERY_S, RUN_REQUESTS_PER_100_CREDITS,
    RUN_EXPECTATIONS_MISSED, /* of the scenario, by a reference client too */
    /* Each task that arrived is in one place (struct invariant_fates). */
    RUN_TASKS_ARRIVED, RUN_TASKS_CREDITED, RUN_TASKS_REFUSED, RUN_TASKS_ABANDONED, RUN_TASKS_EXCUSED,
    RUN_TASKS_OPEN, RUN_TASKS_UNACCOUNTED, RUN_FINISHED_LOST,
    RUN_UNJUSTIFIED, /* submissions, records, proofs and credits twice: I3, I7, I8 and I9 broken */
    RUN_CALLS, /* by people: of the admin API and others; looks at a client too */
    RUN_STOPS, /* by the user */
    RUN_TURNED_AWAY, /* clients, by the network's pages, by its refusal, or for a mistyped wallet */
    RUN_METRICS,
};

const char *run_metric_name(enum run_metric m); /* "proofs_lost" */
bool run_metric_of_name(enum run_metric *out, const char *name);

struct run_options {
    uint64_t seed;
    int64_t until_ns; /* 0: to the end; otherwise stop there and judge nothing that is not over */
    enum host_policy policy; /* of every client; only ours is held to invariants and expectations */
    enum host_bug bug;
    uint64_t most_events; /* 0: no limit; otherwise stop there, as at until_ns */
    const struct tier_kind *tier; /* NULL: tier A */
    bool swarm;                   /* as the scenario's key (sim/swarm.h) */
    bool buggify;                 /* as the scenario's key (sim/buggify.h) */
    bool tls;                     /* of that tier */
    FILE *trace; /* may be NULL */
    FILE *dump; /* the state of everybody where the run ends; may be NULL */
    struct choice_tape *tape; /* zeroed: filled with the run's choices. May be NULL */
};

struct run_result { /* plain bytes: it travels through pipes */
    uint64_t seed;
    int broken; /* 0: passed */
    int64_t broken_ns;
    uint64_t broken_events;
    char text[400];
    uint64_t hash, events;
    int64_t ended_ns;
    uint64_t metrics[RUN_METRICS];
    uint64_t marks;                 /* a bit for each enum mark that was hit */
    uint64_t struck[RUN_MAX_RULES]; /* by the scenario's rules, in their order */
    bool buggify;
    uint64_t buggified; /* a bit for each enum buggify_site that struck */
};

enum status MUST_USE run_check(const struct scenario *s, struct why *why);
/* s has passed run_check. ST_NO_MEMORY, or what keeps the simulation from starting. */
enum status MUST_USE run_once(struct run_result *out, const struct scenario *s,
                              struct prover_sim *prover, const struct run_options *o,
                              struct why *why);
