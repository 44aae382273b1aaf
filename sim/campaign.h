/* SPDX-License-Identifier: Apache-2.0 */
/* Many seeds of one scenario, on several processes, told in the order of the seeds.
 *
 * Why processes and not threads? A run owns everything it touches but the proofs, which are made
 * beforehand; a fork shares them, and a run that crashes takes one process with it.
 *
 * A scenario whose rules never strike tests nothing: with at least CAMPAIGN_MARKS seeds, each rule
 * must have struck in at least one of them.
 *
 * Errors:  what keeps runs from starting; ST_IO when a worker process died.
 */
#pragma once
#include "sim/run.h"

#define CAMPAIGN_MARKS 100

struct campaign_options {
    uint64_t first_seed, seeds;
    unsigned jobs; /* 1: in this process */
    struct run_options run; /* seed is overwritten */
};

typedef void campaign_tell(void *context, const struct run_result *result);

struct campaign_sum {
    uint64_t runs, failed;
    uint64_t events;
    double virtual_h;
    uint64_t hash; /* over the hashes of all runs, in order */
    uint64_t metrics[RUN_METRICS];
    uint64_t struck[RUN_MAX_RULES];
    uint64_t marks; /* of all runs */
    bool buggify;
    uint64_t buggified; /* of all runs, as in run_result */
    int silent_rule; /* that should have struck, from 0; -1: none */
};

enum status MUST_USE campaign_run(struct campaign_sum *out, const struct scenario *s,
                                  struct prover_sim *prover, const struct campaign_options *o,
                                  campaign_tell *tell, void *context, struct why *why);
