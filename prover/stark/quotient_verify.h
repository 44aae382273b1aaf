/* SPDX-License-Identifier: Apache-2.0 */
/* What a quotient column must be at the queries, computed from the opened columns and the sampled
 * values of one LDE size.
 *
 * Source:  stark.md 8.
 * Owner:   plain value, no heap.
 *
 * The samples come one by one in the order of columns; each joins the batch of its point. Powers
 * of the coefficient run inside a batch, so the order of points matters only at the end, when
 * batches are sorted.
 */
#pragma once
#include "base/status.h"
#include "prover/circle/point.h"
#include "prover/stark/positions.h"

#define ANSWERS_MAX_BATCHES 3 /* the point, one trace row ahead, one back */

struct answers {
    qm31 coefficient;
    struct positions positions;
    struct circle_point domain[POSITIONS_QUERIES];
    unsigned batch_count;
    struct answer_batch {
        struct secure_point point;
        qm31 power;      /* coefficient^members */
        qm31 conj_sum;   /* sum of power_j (conj(v_j) - v_j) */
        qm31 sample_sum; /* sum of power_j v_j */
        qm31 column_sum[POSITIONS_QUERIES]; /* sum of power_j f_j at each position */
    } batches[ANSWERS_MAX_BATCHES];
};

/* positions: at most POSITIONS_QUERIES, of a column of 2^log_size rows. */
void answers_start(struct answers *a, unsigned log_size, const struct positions *positions,
                   qm31 coefficient);

/* A column's sampled value at a point; opened[k * stride] is the column at position k. At most
 * ANSWERS_MAX_BATCHES different points. */
void answers_add(struct answers *a, const struct secure_point *point, qm31 sample,
                 const m31 *opened, size_t stride);

/* One value for each position. ST_INVALID when a point is its own conjugate or the line through a
 * point and its conjugate meets an opened position: an honest draw does that once in 2^120. */
enum status MUST_USE answers_finish(struct answers *a, qm31 out[static POSITIONS_QUERIES],
                                    struct why *why);
