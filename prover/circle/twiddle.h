/* SPDX-License-Identifier: Apache-2.0 */
/* One table of twiddles for the largest domain, which serves all smaller ones.
 *
 * Source:  stark.md 3.2. T_0 of D_d is a table of its own for each d; T_j of D_d, j >= 1, is T_1 of
 *          D_(d-j+1).
 * Owner:   memory of an arena; read-only once filled.
 * Units:   d is the log size of a domain, 1 .. log.
 */
#pragma once
#include <assert.h>

#include "base/arena.h"
#include "prover/circle/point.h"
#include "prover/kernel/kernel.h"

/* Values, or the inverses of the values. */
struct twiddle_table {
    m31 *x; /* T_1 of D_d at x + 2^(d-2), 2^(d-2) entries, d >= 2; x[0] is unused */
    m31 *y; /* T_0 of D_d at y + 2^(d-1), 2^(d-1) entries; y[0] is unused */
};

struct twiddles {
    unsigned log;
    struct twiddle_table forward, inverse;
};

void twiddles_plan(struct arena_plan *plan, unsigned log);
void twiddles_fill(const struct exec *exec, struct twiddles *out, struct arena *arena,
                   unsigned log);

/* T_layer of D_d: 2^(d - 1 - layer) entries. */
static inline const m31 *twiddle_layer(const struct twiddle_table *t, unsigned d, unsigned layer)
{
    assert(layer < d);
    return layer == 0 ? t->y + ((size_t)1 << (d - 1)) : t->x + ((size_t)1 << (d - 1 - layer));
}
