/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/hash/merkle.h"

#include <assert.h>

#include "prover/hash/merkle_kernel.h"

/* Layers below 16 nodes have one tile each; they come first. */
static size_t first_tile(unsigned layer)
{
    return layer < MERKLE_TILE_LOG ? layer
                                   : ((size_t)1 << (layer - MERKLE_TILE_LOG)) + MERKLE_TILE_LOG - 1;
}

static uint32_t *tiles_of(const struct merkle *tree, unsigned layer)
{
    return tree->tiles + first_tile(layer) * MERKLE_TILE_WORDS;
}

void merkle_plan(struct arena_plan *plan, unsigned log)
{
    arena_plan_take(plan, first_tile(log + 1), MERKLE_TILE_WORDS * sizeof(uint32_t));
}

struct merkle merkle_take(struct arena *arena, unsigned log)
{
    size_t words = first_tile(log + 1) * MERKLE_TILE_WORDS;

    assert(log <= MERKLE_LOG_MAX);
    return (struct merkle){.log = log, .tiles = arena_take(arena, words * sizeof(uint32_t))};
}

static const uint32_t *node_words(const struct merkle *tree, unsigned layer, size_t number)
{
    return tiles_of(tree, layer) + number / MERKLE_TILE_NODES * MERKLE_TILE_WORDS +
           number % MERKLE_TILE_NODES;
}

struct hash merkle_node(const struct merkle *tree, unsigned layer, size_t number)
{
    const uint32_t *words = node_words(tree, layer, number);
    struct hash h;

    assert(layer <= tree->log && number < (size_t)1 << layer);
    for (size_t w = 0; w < 8; w++)
        store_le32(h.b + 4 * w, words[w * MERKLE_TILE_NODES]);
    return h;
}

/* ---- one layer ---- */

static struct merkle_layer layer_of(const struct merkle *tree, const struct matrix *matrices,
                                    size_t count, unsigned log)
{
    struct merkle_layer layer = {.tiles = tiles_of(tree, log),
                                 .children = log < tree->log ? tiles_of(tree, log + 1) : NULL,
                                 .matrices = matrices,
                                 .matrix_count = count,
                                 .log = log,
                                 .last = true};

    for (size_t i = 0; i < count; i++)
        if (matrices[i].log_rows == log)
            layer.columns += matrices[i].columns;
    return layer;
}

static void hash_word(struct blake2s *s, uint32_t word)
{
    uint8_t b[4];

    store_le32(b, word);
    blake2s_update(s, b, sizeof b);
}

/* Fewer nodes than a tile: one after the other. */
static void hash_small(const struct merkle *tree, const struct merkle_layer *layer)
{
    for (size_t k = 0; k < (size_t)1 << layer->log; k++) {
        struct blake2s s;
        struct hash h;

        blake2s_init(&s);
        for (size_t child = 2 * k; layer->children && child < 2 * k + 2; child++) {
            h = merkle_node(tree, layer->log + 1, child);
            blake2s_update(&s, h.b, sizeof h.b);
        }
        for (size_t i = 0; i < layer->matrix_count; i++)
            for (size_t c = 0;
                 layer->matrices[i].log_rows == layer->log && c < layer->matrices[i].columns; c++)
                hash_word(&s, matrix_column(&layer->matrices[i], c)[k].v);
        h = blake2s_final(&s);
        for (size_t w = 0; w < 8; w++)
            layer->tiles[w * MERKLE_TILE_NODES + k] = load_le32(h.b + 4 * w);
    }
}

/* ---- subtrees: one piece of work goes up from 2^bits nodes to one tile ---- */

struct subtrees {
    const struct merkle_kernel *kernel;
    struct merkle_layer layers[MERKLE_LOG_MAX + 1]; /* highest first */
    unsigned bits;
};

static void hash_subtree(void *context, size_t number)
{
    const struct subtrees *s = context;

    for (unsigned i = 0; i + MERKLE_TILE_LOG <= s->bits; i++) {
        size_t tiles = (size_t)1 << (s->bits - i - MERKLE_TILE_LOG);

        s->kernel->hash(&s->layers[i], number * tiles, (number + 1) * tiles);
    }
}

/* A piece should be worth its start (about 2^11 blocks) and there should be some for each thread;
 * 2^12 nodes of a layer stay in the cache until their parents want them. */
static unsigned subtree_bits(const struct exec *exec, const struct merkle_layer *layer)
{
    size_t blocks = (layer->children ? 1 : 0) + (layer->columns + 15) / 16;
    unsigned bits = layer->log, threads = pool_threads(exec->pool);

    while (bits > MERKLE_TILE_LOG + 1 &&
           (bits > 12 || ((size_t)1 << (layer->log - bits) < 4 * threads && threads > 1 &&
                          blocks << (bits - 1) >= 2048)))
        bits--;
    return bits;
}

static void hash_layers(const struct exec *exec, const struct merkle *tree,
                        const struct matrix *matrices, size_t count, int log)
{
    while (log >= MERKLE_TILE_LOG) {
        struct subtrees s = {.kernel = KERNEL_PICK(exec->kernel, merkle_kernel)};
        unsigned depth;

        s.layers[0] = layer_of(tree, matrices, count, (unsigned)log);
        s.bits = subtree_bits(exec, &s.layers[0]);
        depth = s.bits - MERKLE_TILE_LOG;
        for (unsigned i = 1; i <= depth; i++)
            s.layers[i] = layer_of(tree, matrices, count, (unsigned)log - i);
        pool_each(exec->pool, (size_t)1 << ((unsigned)log - s.bits), hash_subtree, &s);
        log -= (int)depth + 1;
    }
    for (; log >= 0; log--) {
        struct merkle_layer layer = layer_of(tree, matrices, count, (unsigned)log);

        hash_small(tree, &layer);
    }
}

void merkle_commit(const struct exec *exec, const struct merkle *tree,
                   const struct matrix *matrices, size_t count)
{
    hash_layers(exec, tree, matrices, count, (int)tree->log);
}

struct absorption {
    const struct merkle_kernel *kernel;
    struct merkle_layer layer;
};

static void absorb_range(void *context, size_t begin, size_t end)
{
    const struct absorption *a = context;

    a->kernel->hash(&a->layer, begin, end);
}

void merkle_absorb(const struct exec *exec, const struct merkle *tree, struct matrix group,
                   size_t before, bool last)
{
    struct absorption a = {.kernel = KERNEL_PICK(exec->kernel, merkle_kernel)};

    assert(group.log_rows == tree->log && tree->log >= MERKLE_TILE_LOG);
    assert(before % 16 == 0 && (last || group.columns % 16 == 0));
    a.layer = layer_of(tree, &group, 1, tree->log);
    a.layer.before = before;
    a.layer.last = last;
    pool_ranges(exec->pool, (size_t)1 << (tree->log - MERKLE_TILE_LOG), 16, absorb_range, &a);
}

void merkle_finish(const struct exec *exec, const struct merkle *tree,
                   const struct matrix *matrices, size_t count)
{
    hash_layers(exec, tree, matrices, count, (int)tree->log - 1);
}
