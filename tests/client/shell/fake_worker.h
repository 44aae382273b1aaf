/* SPDX-License-Identifier: Apache-2.0 */
/* Workers that go wrong in one way each, and what tests of the prover process share.
 *
 * A test program that uses them calls fake_worker_main first: started as a worker, it is one.
 *
 *   "prover-worker"  the real one
 *   before READY:    "silent" "babble" "early" "unwilling" "stillborn"; "stumble" is killed, the first time only
 *   with a job:      "crash" "kill" "counted" (a kill that the kernel has counted) "poor" "huge"
 *                    "mute" "deaf" "forger"; only the job's first time, unless the name has "!" at
 *                    its end; else it is "proved", and facts.steps tells whether it was alone
 */
#pragma once
#include "client/shell/prover_process.h"

/* Does not return when the program was started as a worker. */
void fake_worker_main(int argc, char **argv);

/* The one outcome that is waited for; nothing else is there. */
struct prover_outcome fake_worker_outcome(struct prover *p);

static inline void fake_worker_begin(struct prover *p, uint64_t id, uint32_t n)
{
    p->ops->begin(p, &(struct prover_job){
                         .id = id, .task_id = "T", .program_id = "fib", .input = {n, 1, 1}});
}
