/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/circle/order.h"

#include <assert.h>

/* Row 2i is natural[i], row N - 1 - 2i is natural[N/2 + i]; stored[k] = natural[bitrev(k)]. */
size_t order_stored(unsigned log, size_t row)
{
    size_t rows = (size_t)1 << log;
    size_t natural = row % 2 == 0 ? row / 2 : rows / 2 + (rows - 1 - row) / 2;

    assert(log >= 1 && row < rows);
    return bit_reverse((uint32_t)natural, log);
}

size_t order_row(unsigned log, size_t position)
{
    size_t rows = (size_t)1 << log;
    size_t natural = bit_reverse((uint32_t)position, log);

    assert(log >= 1 && position < rows);
    return natural < rows / 2 ? 2 * natural : rows - 1 - 2 * (natural - rows / 2);
}

size_t order_neighbour(unsigned log, unsigned excess, size_t position, int steps)
{
    unsigned e = log + excess;
    size_t half = (size_t)1 << (e - 1);
    size_t natural = bit_reverse((uint32_t)position, e);
    size_t shift; /* modulo half; unsigned arithmetic wraps to the right residue */

    /* On D_log itself one row is half a step of the half coset: walk the coset instead. */
    if (excess == 0)
        return order_stored(
            log, (order_row(log, position) + (size_t)steps) & (((size_t)1 << log) - 1));
    shift = (size_t)steps << (excess - 1);
    natural = natural < half ? (natural + shift) & (half - 1)
                             : half + ((natural - half - shift) & (half - 1));
    return bit_reverse((uint32_t)natural, e);
}

/* Stored pair j belongs to i = bitrev(j): rows 2i and N - 1 - 2i. Pairs are visited in tiles whose
 * reads and writes stay within a few lines each (the first and the last TILE bits of j run inside). */
#define TILE 4

static void move_rows(m31 *to, const m31 *from, unsigned log, int storing)
{
    unsigned bits = log - 1, tile = bits >= 2 * TILE ? TILE : 0, shift = bits - tile;
    size_t rows = (size_t)1 << log, side = (size_t)1 << tile;
    size_t middles = (size_t)1 << (bits - 2 * tile);

    for (size_t middle = 0; middle < middles; middle++) {
        size_t middle_i = (size_t)bit_reverse((uint32_t)middle, bits - 2 * tile) << tile;

        for (size_t a = 0; a < side; a++) {
            size_t j = a << shift | middle << tile;
            size_t i = middle_i | bit_reverse((uint32_t)a, tile);

            for (size_t c = 0; c < side; c++) {
                size_t k = (size_t)bit_reverse((uint32_t)c, tile) << shift | i;

                if (storing) {
                    to[2 * (j + c)] = from[2 * k];
                    to[2 * (j + c) + 1] = from[rows - 1 - 2 * k];
                } else {
                    to[2 * k] = from[2 * (j + c)];
                    to[rows - 1 - 2 * k] = from[2 * (j + c) + 1];
                }
            }
        }
    }
}

void order_store_rows(m31 *out, const m31 *in, unsigned log)
{
    assert(log >= 1);
    move_rows(out, in, log, 1);
}

void order_load_rows(m31 *out, const m31 *in, unsigned log)
{
    assert(log >= 1);
    move_rows(out, in, log, 0);
}
