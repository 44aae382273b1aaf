/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of degree 4 alone (stark.md 14.3): the same text, where the other rules say nothing. */
#define TILE_ROWS 128
#include "prover/air/chips/tile.h"

#define RULE(n, value)  ((void)(n), (void)sizeof(value))
#define RULE1(n, value) ((void)(n), (void)sizeof(value))
#define RULE4(n, value) sum_rule4(r, n, value)

#include "prover/air/chips/rules.inc"

DEGREE4_RULE_FUNCTIONS(RULE_GROUP)

void KERNEL(degree4) DEGREE4_ARGUMENTS
{
    struct tile t;

    for (size_t first = begin; first < end; first += TILE_ROWS) {
        tile_open(&t, plan->source, plan->weight, first,
                  end - first < TILE_ROWS ? end - first : TILE_ROWS);
        compute_virtual(&t);
#define CALL(name) name##_tile(&t);
        DEGREE4_RULE_FUNCTIONS(CALL)
#undef CALL
        for (size_t row = 0; row < t.rows; row += VEC_LANES)
            qvec_store(sum, first + row, sum_reduce(&t.degree4[row / VEC_LANES]));
    }
}
