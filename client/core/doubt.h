/* SPDX-License-Identifier: Apache-2.0 */
/* Are our proofs wrong? A definite no to our own work (400, 401, 403, 422) may have a cause of one
 * task; several in a row have a cause here: a build that proves wrongly, a key that the server does
 * not take, a protocol that has changed. The network's authors say that a node can be punished for
 * invalid proofs (client.md 13.3), so fetching stops then, and is tried again with one task at a
 * time after 1, 2, 4 … 24 hours. Proofs that are finished still go out. An accepted proof ends the
 * doubt. Who fetches more often than the network permits, which only an orchestrator of his own
 * lets him, has those hours as much shorter.
 *
 * The reference goes on at its usual pace.
 *
 * Owner:   plain value.
 * Source:  simulation.md 3, rule 3: park, alarm, never loop.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define DOUBT_REFUSALS  3
#define DOUBT_FIRST_S   3600
#define DOUBT_LONGEST_S ((int64_t)24 * 3600)

struct doubt {
    unsigned refusals;  /* in a row */
    unsigned hastiness; /* all waits are divided by it; 0: by 1 */
};

/* How long nothing is to be fetched; 0: no doubt yet. */
int64_t doubt_refused_ns(struct doubt *d);
void doubt_accepted(struct doubt *d);
/* Fetch nothing while anything is open: one task at a time. */
bool doubt_probes(const struct doubt *d);
