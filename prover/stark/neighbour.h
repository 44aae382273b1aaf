/* SPDX-License-Identifier: Apache-2.0 */
/* A committed column seen one trace row ahead or back, as a column of its own.
 *
 * Source:  stark.md 6.2, item 3, for a domain of twice the trace.
 */
#pragma once
#include "prover/field/m31.h"

/* out[k] = value of `in` one trace row after stored position k of the domain of size 2^log_size;
 * log_size is one more than the trace's. out must not overlap in. */
void neighbour_next(m31 *out, const m31 *in, unsigned log_size);

/* The same one trace row before. */
void neighbour_previous(m31 *out, const m31 *in, unsigned log_size);
