/* SPDX-License-Identifier: Apache-2.0 */
/* What is opened at secure points: committed columns of all trees, and where each is sampled.
 *
 * Source:  stark.md 5.2, 5.3.
 * Owner:   borrows its arrays; a plan may leave every lde NULL.
 *
 * Samples are one list: column by column in tree order, point by point in mask order.
 */
#pragma once
#include <stddef.h>

#include "prover/circle/point.h"

#define OPENING_MAX_POINTS 8

struct opening_column {
    const m31 *lde;   /* 2^(log_rows + 1) values in stored order */
    uint8_t log_rows; /* of the trace */
    uint8_t samples;  /* 1 or 2 */
    uint8_t point[2]; /* numbers in opening.points, mask order */
};

struct opening {
    const struct opening_column *columns;
    size_t column_count;
    size_t sample_count;
    const struct secure_point *points;
    unsigned point_count;
};
