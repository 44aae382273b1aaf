/* SPDX-License-Identifier: Apache-2.0 */
/* What decides inside a client, as a table: our core (core.h), or one of the reference clients that
 * it is compared with (reference_current.h, reference_seed.h). The shell and the simulator drive it
 * without knowing which one it is.
 *
 * The order of calls: runtime_restore for what is on disk, EV_START, then runtime_poll until it
 * returns false, wait for an event or runtime_deadline_ns, runtime_handle, runtime_poll …
 *
 * Owner:   the implementer embeds struct runtime as its first member; runtime_free frees all of it.
 * Threads: one owner at a time.
 * Errors:  runtime_restore only: ST_NO_MEMORY.
 */
#pragma once
#include <stddef.h>

#include "client/core/action.h"
#include "client/core/event.h"
#include "client/core/snapshot.h"
#include "client/core/stats.h"

struct runtime;

struct runtime_ops {
    enum status (*restore)(struct runtime *r, struct outbox_record *takes, struct why *why);
    void (*remember)(struct runtime *r, uint64_t id, const char *task_id); /* may be NULL */
    void (*handle)(struct runtime *r, const struct event *ev, int64_t now_ns);
    bool (*poll)(struct runtime *r, struct action *out, int64_t now_ns);
    int64_t (*deadline_ns)(const struct runtime *r);
    const struct stats *(*stats)(const struct runtime *r);
    size_t (*open_tasks)(const struct runtime *r);
    void (*snapshot)(const struct runtime *r, struct snapshot *out, int64_t now_ns);
    void (*free)(struct runtime *r);
};

struct runtime {
    const struct runtime_ops *ops; /* core.c, reference_current.c, reference_seed.c */
};

/* A record of a former run; before EV_START. Takes its contents when it returns ST_OK. */
static inline enum status MUST_USE runtime_restore(struct runtime *r, struct outbox_record *takes,
                                                   struct why *why)
{
    return r->ops->restore(r, takes, why);
}

/* The same for a final record of which nothing else is at hand. */
static inline void runtime_remember(struct runtime *r, uint64_t id, const char *task_id)
{
    if (r->ops->remember) /* the references know nothing of a former run */
        r->ops->remember(r, id, task_id);
}

static inline void runtime_handle(struct runtime *r, const struct event *ev, int64_t now_ns)
{
    r->ops->handle(r, ev, now_ns);
}

static inline bool runtime_poll(struct runtime *r, struct action *out, int64_t now_ns)
{
    return r->ops->poll(r, out, now_ns);
}

/* When EV_TICK is due if nothing else happens; INT64_MAX: never. */
static inline int64_t runtime_deadline_ns(const struct runtime *r)
{
    return r->ops->deadline_ns(r);
}

static inline const struct stats *runtime_stats(const struct runtime *r)
{
    return r->ops->stats(r);
}

static inline size_t runtime_open_tasks(const struct runtime *r) /* without a definite answer yet */
{
    return r->ops->open_tasks(r);
}

static inline void runtime_snapshot(const struct runtime *r, struct snapshot *out, int64_t now_ns)
{
    r->ops->snapshot(r, out, now_ns);
}

static inline void runtime_free(struct runtime *r)
{
    if (r)
        r->ops->free(r);
}
