/* SPDX-License-Identifier: Apache-2.0 */
/* What an orchestrator must still know after it was restarted: records under a kind and a key.
 *
 * The core keeps everything in memory and writes through: it puts what an answer has changed and
 * commits before the answer goes out. At start it reads everything back. The values are JSON.
 *
 * Owner:   whoever made the store; it outlives the orchestrator.
 * Errors:  ST_NO_MEMORY, ST_IO. An orchestrator whose store fails stops answering (500 from then
 *          on): memory and store would no longer agree.
 */
#pragma once
#include "base/bytes.h"

enum store_kind {
    STORE_USER,
    STORE_NODE,
    STORE_TASK,
    STORE_STATE,
    STORE_CREDIT,
    STORE_REQUESTS, /* each some entries of the journal */
};
#define STORE_KINDS (STORE_REQUESTS + 1)

struct store;

typedef enum status store_visit(void *context, const char *key, struct bytes value,
                                struct why *why);

struct store_ops {
    /* A new record, or a new value for an old one; takes effect at the next commit. */
    enum status (*put)(struct store *s, enum store_kind kind, const char *key, struct bytes value,
                       struct why *why);
    /* Of a record that may be there or not; takes effect at the next commit. */
    enum status (*remove)(struct store *s, enum store_kind kind, const char *key,
                          struct why *why);
    /* Behind it, whatever happens to the process takes nothing back. */
    enum status (*commit)(struct store *s, struct why *why);
    /* Every record of a kind in the order in which their keys were first put. Stops at the first
     * visit that does not return ST_OK. */
    enum status (*each)(struct store *s, enum store_kind kind, store_visit *visit, void *context,
                        struct why *why);
    void (*free)(struct store *s);
};

struct store {
    const struct store_ops *ops;
};

static inline enum status MUST_USE store_put(struct store *s, enum store_kind kind,
                                             const char *key, struct bytes value, struct why *why)
{
    return s->ops->put(s, kind, key, value, why);
}

static inline enum status MUST_USE store_remove(struct store *s, enum store_kind kind,
                                                const char *key, struct why *why)
{
    return s->ops->remove(s, kind, key, why);
}

static inline enum status MUST_USE store_commit(struct store *s, struct why *why)
{
    return s->ops->commit(s, why);
}

static inline enum status MUST_USE store_each(struct store *s, enum store_kind kind,
                                              store_visit *visit, void *context, struct why *why)
{
    return s->ops->each(s, kind, visit, context, why);
}

static inline void store_free(struct store *s)
{
    if (s)
        s->ops->free(s);
}

/* Keeps everything in this process: survives the orchestrator, not the process. */
enum status MUST_USE store_memory_new(struct store **out, struct why *why);
