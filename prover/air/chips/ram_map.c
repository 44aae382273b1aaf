/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/air/chips/ram_map.h"

#include <assert.h>
#include <string.h>

/* Slots for entries words in the worst case, a single byte of each. */
static unsigned log_slots_for(size_t entries)
{
    unsigned log = 4;

    while ((size_t)1 << log < 2 * entries)
        log++;
    return log;
}

struct sort_key {
    uint32_t number, slot;
};

void ram_map_plan(struct arena_plan *plan, size_t entries)
{
    arena_plan_take(plan, (size_t)1 << log_slots_for(entries), sizeof(struct ram_word));
    arena_plan_take(plan, entries, 2 * sizeof(struct sort_key));
}

void ram_map_init(struct ram_map *map, struct arena *arena, size_t entries)
{
    unsigned log = log_slots_for(entries);

    *map = (struct ram_map){
        .slots = arena_take_zeroed(arena, ((size_t)1 << log) * sizeof(struct ram_word)),
        .log_slots = log,
        .limit = entries,
    };
}

struct ram_word *ram_map_word(struct ram_map *map, uint32_t address)
{
    uint32_t number = address >> 2, mask = (uint32_t)(((uint64_t)1 << map->log_slots) - 1);
    uint32_t slot = (number * 0x9e3779b1u) >> (32 - map->log_slots); /* Fibonacci hashing */
    struct ram_word *word = &map->slots[slot];

    while (word->known && word->number != number) {
        slot = (slot + 1) & mask;
        word = &map->slots[slot];
    }
    assert(word->known || map->entries < map->limit);
    word->number = number;
    return word;
}

/* One stable pass of a radix sort; false (and nothing done) when all keys share the byte. */
static bool sort_pass(struct sort_key *out, const struct sort_key *in, size_t count, unsigned shift)
{
    size_t start[257] = {0};

    for (size_t i = 0; i < count; i++)
        start[(in[i].number >> shift & 255) + 1]++;
    if (count == 0 || start[(in[0].number >> shift & 255) + 1] == count)
        return false;
    for (unsigned i = 0; i < 256; i++)
        start[i + 1] += start[i];
    for (size_t i = 0; i < count; i++)
        out[start[in[i].number >> shift & 255]++] = in[i];
    return true;
}

void ram_map_list(const struct ram_map *map, struct ram_entry *out, struct arena *arena)
{
    struct sort_key *keys = arena_take(arena, map->entries * 2 * sizeof *keys);
    struct sort_key *other = keys + map->entries;
    size_t words = 0, bytes = 0;

    for (uint32_t i = 0; i < (uint64_t)1 << map->log_slots; i++)
        if (map->slots[i].known)
            keys[words++] = (struct sort_key){map->slots[i].number, i};
    for (unsigned shift = 0; shift < 32; shift += 8) {
        if (sort_pass(other, keys, words, shift)) {
            struct sort_key *swap = keys;

            keys = other;
            other = swap;
        }
    }
    for (size_t i = 0; i < words; i++) {
        const struct ram_word *word = &map->slots[keys[i].slot];

        for (unsigned b = 0; b < 4; b++)
            if (word->known >> b & 1)
                out[bytes++] = (struct ram_entry){.address = word->number * 4 + b,
                                                  .counter = word->timestamp[b],
                                                  .value = word->value[b]};
    }
    assert(bytes == map->entries);
}
