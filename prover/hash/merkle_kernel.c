/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/hash/merkle_kernel.h"

#include "prover/kernel/vec.h"

#define PARTS (MERKLE_TILE_NODES / VEC_LANES) /* vectors per word of a tile */

static const uint32_t iv[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                               0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* RFC 7693, 3.1. The message word is added first: b is what the chain waits for. */
#define MIX(a, b, c, d, x, y)                                                                      \
    do {                                                                                           \
        a = words_add(words_add(a, x), b);                                                         \
        d = words_ror16(words_xor(d, a));                                                          \
        c = words_add(c, d);                                                                       \
        b = words_ror12(words_xor(b, c));                                                          \
        a = words_add(words_add(a, y), b);                                                         \
        d = words_ror8(words_xor(d, a));                                                           \
        c = words_add(c, d);                                                                       \
        b = words_ror7(words_xor(b, c));                                                           \
    } while (0)

#define ROUND(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, sa, sb, sc, sd, se, sf)                      \
    do {                                                                                           \
        MIX(v0, v4, v8, vc, m[s0], m[s1]);                                                         \
        MIX(v1, v5, v9, vd, m[s2], m[s3]);                                                         \
        MIX(v2, v6, va, ve, m[s4], m[s5]);                                                         \
        MIX(v3, v7, vb, vf, m[s6], m[s7]);                                                         \
        MIX(v0, v5, va, vf, m[s8], m[s9]);                                                         \
        MIX(v1, v6, vb, vc, m[sa], m[sb]);                                                         \
        MIX(v2, v7, v8, vd, m[sc], m[sd]);                                                         \
        MIX(v3, v4, v9, ve, m[se], m[sf]);                                                         \
    } while (0)

/* t bytes so far, this block included; t < 2^32 (columns are few). */
static inline void compress(vec h[static 8], const vec m[static 16], uint32_t t, bool last)
{
    vec v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3], v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
    vec v8 = words_splat(iv[0]), v9 = words_splat(iv[1]), va = words_splat(iv[2]),
        vb = words_splat(iv[3]), vc = words_splat(iv[4] ^ t), vd = words_splat(iv[5]),
        ve = words_splat(last ? ~iv[6] : iv[6]), vf = words_splat(iv[7]);

    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);
    ROUND(11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4);
    ROUND(7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8);
    ROUND(9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13);
    ROUND(2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9);
    ROUND(12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11);
    ROUND(13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10);
    ROUND(6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5);
    ROUND(10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0);

    h[0] = words_xor(h[0], words_xor(v0, v8));
    h[1] = words_xor(h[1], words_xor(v1, v9));
    h[2] = words_xor(h[2], words_xor(v2, va));
    h[3] = words_xor(h[3], words_xor(v3, vb));
    h[4] = words_xor(h[4], words_xor(v4, vc));
    h[5] = words_xor(h[5], words_xor(v5, vd));
    h[6] = words_xor(h[6], words_xor(v6, ve));
    h[7] = words_xor(h[7], words_xor(v7, vf));
}

/* Tiles are hashed in groups, block by block: 1 KiB of each column is read in a row, while the same
 * of the next 16 columns is on its way. Columns lie far apart, so the processor does not foresee
 * them. The states are 8 KiB. For 832 columns of 2^15 rows, AVX-512, this took a compression from
 * 26 to 11.5 ns. */
#define GROUP 16

/* The next column of this length in list order. */
struct cursor {
    const struct matrix *matrix;
    size_t column;
};

static const m31 *next_column(struct cursor *c, unsigned log)
{
    while (c->matrix->log_rows != log || c->column == c->matrix->columns) {
        c->matrix++;
        c->column = 0;
    }
    return matrix_column(c->matrix, c->column++);
}

/* The columns of one block; fewer than 16 at the end of a message. */
struct block {
    const m31 *column[16];
    size_t count;
};

static void next_block(struct block *b, struct cursor *cursor, const struct merkle_layer *layer,
                       size_t done, size_t row)
{
    b->count = layer->columns - done < 16 ? layer->columns - done : 16;
    for (size_t i = 0; i < b->count; i++)
        b->column[i] = next_column(cursor, layer->log) + row;
}

/* The states of a group of consecutive tiles. */
struct states {
    size_t first, count;
    vec h[GROUP][PARTS][8];
};

static uint32_t *word_of(const struct merkle_layer *layer, size_t tile, size_t part, size_t w)
{
    return layer->tiles + tile * MERKLE_TILE_WORDS + w * MERKLE_TILE_NODES + part * VEC_LANES;
}

static void begin_states(struct states *s, const struct merkle_layer *layer)
{
    for (size_t k = 0; k < s->count; k++)
        for (size_t part = 0; part < PARTS; part++)
            for (size_t w = 0; w < 8; w++)
                s->h[k][part][w] = layer->before > 0
                                       ? words_load(word_of(layer, s->first + k, part, w))
                                       : words_splat(w == 0 ? iv[0] ^ 0x01010020 : iv[w]);
}

static void end_states(const struct states *s, const struct merkle_layer *layer)
{
    for (size_t k = 0; k < s->count; k++)
        for (size_t part = 0; part < PARTS; part++)
            for (size_t w = 0; w < 8; w++)
                words_store(word_of(layer, s->first + k, part, w), s->h[k][part][w]);
}

/* Nodes k have children 2k, 2k + 1: the words of 2 VEC_LANES children, even ones and odd ones. */
static void hash_children(vec h[static 8], const struct merkle_layer *layer, size_t tile,
                          size_t part)
{
    size_t child = 2 * (tile * MERKLE_TILE_NODES + part * VEC_LANES);
    vec m[16];

    for (size_t w = 0; w < 8; w++) {
        for (size_t i = 0; i < 2; i++) {
            size_t k = child + i * VEC_LANES;

            m[w + 8 * i] = words_load(layer->children + k / MERKLE_TILE_NODES * MERKLE_TILE_WORDS +
                                      w * MERKLE_TILE_NODES + k % MERKLE_TILE_NODES);
        }
        words_split(&m[w], &m[w + 8]);
    }
    compress(h, m, 64, layer->columns == 0);
}

static void hash_block(vec h[static 8], const struct block *b, size_t row, uint32_t t, bool last)
{
    vec m[16];

    for (size_t i = 0; i < 16; i++)
        m[i] = i < b->count ? vec_load(b->column[i] + row) : vec_zero();
    compress(h, m, t, last);
}

static void hash_columns(struct states *s, const struct merkle_layer *layer)
{
    struct cursor cursor = {.matrix = layer->matrices};
    uint32_t t = (uint32_t)(4 * layer->before + (layer->children ? 64 : 0));
    struct block now, next = {.count = 0};
    size_t row = s->first * MERKLE_TILE_NODES;

    next_block(&next, &cursor, layer, 0, row);
    for (size_t done = 0; done < layer->columns;) {
        bool last;

        now = next;
        done += now.count;
        t += (uint32_t)(4 * now.count);
        last = layer->last && done == layer->columns;
        next_block(&next, &cursor, layer, done, row);
        for (size_t k = 0; k < s->count; k++) {
            for (size_t i = 0; i < next.count; i++)
                __builtin_prefetch(next.column[i] + k * MERKLE_TILE_NODES);
            for (size_t part = 0; part < PARTS; part++)
                hash_block(s->h[k][part], &now, k * MERKLE_TILE_NODES + part * VEC_LANES, t, last);
        }
    }
}

static void hash(const struct merkle_layer *layer, size_t begin, size_t end)
{
    struct states s = {.first = begin};

    for (; s.first < end; s.first += s.count) {
        s.count = end - s.first < GROUP ? end - s.first : GROUP;
        begin_states(&s, layer);
        for (size_t k = 0; layer->children && k < s.count; k++)
            for (size_t part = 0; part < PARTS; part++)
                hash_children(s.h[k][part], layer, s.first + k, part);
        hash_columns(&s, layer);
        end_states(&s, layer);
    }
}

const struct merkle_kernel KERNEL(merkle_kernel) = {.hash = hash};
