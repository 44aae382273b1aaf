/* SPDX-License-Identifier: Apache-2.0 */
/* Every way to place up to K faults in a run: one that strikes wherever the tame run has a chance,
 * and behind each of them one more wherever the run that follows has one.
 *
 * The places are the choices of the tape (sim/choice.h) that are yes or no about a fault: each rule
 * of the scenario at each request that it matches, the network's chances, the disk's, the prover's,
 * and a kill behind each event. All else is as tame as it can be, so a scenario of one task's life
 * has few hundred places. A run that fails is not followed further.
 *
 * Source:  simulation.md 6a ("all fault placements <= k in one task life").
 * Errors:  of run_once.
 */
#pragma once
#include "sim/progress.h"
#include "sim/run.h"

#define EXHAUSTIVE_MOST  3
#define EXHAUSTIVE_SHOWN 10

struct exhaustive_failure {
    struct scenario_choice choices[EXHAUSTIVE_MOST];
    unsigned count;
    struct run_result run;
};

struct exhaustive_result {
    uint64_t places; /* of the first fault */
    uint64_t runs, failed;
    uint64_t events;
    struct exhaustive_failure failures[EXHAUSTIVE_SHOWN];
    size_t failure_count; /* shown ones */
};

/* s has passed run_check; progress may be NULL. */
enum status MUST_USE exhaustive_run(struct exhaustive_result *out, const struct scenario *s,
                                    struct prover_sim *prover, const struct run_options *o,
                                    unsigned most, struct progress *progress, struct why *why);
