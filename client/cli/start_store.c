/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/start_store.h"

#include "base/clock.h"
#include "client/cli/words.h"

/* ---- opening ---- */

static enum status count_open(void *context, struct outbox_record *r, struct why *why)
{
    struct start_store *s = context;

    (void)why;
    s->open_tasks += !outbox_state_final(r->state);
    outbox_record_fini(r);
    return ST_OK;
}

static void warn_of_damage(const struct start_store *s)
{
    const struct outbox_sqlite *o = s->outbox;

    if (o->damaged > 0)
        words_warn("%zu damaged record%s set aside in %s: %s", o->damaged,
                   o->damaged == 1 ? " is" : "s are", o->path, o->damaged_names);
}

enum status start_store_open(struct start_store *s, const struct home *home, const char *server,
                             struct why *why)
{
    enum status st = outbox_sqlite_open(&s->outbox, home->outbox, home->old_outbox, why);

    s->server = server;
    if (!st)
        words_rescued(s->outbox->kept, s->outbox->rescued);
    if (!st)
        warn_of_damage(s); /* in the files of an older version */
    if (!st)
        st = outbox_sqlite_prune(s->outbox, clock_wall_ns(clock_system()) / NS_PER_S, why);
    if (!st)
        st = outbox_each(&s->outbox->base, count_open, s, why);
    if (!st)
        warn_of_damage(s);
    return st;
}

void start_store_fini(struct start_store *s)
{
    if (s->outbox)
        outbox_free(&s->outbox->base);
    *s = (struct start_store){0};
}

static enum status restore(void *context, struct outbox_record *r, struct why *why)
{
    return runtime_restore(context, r, why);
}

enum status start_store_restore(struct start_store *s, struct runtime *runtime, struct why *why)
{
    return outbox_each(&s->outbox->base, restore, runtime, why);
}

/* ---- by orchestrator ---- */

enum status start_store_holds(struct start_store *s, int64_t hold_ns[static CORE_ROUTES],
                              struct why *why)
{
    int64_t now_ns = clock_wall_ns(clock_system()), until_ns;
    enum status st = ST_OK;

    for (int i = 0; i < CORE_ROUTES && !st; i++) {
        st = outbox_sqlite_held(s->outbox, s->server, core_route_name((enum core_route)i),
                                &until_ns, why);
        if (!st)
            hold_ns[i] = until_ns > now_ns ? until_ns - now_ns : 0;
    }
    return st;
}

enum status start_store_hold(struct start_store *s, enum core_route route, int64_t until_wall_ns,
                             struct why *why)
{
    return outbox_sqlite_hold(s->outbox, s->server, core_route_name(route), until_wall_ns, why);
}

enum status start_store_learnt(struct start_store *s, struct learnt *out, bool *found,
                               struct why *why)
{
    struct buffer bytes;
    enum status st;

    buffer_init(&bytes, 0);
    st = outbox_sqlite_learnt(s->outbox, s->server, &bytes, why);
    *found = !st && bytes.size > 0;
    if (*found && learnt_decode(out, buffer_bytes(&bytes), NULL)) {
        *found = false;
        words_warn("what former runs have learnt about this machine is damaged: it is learnt anew");
    }
    buffer_fini(&bytes);
    return st;
}

enum status start_store_learn(struct start_store *s, const struct learnt *learnt, struct why *why)
{
    struct buffer bytes;
    enum status st = ST_OK;

    buffer_init(&bytes, 0);
    learnt_encode(&bytes, learnt);
    if (buffer_ok(&bytes))
        st = outbox_sqlite_learn(s->outbox, s->server, buffer_bytes(&bytes), why);
    buffer_fini(&bytes);
    return st;
}
