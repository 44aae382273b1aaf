/* SPDX-License-Identifier: Apache-2.0 */
/* How long a refusal is held back. Whoever is refused again and again gets his answers ever later,
 * until they come one each gap however many connections he has: a flood of refused submissions
 * costs no more than that. The first ones are answered at once, so that an honest client with a bad
 * proof notices nothing, and what is accepted is never held.
 *
 * A submission counts with its user (when its task is known), with the key it names and with the
 * address it comes from; the longest wait of the three is its own. Many share an address, and
 * everybody may name a key: only refusals of others are later for that, nothing else.
 *
 * Units:   nanoseconds on the orchestrator's clock.
 * Owner:   heap inside (patience_fini, safe on a zeroed value), taken with the first refusal.
 * Errors:  none: without memory nothing is held. Of too many parties the one that has the least to
 *          wait is forgotten.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define PATIENCE_AT_ONCE    8   /* refusals of one user or key */
#define PATIENCE_OF_ADDRESS 8   /* times as many of one address, and as fast */
#define PATIENCE_LONGEST    8   /* gaps: no answer is held longer */

enum patience_kind { PATIENCE_USER, PATIENCE_KEY, PATIENCE_ADDRESS, PATIENCE_KINDS };

struct patience {
    int64_t gap_ns; /* 0: nothing is held */
    struct patience_place {
        uint64_t party;  /* 0: free */
        int64_t full_ns; /* when everything is forgiven */
    } *places;
};

void patience_init(struct patience *p, int64_t gap_ns);
void patience_fini(struct patience *p);

/* The name of a party; never 0. */
uint64_t patience_party(const void *data, size_t size);

/* A refusal, and how long its answer is held. parties: by kind; 0: nobody knows. */
int64_t patience_refused(struct patience *p, const uint64_t parties[static PATIENCE_KINDS],
                         int64_t now_ns);
