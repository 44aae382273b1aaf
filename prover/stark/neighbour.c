/* SPDX-License-Identifier: Apache-2.0 */
/* One trace row is one step in the natural order of either half of the domain: forwards in the
 * first half, which is stored at the even positions, backwards in the second, at the odd ones. With
 * q = position >> 1 of m bits and reversed bits, a step forwards adds one at the top of q and
 * carries downwards:
 *
 *   q = 1 … 1 0 rest   (t ones)   ->   q' = 0 … 0 1 rest
 *
 * So for each t a whole range of q moves to another range, and the odd positions move the other
 * way round. Only q = 1 … 1 is alone: it wraps to 0.
 */
#include "prover/stark/neighbour.h"

#include <assert.h>
#include <stddef.h>

/* The ranges of q and q' for t = 0 … m-1, and the wrap as number m. */
struct range {
    size_t before, after, length;
};

static struct range range_of(unsigned m, unsigned t)
{
    size_t all = (size_t)1 << m;

    if (t == m)
        return (struct range){.before = all - 1, .after = 0, .length = 1};
    return (struct range){
        .before = all - (all >> t), .after = all >> (t + 1), .length = all >> (t + 1)};
}

/* Copies every second value: from[2i] to to[2i]. */
static void copy_pairs(m31 *to, const m31 *from, size_t length)
{
    for (size_t i = 0; i < length; i++)
        to[2 * i] = from[2 * i];
}

void neighbour_next(m31 *out, const m31 *in, unsigned log_size)
{
    assert(log_size >= 2);
    for (unsigned t = 0; t < log_size; t++) {
        struct range r = range_of(log_size - 1, t);

        copy_pairs(out + 2 * r.before, in + 2 * r.after, r.length);
        copy_pairs(out + 2 * r.after + 1, in + 2 * r.before + 1, r.length);
    }
}

void neighbour_previous(m31 *out, const m31 *in, unsigned log_size)
{
    assert(log_size >= 2);
    for (unsigned t = 0; t < log_size; t++) {
        struct range r = range_of(log_size - 1, t);

        copy_pairs(out + 2 * r.after, in + 2 * r.before, r.length);
        copy_pairs(out + 2 * r.before + 1, in + 2 * r.after + 1, r.length);
    }
}
