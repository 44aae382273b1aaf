/* SPDX-License-Identifier: Apache-2.0 */
/* BUGGIFY: places where the code may as well go a way that is legal and rare - the longest wait of
 * those permitted, a full judge, no memory - so that a simulation goes it often.
 *
 *     if (BUGGIFY(LONGEST_BACKOFF))
 *         own = ceiling_ns(b);
 *
 * Only what nxp-sim is linked of is compiled with NXP_BUGGIFY, and there the simulator decides, from
 * the seed of the run (sim/buggify.h). Everywhere else BUGGIFY is the constant false, and what hangs
 * on it is not in the program. A way that is taken here must break no promise: no invariant knows
 * of it.
 *
 * Source:  simulation.md 2 (FoundationDB's BUGGIFY).
 */
#pragma once
#include <stdbool.h>

#define BUGGIFY_SITES(X)                                                                           \
    X(LONGEST_BACKOFF, "the longest of the waits permitted")                                       \
    X(LONG_FETCH_GAP, "three gaps between two fetches")                                            \
    X(EASIER_TASK, "a fetch asks for a difficulty less than it may")                               \
    X(HESITANT_SUBMISSION, "a submission leaves up to a minute later than it could")               \
    X(EACH_PROOF_SAVED, "each proof of a task is saved at once")                                   \
    X(SAVED_TWICE, "a record is written once more")                                                \
    X(JUDGE_FULL, "the judge takes no more for now")                                               \
    X(NO_ROOM_FOR_CREDIT, "no memory for a credit")                                                \
    X(NO_ROOM_FOR_TASK, "no memory for a task")                                                    \
    X(NO_ROOM_FOR_NODE, "no memory for a node")                                                    \
    X(NODES_REVERSED, "the nodes of a user in another order")                                      \
    X(SMALL_LOOKUP, "a table of names begins with two places")                                     \
    X(CLOSED_FORGOTTEN, "closed tasks are forgotten as early as that may be")                      \
    X(ALL_WRITTEN, "all records are written again")

enum buggify_site {
#define X(name, words) BUGGIFY_##name,
    BUGGIFY_SITES(X)
#undef X
    BUGGIFY_COUNT,
};

bool buggify_strikes(enum buggify_site site); /* sim/buggify.c */
#ifdef NXP_BUGGIFY
#define BUGGIFY(site) buggify_strikes(BUGGIFY_##site)
#else
#define BUGGIFY(site) false
#endif
