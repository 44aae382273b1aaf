/* SPDX-License-Identifier: Apache-2.0 */
/* The two orders of rows: execution order, which is also coset order, and stored order.
 *
 * Source:  components.md 1.2, stark.md 2.2. One step in execution order is one step of the trace
 *          domain on the circle, so "next row" and prefix sums live there; transforms, hashes and
 *          every matrix use stored order.
 */
#pragma once
#include <stddef.h>

#include "prover/circle/point.h"

/* Stored position of a row, and back. log >= 1. */
size_t order_stored(unsigned log, size_t row);
size_t order_row(unsigned log, size_t position);

/* Stored position of the row `steps` rows later (or earlier) on D_log, for values on D_(log +
 * excess): position and result are stored positions of the latter (stark.md 6.2, 3). */
size_t order_neighbour(unsigned log, unsigned excess, size_t position, int steps);

/* Whole columns of 2^log rows; out and in do not overlap. */
void order_store_rows(m31 *out, const m31 *in, unsigned log); /* execution -> stored */
void order_load_rows(m31 *out, const m31 *in, unsigned log);  /* stored -> execution */
