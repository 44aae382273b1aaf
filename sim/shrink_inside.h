/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of a shrinking share: the best tree so far, and the question whether another one
 * still fails. Each step returns whether it made anything smaller.
 */
#pragma once
#include "sim/outline.h"
#include "sim/shrink.h"

struct shrink {
    const struct shrink_options *o;
    struct prover_sim *prover;
    json_t *best;
    struct run_result run; /* of the best */
    struct shrink_size size;
    int broken;
    char text[400]; /* of an assertion */
    uint64_t runs;
};

/* Takes the tree. True: it still fails, and is the best from here on. */
bool shrink_attempt(struct shrink *sh, json_t *takes);
bool shrink_is_over(const struct shrink *sh); /* no more runs are allowed */

/* ---- shrink_cut.c: entries, keys and numbers ---- */

bool shrink_drop_amounts(struct shrink *sh); /* all choices that are more than yes or no */
bool shrink_cut(struct shrink *sh);
void shrink_halve_spans(struct shrink *sh);

/* ---- shrink_faults.c: when and how often faults strike ---- */

bool shrink_faults(struct shrink *sh);
