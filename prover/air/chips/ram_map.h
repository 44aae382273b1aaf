/* SPDX-License-Identifier: Apache-2.0 */
/* The RAM map of filling: byte address -> (timestamp, value), kept by words because accesses are
 * aligned.
 *
 * Source:  components.md 3.4.
 * Owner:   memory of an arena, sized for a number of byte addresses known beforehand.
 * Errors:  none; more addresses than announced are asserted.
 */
#pragma once
#include "base/arena.h"
#include "prover/air/side_note.h"

struct ram_word {
    uint32_t number;       /* address / 4 */
    uint8_t known;         /* bit i: byte i has an entry; 0: a free slot */
    uint8_t value[4];
    uint32_t timestamp[4];
};

struct ram_map {
    struct ram_word *slots; /* open addressing, at most half full */
    unsigned log_slots;
    size_t entries; /* bytes with an entry */
    size_t limit;
};

void ram_map_plan(struct arena_plan *plan, size_t entries);
void ram_map_init(struct ram_map *map, struct arena *arena, size_t entries);

/* The word of an address, made when it is new. Bytes without an entry read as (0, 0). The caller
 * sets one with ram_map_set before the next call. */
struct ram_word *ram_map_word(struct ram_map *map, uint32_t address);

static inline void ram_map_set(struct ram_map *map, struct ram_word *word, unsigned byte,
                               uint32_t timestamp, uint8_t value)
{
    map->entries += !(word->known >> byte & 1);
    word->known |= (uint8_t)(1u << byte);
    word->timestamp[byte] = timestamp;
    word->value[byte] = value;
}

/* All entries by ascending address; there are map->entries. */
void ram_map_list(const struct ram_map *map, struct ram_entry *out, struct arena *arena);
