/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_b/tier_b_vault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/shell/outbox_sqlite.h"
#include "sim/memory.h"
#include "sim/tier_b/tier_b_platter.h"

#define SERVER "http://orchestrator.invalid" /* holds are kept by it */

struct tier_b_vault {
    struct vault base; /* first, so that a cast back is valid */
    char *folder;
    unsigned host, life;
    struct outbox_sqlite *outbox;
    char *snapshot; /* while the disk lies: what it has written indeed; NULL: it does not lie */
    void (*gone)(void *context, const void *host, uint64_t life);
    void *context;
};

static const struct vault_ops ops;

/* The simulation ends: the real disk refuses where the model's did not. */
static void must(enum status st, const struct why *why)
{
    if (!st)
        return;
    fprintf(stderr, "nxp-sim: %s\n", why->text);
    exit(3);
}

static char *path_of(const struct tier_b_vault *v, unsigned life, const char *suffix)
{
    char *path;

    if (asprintf(&path, "%s/client%u-%u.db%s", v->folder, v->host, life, suffix) < 0)
        must(ST_NO_MEMORY, &(struct why){"out of memory"});
    return path;
}

static enum status open_outbox(struct tier_b_vault *v, struct why *why)
{
    char *path = path_of(v, v->life, ""), *legacy = path_of(v, v->life, ".legacy");
    enum status st = outbox_sqlite_open(&v->outbox, path, legacy, why);

    free(path);
    free(legacy);
    return st;
}

/* ---- files ---- */

static void remove_files(struct tier_b_vault *v, unsigned life)
{
    char *path = path_of(v, life, "");

    tier_b_platter_remove(path);
    free(path);
}

/* What a power cut would leave, if nothing is written any more. */
static void take_snapshot(struct tier_b_vault *v)
{
    char *path;
    struct why why;

    if (v->snapshot)
        return;
    path = path_of(v, v->life, "");
    v->snapshot = path_of(v, v->life, ".platter");
    must(tier_b_platter_copy(path, v->snapshot, NULL, &why), &why);
    free(path);
}

static void drop_snapshot(struct tier_b_vault *v)
{
    if (!v->snapshot)
        return;
    tier_b_platter_remove(v->snapshot);
    free(v->snapshot);
    v->snapshot = NULL;
}

/* The next process begins with these files; those of the last one go. */
static void live_again(struct tier_b_vault *v, const char *files, const struct tier_b_tear *tear)
{
    char *path = path_of(v, v->life + 1, "");
    struct why why;

    must(tier_b_platter_copy(files, path, tear, &why), &why);
    outbox_free(&v->outbox->base); /* it would have tidied them up */
    v->outbox = NULL;
    remove_files(v, v->life++);
    must(open_outbox(v, &why), &why);
    free(path);
}

/* ---- new, free ---- */

enum status tier_b_vault_new(struct tier_b_vault **out, const char *folder, unsigned host,
                             void (*gone)(void *context, const void *host, uint64_t life),
                             void *context, struct why *why)
{
    struct tier_b_vault *v = memory_new(sizeof *v);
    enum status st;

    *v = (struct tier_b_vault){.base.ops = &ops,
                               .folder = memory_text(folder),
                               .host = host,
                               .gone = gone,
                               .context = context};
    st = open_outbox(v, why);
    if (st) {
        tier_b_vault_free(v);
        return st;
    }
    *out = v;
    return ST_OK;
}

void tier_b_vault_free(struct tier_b_vault *v)
{
    if (!v)
        return;
    if (v->outbox)
        outbox_free(&v->outbox->base);
    remove_files(v, v->life);
    drop_snapshot(v);
    free(v->folder);
    free(v);
}

struct vault *tier_b_vault_base(struct tier_b_vault *v)
{
    return &v->base;
}

/* ---- writing ---- */

static void write(struct tier_b_vault *v, const struct disk_cell *cell)
{
    struct outbox_record record;
    struct why why;

    must(outbox_decode_bare(&record, buffer_bytes(&cell->bytes), &why), &why);
    must(outbox_put(&v->outbox->base, &record, &why), &why);
    outbox_record_fini(&record);
}

/* SQLite syncs what it writes, and asks for nothing between two calls: what the files hold before
 * the first lie is what the platter has until the next honest sync. */
static void put(struct vault *base, const struct disk_cell *cell, bool in_cache)
{
    struct tier_b_vault *v = (struct tier_b_vault *)base;

    if (in_cache)
        take_snapshot(v);
    else
        drop_snapshot(v);
    write(v, cell);
}

static void hold(struct vault *base, enum core_route route, int64_t until_wall_ns)
{
    struct tier_b_vault *v = (struct tier_b_vault *)base;
    struct why why;

    must(outbox_sqlite_hold(v->outbox, SERVER, core_route_name(route), until_wall_ns, &why), &why);
}

static void learn(struct vault *base, const struct learnt *l)
{
    struct tier_b_vault *v = (struct tier_b_vault *)base;
    struct buffer bytes;
    struct why why;

    buffer_init(&bytes, 0);
    learnt_encode(&bytes, l);
    must(outbox_sqlite_learn(v->outbox, SERVER, buffer_bytes(&bytes), &why), &why);
    buffer_fini(&bytes);
}

/* ---- power cuts ---- */

struct held { /* what a model's disk never loses */
    int64_t until_wall_ns[CORE_ROUTES];
    struct buffer learnt;
};

static void read_held(struct tier_b_vault *v, struct held *out)
{
    struct why why;

    for (int i = 0; i < CORE_ROUTES; i++)
        must(outbox_sqlite_held(v->outbox, SERVER, core_route_name((enum core_route)i),
                                &out->until_wall_ns[i], &why),
             &why);
    buffer_init(&out->learnt, 0);
    must(outbox_sqlite_learnt(v->outbox, SERVER, &out->learnt, &why), &why);
}

static void write_held(struct tier_b_vault *v, const struct held *h)
{
    struct why why;

    for (int i = 0; i < CORE_ROUTES; i++)
        if (h->until_wall_ns[i])
            hold(&v->base, (enum core_route)i, h->until_wall_ns[i]);
    if (h->learnt.size)
        must(outbox_sqlite_learn(v->outbox, SERVER, buffer_bytes(&h->learnt), &why), &why);
}

/* The write that was under way is made on what the cut has left, and then half of it undone. */
static void cut(struct vault *base, const struct vault_half *half)
{
    struct tier_b_vault *v = (struct tier_b_vault *)base;
    struct held held;

    read_held(v, &held);
    take_snapshot(v);
    live_again(v, v->snapshot, NULL);
    if (half->cell) {
        char *path = path_of(v, v->life, "");

        write(v, half->cell);
        live_again(
            v, path,
            &(struct tier_b_tear){.before = v->snapshot, .part = half->part, .whole = half->whole});
        free(path);
    }
    drop_snapshot(v);
    write_held(v, &held);
    buffer_fini(&held.learnt);
}

/* ---- a crash, and what is found after it ---- */

/* As the kernel leaves the files of a process that it has killed. */
static void die(struct tier_b_vault *v)
{
    char *path = path_of(v, v->life, "");

    live_again(v, path, NULL);
    free(path);
}

struct finding {
    struct disk *disk;
    size_t open;
};

/* Of an older final record the store has less: its proofs are gone. */
static bool is_as_written(const struct disk *disk, const struct outbox_record *record)
{
    const struct disk_cell *cell = disk_of(disk, record->id);
    struct buffer bytes;
    bool same;

    buffer_init(&bytes, 0);
    outbox_encode_bare(&bytes, record);
    same = cell && (outbox_state_final(record->state)
                        ? cell->state == record->state
                        : bytes_equal(buffer_bytes(&bytes), buffer_bytes(&cell->bytes)));
    buffer_fini(&bytes);
    return same;
}

static enum status find(void *context, struct outbox_record *record, struct why *why)
{
    struct finding *f = context;

    if (!is_as_written(f->disk, record))
        return fail(why, ST_IO, "record %" PRIu64 " is not as it was written last", record->id);
    disk_found(f->disk, record);
    f->open += !outbox_state_final(record->state);
    outbox_record_fini(record);
    return ST_OK;
}

static void find_records(struct tier_b_vault *v, struct disk *disk)
{
    struct finding f = {.disk = disk};
    size_t open = disk_open(disk);
    struct why why;

    must(outbox_each(&v->outbox->base, find, &f, &why), &why);
    if (f.open != open)
        must(fail(&why, ST_IO, "the outbox of client %u has %zu open records after a kill, not %zu",
                  v->host, f.open, open),
             &why);
}

static void crash(struct vault *base, const struct vault_find *out)
{
    struct tier_b_vault *v = (struct tier_b_vault *)base;
    struct held held;
    struct why why;

    v->gone(v->context, out->host, out->life);
    die(v);
    find_records(v, out->disk);
    read_held(v, &held);
    memcpy(out->hold_wall_ns, held.until_wall_ns, sizeof held.until_wall_ns);
    *out->has_learnt = held.learnt.size > 0;
    if (*out->has_learnt)
        must(learnt_decode(out->learnt, buffer_bytes(&held.learnt), &why), &why);
    buffer_fini(&held.learnt);
}

static const struct vault_ops ops = {
    .put = put, .hold = hold, .learn = learn, .cut = cut, .crash = crash};
