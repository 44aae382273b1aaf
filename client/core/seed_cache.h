/* SPDX-License-Identifier: Apache-2.0 */
/* The TaskCache of v0.9.0: which task ids were seen in the last five minutes.
 *
 * A present id keeps its time when it is seen again; the oldest goes when there is no place.
 *
 * Owner:   plain value, no heap; a zeroed one is empty. Ids are kept as hashes: two that collide in
 *          64 bits would be taken for one.
 * Source:  client.md 12.6.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEED_CACHE_ROOM    500
#define SEED_CACHE_LIFE_NS ((int64_t)300 * 1000000000)

struct seed_cache {
    struct {
        uint64_t hash;
        int64_t since_ns;
    } entries[SEED_CACHE_ROOM]; /* oldest first, from `first` on, around the end */
    size_t first, count;
};

bool seed_cache_has(struct seed_cache *c, const char *task_id, int64_t now_ns);
void seed_cache_add(struct seed_cache *c, const char *task_id, int64_t now_ns);
