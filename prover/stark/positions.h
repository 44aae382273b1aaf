/* SPDX-License-Identifier: Apache-2.0 */
/* Where commitments are opened: ascending, distinct positions in stored order.
 *
 * Source:  stark.md 9.2, 10.2.
 * Owner:   plain values, no heap.
 *
 * The queries are drawn for the longest columns. A shorter column is opened at the same points of
 * the circle, doubled as often as its length is halved: in stored order that is a shift.
 */
#pragma once
#include "prover/stark/channel.h"

#define POSITIONS_QUERIES 3 /* drawn; fewer remain when some are equal */
#define POSITIONS_MAX     (2 * POSITIONS_QUERIES)

struct positions {
    unsigned count;
    uint32_t at[POSITIONS_MAX];
};

/* The queries, 1 to 3 of them, below 2^log_size; log_size <= 32. */
struct positions positions_draw(struct channel *c, unsigned log_size);

/* The same points in columns that are 2^bits times shorter. */
struct positions positions_fold(const struct positions *p, unsigned bits);

/* Both members of every pair (2j, 2j + 1) that has a position. At most 3 positions go in. */
struct positions positions_pairs(const struct positions *p);

/* Everything in a or b; at most POSITIONS_MAX different ones. */
struct positions positions_union(const struct positions *a, const struct positions *b);
