/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/stark/merkle_verify.h"

#include <assert.h>

struct layer { /* visited nodes of one layer */
    struct positions at;
    struct hash hash[POSITIONS_MAX];
};

struct walk {
    const struct merkle_opening *opening;
    size_t values_used, hashes_used;
};

/* NULL when the position was not visited. */
static const struct hash *visited(const struct layer *layer, uint32_t position)
{
    for (unsigned i = 0; i < layer->at.count; i++)
        if (layer->at.at[i] == position)
            return &layer->hash[i];
    return NULL;
}

static bool has_position(const struct positions *p, uint32_t position)
{
    for (unsigned i = 0; i < p->count; i++)
        if (p->at[i] == position)
            return true;
    return false;
}

static enum merkle_verdict hash_children(struct walk *w, struct blake2s *state,
                                         const struct layer *below, uint32_t node)
{
    for (uint32_t child = 2 * node; child <= 2 * node + 1; child++) {
        const struct hash *hash = visited(below, child);

        if (!hash) {
            if (w->hashes_used == w->opening->hash_count)
                return MERKLE_WITNESS_TOO_SHORT;
            hash = &w->opening->hashes[w->hashes_used++];
        }
        blake2s_update(state, hash->b, sizeof hash->b);
    }
    return MERKLE_HOLDS;
}

static enum merkle_verdict hash_values(struct walk *w, struct blake2s *state,
                                       const struct merkle_level *level, uint32_t node)
{
    /* The values of a node that is not queried would be in the column witness, which is empty. */
    if (!has_position(&level->positions, node))
        return MERKLE_WITNESS_TOO_SHORT;
    if (w->opening->value_count - w->values_used < level->columns)
        return MERKLE_TOO_FEW_QUERIED_VALUES;
    for (unsigned i = 0; i < level->columns; i++) {
        uint8_t word[4];

        store_le32(word, w->opening->values[w->values_used++].v);
        blake2s_update(state, word, sizeof word);
    }
    return MERKLE_HOLDS;
}

/* The parents of the nodes below (NULL in the lowest layer) and the opened nodes of this layer
 * (NULL when no column has its length). */
static enum merkle_verdict climb(struct walk *w, struct layer *out, const struct layer *below,
                                 const struct merkle_level *level)
{
    enum merkle_verdict verdict = MERKLE_HOLDS;
    struct positions parents = {.count = 0};

    if (below)
        parents = positions_fold(&below->at, 1);
    out->at = level ? positions_union(&parents, &level->positions) : parents;
    for (unsigned i = 0; i < out->at.count && !verdict; i++) {
        struct blake2s state;

        blake2s_init(&state);
        if (below)
            verdict = hash_children(w, &state, below, out->at.at[i]);
        if (level && !verdict)
            verdict = hash_values(w, &state, level, out->at.at[i]);
        out->hash[i] = blake2s_final(&state);
    }
    return verdict;
}

enum merkle_verdict merkle_verify(const struct hash *root, const struct merkle_opening *opening)
{
    const struct merkle_level *level = opening->levels;
    const struct merkle_level *const end = level + opening->level_count;
    struct walk w = {.opening = opening};
    struct layer layers[2];
    struct layer *above = &layers[0], *below = NULL;

    assert(opening->level_count > 0);
    for (int log_size = (int)level->log_size; log_size >= 0; log_size--) {
        bool here = level < end && (int)level->log_size == log_size;
        enum merkle_verdict verdict = climb(&w, above, below, here ? level : NULL);

        if (verdict)
            return verdict;
        level += here;
        below = above;
        above = above == &layers[0] ? &layers[1] : &layers[0];
    }
    assert(level == end && below->at.count == 1); /* all levels were met, and the root */
    if (w.hashes_used < opening->hash_count)
        return MERKLE_WITNESS_TOO_LONG;
    if (w.values_used < opening->value_count)
        return MERKLE_TOO_MANY_QUERIED_VALUES;
    for (size_t i = 0; i < sizeof root->b; i++)
        if (root->b[i] != below->hash[0].b[i])
            return MERKLE_ROOT_MISMATCH;
    return MERKLE_HOLDS;
}

const char *merkle_verdict_name(enum merkle_verdict verdict)
{
    static const char *const names[] = {
        [MERKLE_HOLDS] = "holds",
        [MERKLE_WITNESS_TOO_SHORT] = "WitnessTooShort",
        [MERKLE_WITNESS_TOO_LONG] = "WitnessTooLong",
        [MERKLE_TOO_FEW_QUERIED_VALUES] = "TooFewQueriedValues",
        [MERKLE_TOO_MANY_QUERIED_VALUES] = "TooManyQueriedValues",
        [MERKLE_ROOT_MISMATCH] = "RootMismatch",
    };

    return names[verdict];
}
