/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/stark/positions.h"

#include <assert.h>

static void insert(struct positions *p, uint32_t position)
{
    unsigned i = p->count;

    for (unsigned k = 0; k < p->count; k++)
        if (p->at[k] == position)
            return;
    assert(p->count < POSITIONS_MAX);
    for (; i > 0 && p->at[i - 1] > position; i--)
        p->at[i] = p->at[i - 1];
    p->at[i] = position;
    p->count++;
}

struct positions positions_draw(struct channel *c, unsigned log_size)
{
    struct hash drawn = channel_draw_bytes(c); /* eight words, the first three are used */
    struct positions p = {.count = 0};

    assert(log_size <= 32);
    for (int i = 0; i < POSITIONS_QUERIES; i++)
        insert(&p, (uint32_t)(load_le32(drawn.b + 4 * i) & (((uint64_t)1 << log_size) - 1)));
    return p;
}

struct positions positions_fold(const struct positions *p, unsigned bits)
{
    struct positions folded = {.count = 0};

    assert(bits < 32);
    for (unsigned i = 0; i < p->count; i++)
        insert(&folded, p->at[i] >> bits);
    return folded;
}

struct positions positions_pairs(const struct positions *p)
{
    struct positions pairs = {.count = 0};

    for (unsigned i = 0; i < p->count; i++) {
        insert(&pairs, p->at[i] & ~(uint32_t)1);
        insert(&pairs, p->at[i] | 1);
    }
    return pairs;
}

struct positions positions_union(const struct positions *a, const struct positions *b)
{
    struct positions all = *a;

    for (unsigned i = 0; i < b->count; i++)
        insert(&all, b->at[i]);
    return all;
}
