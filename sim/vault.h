/* SPDX-License-Identifier: Apache-2.0 */
/* A real store behind the model of a client's disk: it is told of all that becomes durable, and
 * after a kill what it gives back is what the next process finds.
 *
 * Owner:   whoever made it; the host borrows it.
 * Errors:  none: a store that fails where the model's disk did not is the end of the simulation.
 */
#pragma once
#include "client/core/learnt.h"
#include "client/core/action.h"
#include "sim/disk.h"

struct vault {
    const struct vault_ops *ops; /* sim/tier_b */
};

struct vault_find { /* all of it is replaced by what the store has */
    const void *host;
    uint64_t life; /* of the process that is gone */
    struct disk *disk;
    int64_t *hold_wall_ns; /* CORE_ROUTES of them */
    struct learnt *learnt;
    bool *has_learnt;
};

struct vault_half { /* of the write of a record */
    const struct disk_cell *cell; /* NULL: of none */
    size_t part, whole;           /* so much of it has happened; part < whole */
};

struct vault_ops {
    void (*put)(struct vault *v, const struct disk_cell *cell, bool in_cache);
    void (*hold)(struct vault *v, enum core_route route, int64_t until_wall_ns);
    void (*learn)(struct vault *v, const struct learnt *l);
    void (*cut)(struct vault *v, const struct vault_half *half);
    void (*crash)(struct vault *v, const struct vault_find *find);
};

/* in_cache: its disk lies, and a power cut takes it away unless another write comes before. */
static inline void vault_put(struct vault *v, const struct disk_cell *cell, bool in_cache)
{
    v->ops->put(v, cell, in_cache);
}

static inline void vault_hold(struct vault *v, enum core_route route, int64_t until_wall_ns)
{
    v->ops->hold(v, route, until_wall_ns);
}

static inline void vault_learn(struct vault *v, const struct learnt *l)
{
    v->ops->learn(v, l);
}

/* The machine has no power: what was in its disk's cache is gone, and of a write a half is there that
 * does not count. vault_crash follows. */
static inline void vault_cut(struct vault *v, const struct vault_half *half)
{
    v->ops->cut(v, half);
}

/* The process is gone without a word. */
static inline void vault_crash(struct vault *v, const struct vault_find *find)
{
    v->ops->crash(v, find);
}
