/* SPDX-License-Identifier: Apache-2.0 */
/* Several nodes get the same work, each as a task of its own, and what most of them say is right: the
 * only judge of a hash whose proof nobody has seen.
 *
 *   a group of `wanted` seats: filled by fetches, one node a seat
 *   OPEN ──handed in──> HELD ──more than half of `wanted` agree──> ACCEPTED, or REFUSED
 *                        └──time over without a majority──> EXPIRED, and nobody is to blame
 *
 * Behind the majority the others of the group are compared with it at once.
 *
 * Source:  simulation.md 4, client.md 13.3 (a wrong hash; a node can be punished). The network's own rule is
 *          not known: this one is OURS, and off unless settings.consensus says how many.
 * Owner:   groups are heap of the assignment and end with the last of their tasks that is not closed.
 * Errors:  ST_NO_MEMORY.
 */
#pragma once
#include "mockorch/core/assignment.h"

struct consensus {
    struct consensus *next;
    uint32_t wanted;
    uint32_t count; /* seats taken */
    uint32_t live;  /* of these: OPEN or HELD */
    struct task *members[SETTINGS_MOST_CONSENSUS];
    char decided[KECCAK256_HEX]; /* "": not yet */
};

/* The first member of a group where this node may take a seat, or NULL. */
struct task *consensus_seat(const struct assignment *a, uint32_t node, enum difficulty hardest,
                            int64_t now_ns);
enum status MUST_USE consensus_start(struct assignment *a, struct task *t, uint32_t wanted,
                                     struct why *why);
/* A free seat of the group; the work is the first member's. */
void consensus_join(struct consensus *g, struct task *t);
/* The hash that the majority of the seats has handed in goes to decided, if there is one. */
bool consensus_decide(struct consensus *g);
/* A member was closed. Frees the group behind the last. */
void consensus_left(struct assignment *a, struct task *t);
/* Groups as they follow from tasks that were read back. */
void consensus_settle(struct assignment *a);
void consensus_free_all(struct assignment *a);
