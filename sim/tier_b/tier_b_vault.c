/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_b/tier_b_vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/shell/outbox_sqlite.h"
#include "sim/memory.h"

#define SERVER "http://orchestrator.invalid" /* holds are kept by it */

struct tier_b_vault {
    struct vault base; /* first, so that a cast back is valid */
    char *folder;
    unsigned host, life;
    struct outbox_sqlite *outbox;
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

static void remove_files(struct tier_b_vault *v, unsigned life)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lock"};

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char *path = path_of(v, life, suffixes[i]);

        unlink(path);
        free(path);
    }
}

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
    free(v->folder);
    free(v);
}

struct vault *tier_b_vault_base(struct tier_b_vault *v)
{
    return &v->base;
}

/* ---- writing ---- */

static void put(struct vault *base, const struct disk_cell *cell)
{
    struct tier_b_vault *v = (struct tier_b_vault *)base;
    struct outbox_record record;
    struct why why;

    must(outbox_decode_bare(&record, buffer_bytes(&cell->bytes), &why), &why);
    must(outbox_put(&v->outbox->base, &record, &why), &why);
    outbox_record_fini(&record);
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

/* ---- a crash, and what is found after it ---- */

static void copy_file(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct stat info;
    struct why why;

    if (in < 0 && errno == ENOENT)
        return; /* a log that has never been begun */
    if (in < 0 || out < 0 || fstat(in, &info))
        must(fail(&why, ST_IO, "%s: %s", from, strerror(errno)), &why);
    for (off_t at = 0; at < info.st_size;)
        if (sendfile(out, in, &at, (size_t)(info.st_size - at)) <= 0)
            must(fail(&why, ST_IO, "%s: %s", to, strerror(errno)), &why);
    close(in);
    close(out);
}

/* As the kernel leaves the files of a process that it has killed. */
static void die(struct tier_b_vault *v)
{
    static const char *const suffixes[] = {"", "-wal"};
    unsigned dead = v->life++;
    struct why why;

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char *from = path_of(v, dead, suffixes[i]), *to = path_of(v, v->life, suffixes[i]);

        copy_file(from, to);
        free(from);
        free(to);
    }
    outbox_free(&v->outbox->base);
    v->outbox = NULL;
    remove_files(v, dead);
    must(open_outbox(v, &why), &why);
}

struct finding {
    struct disk *disk;
    size_t open;
};

static enum status find(void *context, struct outbox_record *record, struct why *why)
{
    struct finding *f = context;

    (void)why;
    disk_begin(f->disk, record);
    disk_end(f->disk, record->id);
    f->open += !outbox_state_final(record->state);
    outbox_record_fini(record);
    return ST_OK;
}

static void find_records(struct tier_b_vault *v, struct disk *disk)
{
    struct finding f = {.disk = disk};
    size_t open = disk_open(disk);
    struct why why;

    disk->vault = NULL; /* this is what it has already */
    must(outbox_each(&v->outbox->base, find, &f, &why), &why);
    disk->vault = &v->base;
    if (f.open != open)
        must(fail(&why, ST_IO, "the outbox of client %u has %zu open records after a kill, not %zu",
                  v->host, f.open, open),
             &why);
}

static void crash(struct vault *base, const struct vault_find *out)
{
    struct tier_b_vault *v = (struct tier_b_vault *)base;
    struct buffer bytes;
    struct why why;

    v->gone(v->context, out->host, out->life);
    die(v);
    find_records(v, out->disk);
    for (int i = 0; i < CORE_ROUTES; i++)
        must(outbox_sqlite_held(v->outbox, SERVER, core_route_name((enum core_route)i),
                                &out->hold_wall_ns[i], &why),
             &why);
    buffer_init(&bytes, 0);
    must(outbox_sqlite_learnt(v->outbox, SERVER, &bytes, &why), &why);
    *out->has_learnt = bytes.size > 0;
    if (*out->has_learnt)
        must(learnt_decode(out->learnt, buffer_bytes(&bytes), &why), &why);
    buffer_fini(&bytes);
}

static const struct vault_ops ops = {.put = put, .hold = hold, .learn = learn, .crash = crash};
