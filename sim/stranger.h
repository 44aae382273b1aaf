/* SPDX-License-Identifier: Apache-2.0 */
/* A client that is none of ours, and works against the protocol: it registers, fetches tasks as anybody
 * may, and hands in submissions of which each has one mistake: bytes of another length, another key,
 * another's task, another text signed, hashes and proofs that the task does not ask for, no proof at
 * all. Each must get the one answer that the protocol has for it, and nobody else may notice.
 *
 * In the end it hands in what is right, and once more, and once more with other bytes: one credit.
 *
 * Source:  client.md 4.3 to 4.5, 13.5, 14.
 * Owner:   embedded in the run, plain value.
 */
#pragma once
#include "mockorch/scenario/scenario.h"

struct stranger {
    char node_id[64]; /* "": it has to register */
    uint64_t visits, answers[6]; /* by the first digit */
};

struct run;

/* One visit with e->amount submissions. */
void stranger_visit(struct run *r, const struct scenario_event *e);
