/* SPDX-License-Identifier: Apache-2.0 */
/* The last column of a component becomes its running sum in coset order (components.md 1.4).
 *
 * Stored order is bit-reversed, so walking a column in coset order would jump through memory at
 * every step. But bit-reversed order is just what a tree of sums wants. With h = rows / 2:
 *
 *   coset 2 t      is stored at 2 j,             j = bitrev(t) < h
 *   coset 2 t + 1  is stored at rows - 1 - 2 j   (half coset and conjugate run in opposite ways)
 *
 * so neighbours in coset order make pair j, pairs t = 2 s and 2 s + 1 are j and j + h / 2, and so
 * on: each level of the tree adds the upper half of the one below to the lower half, elements side
 * by side. Going up gives the claimed sum, going down the sum of everything before each node:
 *
 *   level 0: h sums of pairs;  level 1: h / 2;  ...  the last: one, the claimed sum
 *
 * A node of level m stands for 2^(m+1) rows, so as many shifts are taken from it on the way down
 * and no pass over the rows is needed to subtract them.
 *
 * Threads take strands: the nodes whose index mod WIDTH lies in a range have their parents in the
 * same range, down to the level with WIDTH nodes. The rest is done by the caller.
 */
#include <assert.h>

#include "prover/air/component.h"
#include "prover/air/logup_kernel.h"

#define WIDTH      ((size_t)4096)
#define MIN_STRAND ((size_t)512) /* two kilobytes at a time, or the runs become too short */

struct scan {
    const struct logup_kernel *kernel;
    m31 *stored;
    m31 *levels; /* one after the other: rows / 2, rows / 4, ... 1 nodes */
    size_t rows;
    size_t width; /* nodes of the level where the strands meet */
    m31 shift;
};

/* All levels below this one together have rows - 2 nodes elements. */
static m31 *level(const struct scan *s, size_t nodes)
{
    return s->levels + (s->rows - 2 * nodes);
}

static void join(const struct scan *s, size_t nodes, size_t begin, size_t count)
{
    const m31 *lower = level(s, nodes) + begin;

    s->kernel->join(level(s, nodes / 2) + begin, lower, lower + nodes / 2, count);
}

static void split(const struct scan *s, size_t nodes, size_t begin, size_t count)
{
    m31 *lower = level(s, nodes) + begin;
    m31 rows_of_node = {(uint32_t)(s->rows / nodes)}; /* <= 2^27 < p */

    s->kernel->split(lower, lower + nodes / 2, level(s, nodes / 2) + begin, count,
                     m31_mul(rows_of_node, s->shift));
}

static void strand_up(void *context, size_t begin, size_t end)
{
    const struct scan *s = context;

    for (size_t base = 0; base < s->rows / 2; base += s->width)
        s->kernel->pair_sums(level(s, s->rows / 2), s->stored, s->rows, base + begin, base + end);
    for (size_t nodes = s->rows / 2; nodes > s->width; nodes /= 2)
        for (size_t base = 0; base < nodes / 2; base += s->width)
            join(s, nodes, base + begin, end - begin);
}

static void strand_down(void *context, size_t begin, size_t end)
{
    const struct scan *s = context;

    for (size_t nodes = 2 * s->width; nodes <= s->rows / 2; nodes *= 2)
        for (size_t base = 0; base < nodes / 2; base += s->width)
            split(s, nodes, base + begin, end - begin);
    for (size_t base = 0; base < s->rows / 2; base += s->width)
        s->kernel->pair_prefixes(s->stored, level(s, s->rows / 2), s->rows, base + begin,
                                 base + end, s->shift);
}

/* The running sum of one coordinate; returns the sum of all rows. */
static m31 scan_column(const struct exec *exec, struct scan *s, unsigned log_rows)
{
    m31 *root = level(s, 1), sum;

    pool_ranges(exec->pool, s->width, MIN_STRAND, strand_up, s);
    for (size_t nodes = s->width; nodes > 1; nodes /= 2)
        join(s, nodes, 0, nodes / 2);

    sum = *root;
    s->shift = m31_mul(sum, m31_inv_pow2(log_rows));

    *root = M31_ZERO; /* nothing stands before all rows */
    for (size_t nodes = 2; nodes <= s->width; nodes *= 2)
        split(s, nodes, 0, nodes / 2);
    pool_ranges(exec->pool, s->width, MIN_STRAND, strand_down, s);
    return sum;
}

void logup_finish(const struct exec *exec, m31 *const last[static 4], unsigned log_rows,
                  qm31 *claimed_sum, m31 *scratch)
{
    size_t rows = (size_t)1 << log_rows;

    assert(log_rows >= 1);
    for (int i = 0; i < 4; i++) {
        struct scan s = {.kernel = KERNEL_PICK(exec->kernel, logup_kernel),
                         .stored = last[i],
                         .levels = scratch,
                         .rows = rows,
                         .width = rows / 2 < WIDTH ? rows / 2 : WIDTH};

        claimed_sum->c[i] = scan_column(exec, &s, log_rows);
    }
}
