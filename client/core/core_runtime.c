/* SPDX-License-Identifier: Apache-2.0 */
/* Our core behind the table of runtime.h. */
#include "client/core/state.h"

static struct core *core_of(struct runtime *r)
{
    return (struct core *)r; /* first member */
}

static const struct core *core_seen(const struct runtime *r)
{
    return (const struct core *)r;
}

static enum status restore(struct runtime *r, struct outbox_record *record, struct why *why)
{
    return core_restore(core_of(r), record, why);
}

static void remember(struct runtime *r, uint64_t id, const char *task_id)
{
    core_remember(core_of(r), id, task_id);
}

static void handle(struct runtime *r, const struct event *ev, int64_t now_ns)
{
    core_handle(core_of(r), ev, now_ns);
}

static bool poll(struct runtime *r, struct action *out, int64_t now_ns)
{
    return core_poll(core_of(r), out, now_ns);
}

static int64_t deadline_ns(const struct runtime *r)
{
    return core_deadline_ns(core_seen(r));
}

static const struct stats *stats(const struct runtime *r)
{
    return core_stats(core_seen(r));
}

static size_t open_tasks(const struct runtime *r)
{
    return core_open_tasks(core_seen(r));
}

static void snapshot(const struct runtime *r, struct snapshot *out, int64_t now_ns)
{
    core_snapshot(core_seen(r), out, now_ns);
}

static void free_core(struct runtime *r)
{
    core_free(core_of(r));
}

struct runtime *core_runtime(struct core *c)
{
    static const struct runtime_ops ops = {
        .restore = restore,
        .remember = remember,
        .handle = handle,
        .poll = poll,
        .deadline_ns = deadline_ns,
        .stats = stats,
        .open_tasks = open_tasks,
        .snapshot = snapshot,
        .free = free_core,
    };

    c->base.ops = &ops;
    return &c->base;
}
