/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/seed_cache.h"

/* FNV-1a */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static void drop_oldest(struct seed_cache *c)
{
    c->first = (c->first + 1) % SEED_CACHE_ROOM;
    c->count--;
}

static bool find(struct seed_cache *c, uint64_t hash, int64_t now_ns)
{
    while (c->count > 0 && now_ns - c->entries[c->first].since_ns >= SEED_CACHE_LIFE_NS)
        drop_oldest(c);
    for (size_t i = 0; i < c->count; i++)
        if (c->entries[(c->first + i) % SEED_CACHE_ROOM].hash == hash)
            return true;
    return false;
}

bool seed_cache_has(struct seed_cache *c, const char *task_id, int64_t now_ns)
{
    return find(c, hash_of(task_id), now_ns);
}

void seed_cache_add(struct seed_cache *c, const char *task_id, int64_t now_ns)
{
    uint64_t hash = hash_of(task_id);
    size_t place;

    if (find(c, hash, now_ns))
        return;
    if (c->count == SEED_CACHE_ROOM)
        drop_oldest(c);
    place = (c->first + c->count++) % SEED_CACHE_ROOM;
    c->entries[place].hash = hash;
    c->entries[place].since_ns = now_ns;
}
