/* SPDX-License-Identifier: Apache-2.0 */
/* The client's decisions: greet the orchestrator, fetch a task, prove its inputs, submit, repeat.
 *
 *   NEW --EV_START--> GREETING --a node known--> WORKING --+--> STOPPING --> over (ACT_EXIT)
 *                        |                                 |
 *                        +------- all nodes refused -------+-- max_tasks, EV_SHUTDOWN
 *
 * Fetching, proving and submitting are three flows that know each other through the records only
 * (ledger.h): a task is fetched while another is proved and a third waits to be submitted. What a
 * former run has finished is submitted in GREETING already: a submission names no node.
 *
 * A pure function of its options, its events and the time it is told. The order of calls:
 * core_restore for what is on disk, EV_START, then core_poll until it returns false, wait for an
 * event or core_deadline_ns, core_handle, core_poll …
 *
 * I1  A task is proved only after its record is on disk.
 * I2  A submission leaves only after its record says SENDING on disk.
 * I3  A submission is sent again only with the same bytes.
 * I4  A record leaves the core only after its final state is on disk.
 * I5  No request is made before the time that a Retry-After named for it, across runs too: each
 *     hold is handed out (ACT_HOLD) before anything else is done, and a new process is given what
 *     is left of it in wall time (hold_ns). Only a wall clock that is set forward in between
 *     shortens it; one that is set back lengthens it to a day at most.
 * I6  At most one look-up, one fetch, one submission and proofs_at_once proofs are under way.
 * I7  Nothing is sent for a task after a definite answer to its submission (unless the user turns
 *     its record back between two runs).
 * I8  No task id is proved twice, nor an input whose proof is on disk.
 * I11 The books balance: fetched + restored == accepted + refused + unknown + abandoned + open.
 * I14 No task is fetched while profile.open_tasks are open.
 * I16 No task is submitted while one of its inputs is being proved. (That it has one submission
 *     under way at most follows from I6.)
 *
 * (I9, I10, I12, I13 and I15 can only be seen from outside: sim/invariant.h.)
 *
 * I1 and I2 give way when the disk has refused several times in a row: work goes on, and lines say
 * that it would not survive a crash. What could not be written is tried again for as long as we
 * run, final states too.
 *
 * Owner:   heap; the key and the profile are borrowed for the core's life.
 * Threads: one owner at a time.
 * Errors:  core_new only: ST_NO_MEMORY.
 * Source:  client.md 4, 5 and 17; profile.c lists where we differ from the reference.
 */
#pragma once
#include "client/core/action.h"
#include "client/core/event.h"
#include "client/core/learnt.h"
#include "client/core/profile.h"
#include "client/core/runtime.h"
#include "client/core/stats.h"

struct core_options {
    const struct profile *profile;
    const char *const *node_ids; /* 1 to CORE_NODES different ones; copied. They share one */
    size_t node_count;           /* allowance: each fetch goes out for the next of them in turn */
    const struct signing_key *key;
    struct proof_hasher *hasher; /* of proofs; NULL: Keccak here. Borrowed, as the key */
    uint64_t seed;             /* of the jitter */
    struct prng_listener *listener; /* hears each draw of it (base/prng.h); NULL: nobody */
    unsigned proofs_at_once;   /* inputs that the prover takes at a time; 0: one */
    uint64_t max_tasks;        /* accepted submissions; 0: no limit */
    bool has_max_difficulty;
    enum difficulty max_difficulty;
    int64_t fetch_gap_ns;      /* 0: the profile's */
    uint64_t next_record_id;   /* above every id on disk */
    const struct learnt *learnt;  /* by a former run; NULL: nothing. Copied */
    int64_t hold_ns[CORE_ROUTES]; /* what is left of a former run's holds at EV_START; more than a
                                     day counts as a day, less than nothing as nothing */
};

struct core;

enum status MUST_USE core_new(struct core **out, const struct core_options *o, struct why *why);
void core_free(struct core *c);

/* A record of a former run; before EV_START. Takes its contents when it returns ST_OK. Of a final one
 * only id and task_id are looked at. */
enum status MUST_USE core_restore(struct core *c, struct outbox_record *record, struct why *why);

/* The same for a final one of which nothing else is at hand. */
void core_remember(struct core *c, uint64_t id, const char *task_id);

void core_handle(struct core *c, const struct event *ev, int64_t now_ns);
bool core_poll(struct core *c, struct action *out, int64_t now_ns);
/* When EV_TICK is due if nothing else happens; INT64_MAX: never. */
int64_t core_deadline_ns(const struct core *c);

const struct stats *core_stats(const struct core *c);
size_t core_open_tasks(const struct core *c); /* without a definite answer yet */

/* The same core as what shell and simulator drive; runtime_free is core_free. */
struct runtime *core_runtime(struct core *c);
