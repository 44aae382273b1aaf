/* SPDX-License-Identifier: Apache-2.0 */
/* A prover in a worker process that stays up, and is replaced when it dies.
 *
 *   down --begin--> starting --READY--> up --its end--> down (or starting, when jobs are left)
 *
 * Errors:  prover_process_new: ST_INPUT an unknown kernel, ST_IO the worker does not start.
 *          Of a job: as nxp_prove; ST_NOT_FOUND the guest program is not installed; ST_GUEST it
 *          ended with another exit code than 0; ST_INVALID our own proof did not verify;
 *          ST_LIMIT    it needs more memory than is free, or another limit;
 *          ST_NO_MEMORY the worker was killed (for lack of memory, as far as one can know), or got
 *                      no memory, twice: the second time nothing else ran and half of the cores;
 *          ST_IO       the worker crashed twice with it, the second time with nothing else running.
 *          Words of a dead worker end with the last that it said.
 *
 * A job that was not being measured or proved when the worker died has no part in it and is simply
 * sent to the next one. After a kill the next CAREFUL_JOBS jobs run one at a time.
 *
 * A cancelled proof ends at its next stage. If that takes longer than cancel_ms and no other proof
 * is under way, the worker is killed; prover_free kills a busy worker at once.
 *
 * Threads: the worker ends with the thread that called new or begin: that of the process's main.
 *          SIGCHLD is set to its default.
 * Source:  client.md 6 and 17 (5-9), design.md 3.8.
 */
#pragma once
#include "client/shell/prover.h"
#include "prover/nxp.h"

#define PROVER_PROCESS_CAREFUL_JOBS 16
#define PROVER_PROCESS_COMMAND      "prover-worker"

struct prover_process_options {
    const char *guests; /* folder of the guest store; this and the other texts are copied */
    unsigned cores;     /* to be used at most; the worker uses fewer when the machine has fewer */
    const char *kernel; /* NULL: the fastest */
    struct nxp_limits limits;

    /* What follows may be 0: */
    const char *root;    /* as for resources_read */
    const char *file;    /* of the worker; this program's own, which then calls prover_worker_run */
    const char *command; /* its first argument; PROVER_PROCESS_COMMAND */
    unsigned answer_ms;  /* for an answer that takes no proof; 30 s */
    unsigned cancel_ms;  /* 2 s */
    unsigned idle_ms;    /* without work, until the worker gives its memory back; 150 s, for tasks
                            come every 120 s at best, and the next one is faster with it */
};

enum status MUST_USE prover_process_new(struct prover **out,
                                        const struct prover_process_options *o, struct why *why);

/* Of the worker, for tests and measurements; 0: none runs. */
int prover_process_pid(const struct prover *p);
