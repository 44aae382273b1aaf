/* SPDX-License-Identifier: Apache-2.0 */
/* A failing run, made small: the same rule is still broken in the same words (numbers and ids apart),
 * by as few faults, choices, clients and keys of the scenario as can be found.
 *
 * First the run's choices are written down beside the scenario (`tape: written`), so that taking one
 * away changes nothing else; then whatever can go is taken away, and what cannot is lowered, until
 * nothing more can. Every step is a whole run.
 *
 * Source:  simulation.md 4; delta debugging (A. Zeller, R. Hildebrandt, 2002) for the lists.
 * Errors:  ST_INPUT: the run does not fail, or the scenario is none; what run_once says.
 */
#pragma once
#include "sim/progress.h"
#include "sim/run.h"

#define SHRINK_RUNS 4000 /* more are not tried */

struct shrink_options {
    struct run_options run; /* tape and trace are not used */
    uint64_t most_runs;
    struct progress *progress; /* may be NULL */
};

struct shrink_size {
    uint64_t events;   /* of the run, up to the failure */
    uint64_t schedule; /* faults that struck, kills, and choices that are not the tamest */
    uint64_t rules, happenings, choices; /* written in the scenario: faults, events, choices */
};

struct shrink_result {
    struct buffer yaml; /* the caller's */
    struct shrink_size before, after;
    struct run_result run; /* of the small scenario */
    uint64_t runs;
};

enum status MUST_USE shrink_scenario(struct shrink_result *out, struct bytes yaml,
                                     struct prover_sim *prover, const struct shrink_options *o,
                                     struct why *why);
