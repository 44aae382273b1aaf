/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crash/power_disk.h"

#include "tests/support/test.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"

#define FILES  8
#define SECTOR 512
#define PAGES  16 /* of shared memory, 32 KiB each */

struct image {
    uint8_t *data;
    size_t size;
    bool exists;
};

/* A change that no sync has confirmed. */
struct change {
    uint8_t *data; /* NULL: a truncation to `at` */
    size_t at, size;
    bool doomed; /* a sync failed over it */
};

struct file {
    char name[300];
    struct image seen;    /* what a program reads */
    struct image platter; /* what no power cut takes away */
    struct change *changes;
    size_t change_count;
    void *shared[PAGES];
};

struct handle {
    sqlite3_file base; /* first, so that a cast back is valid */
    struct file *file;
    bool folder_due; /* the unix VFS syncs the folder of a log or journal with its first sync */
};

static struct file files[FILES];
static struct prng randomness; /* SQLite's, so that a run repeats */
static enum disk_trouble trouble;
static unsigned trouble_at, calls, failures;

/* ---- images ---- */

static void image_resize(struct image *i, size_t size)
{
    if (size > i->size) {
        i->data = realloc(i->data, size);
        assert_non_null(i->data);
        memset(i->data + i->size, 0, size - i->size);
    }
    i->size = size;
}

static void image_write(struct image *i, size_t at, const void *data, size_t size)
{
    if (at + size > i->size)
        image_resize(i, at + size);
    memcpy(i->data + at, data, size);
}

static void image_copy(struct image *to, const struct image *from)
{
    to->size = 0;
    to->exists = from->exists;
    image_resize(to, from->size);
    if (from->size)
        memcpy(to->data, from->data, from->size);
}

static void image_free(struct image *i)
{
    free(i->data);
    *i = (struct image){0};
}

/* ---- changes ---- */

static void note(struct file *f, size_t at, const void *data, size_t size)
{
    struct change *more = realloc(f->changes, (f->change_count + 1) * sizeof *more);
    struct change *c;

    assert_non_null(more);
    f->changes = more;
    c = &f->changes[f->change_count++];
    *c = (struct change){.at = at, .size = size};
    if (data) {
        c->data = malloc(size + 1);
        assert_non_null(c->data);
        memcpy(c->data, data, size);
    }
}

static void forget_changes(struct file *f)
{
    for (size_t i = 0; i < f->change_count; i++)
        free(f->changes[i].data);
    free(f->changes);
    f->changes = NULL;
    f->change_count = 0;
}

/* What a folder says of its files is on the platter. */
static void sync_folder(void)
{
    for (size_t i = 0; i < FILES; i++) {
        files[i].platter.exists = files[i].seen.exists;
        if (!files[i].seen.exists) {
            forget_changes(&files[i]);
            image_resize(&files[i].platter, 0);
        }
    }
}

static void confirm(struct handle *handle)
{
    struct file *f = handle->file;

    for (size_t i = 0; i < f->change_count; i++) {
        const struct change *c = &f->changes[i];

        if (c->doomed)
            continue;
        if (c->data)
            image_write(&f->platter, c->at, c->data, c->size);
        else
            image_resize(&f->platter, c->at);
    }
    forget_changes(f);
    if (handle->folder_due)
        sync_folder();
    handle->folder_due = false;
}

/* The rest of an unconfirmed write after a power cut. */
static void survive(struct file *f, const struct change *c, enum disk_luck luck, struct prng *p)
{
    static const double chances[DISK_LUCKS] = {0, 1, 0.5, 0.9, 0.5};

    if (!c->data) {
        if (prng_chance(p, chances[luck]))
            image_resize(&f->platter, c->at);
        return;
    }
    for (size_t at = 0, part; at < c->size; at += part) {
        part = SECTOR - (c->at + at) % SECTOR;
        if (part > c->size - at)
            part = c->size - at;
        if (luck == LUCK_TORN && prng_chance(p, 0.5)) {
            size_t first = prng_below(p, part + 1);

            image_write(&f->platter, c->at + at, c->data + at, first);
        } else if (prng_chance(p, chances[luck])) {
            image_write(&f->platter, c->at + at, c->data + at, part);
        }
    }
}

static void forget_shared(struct file *f)
{
    for (size_t i = 0; i < PAGES; i++) {
        free(f->shared[i]);
        f->shared[i] = NULL;
    }
}

void disk_power_on(enum disk_luck luck, uint64_t seed)
{
    struct prng p = prng_of(seed);

    for (size_t i = 0; i < FILES; i++) {
        struct file *f = &files[i];

        if (f->platter.exists != f->seen.exists)
            f->platter.exists = luck == LUCK_ALL       ? f->seen.exists
                                : luck == LUCK_NOTHING ? f->platter.exists
                                                       : prng_chance(&p, 0.5);
        for (size_t j = 0; j < f->change_count; j++)
            if (!f->changes[j].doomed)
                survive(f, &f->changes[j], luck, &p);
        if (!f->platter.exists)
            image_resize(&f->platter, 0);
        forget_changes(f);
        forget_shared(f);
        image_copy(&f->seen, &f->platter);
    }
    disk_trouble(DISK_WORKS, 0);
}

void disk_wipe(uint64_t seed)
{
    for (size_t i = 0; i < FILES; i++) {
        image_free(&files[i].seen);
        image_free(&files[i].platter);
        forget_changes(&files[i]);
        forget_shared(&files[i]);
        files[i].name[0] = '\0';
    }
    randomness = prng_of(seed);
    disk_trouble(DISK_WORKS, 0);
}

/* ---- trouble ---- */

void disk_trouble(enum disk_trouble kind, unsigned call)
{
    trouble = kind;
    trouble_at = call;
    calls = failures = 0;
}

unsigned disk_calls(void)
{
    return calls;
}

unsigned disk_failures(void)
{
    return failures;
}

bool disk_dead(void)
{
    return trouble == DISK_CUT && calls >= trouble_at;
}

/* Counts one call; true: it fails. */
static bool fails(bool wants_room)
{
    bool now;

    calls++;
    switch (trouble) {
    case DISK_WORKS:
        return false;
    case DISK_ERROR:
    case DISK_SHORT_WRITE:
        now = calls == trouble_at;
        break;
    case DISK_FULL:
        now = calls >= trouble_at && wants_room;
        break;
    default:
        now = calls >= trouble_at;
        break;
    }
    failures += now;
    return now;
}

/* ---- files ---- */

static struct file *file_of(sqlite3_file *handle)
{
    return ((struct handle *)handle)->file;
}

static struct file *find(const char *name, bool make)
{
    struct file *empty = NULL;

    for (size_t i = 0; i < FILES; i++) {
        if (strcmp(files[i].name, name) == 0)
            return &files[i];
        if (!empty && !files[i].name[0])
            empty = &files[i];
    }
    if (!make)
        return NULL;
    assert_non_null(empty);
    assert_true(strlen(name) < sizeof empty->name);
    strcpy(empty->name, name);
    return empty;
}

static int disk_close(sqlite3_file *handle)
{
    (void)handle;
    return SQLITE_OK;
}

static int disk_read(sqlite3_file *handle, void *out, int size, sqlite3_int64 at)
{
    const struct image *seen = &file_of(handle)->seen;
    size_t start = (size_t)at, want = (size_t)size;
    size_t have = start < seen->size ? seen->size - start : 0;

    if (have > want)
        have = want;
    if (have)
        memcpy(out, seen->data + start, have);
    memset((uint8_t *)out + have, 0, want - have);
    return have == want ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int disk_write(sqlite3_file *handle, const void *data, int size, sqlite3_int64 at)
{
    struct file *f = file_of(handle);
    bool grows = (size_t)at + (size_t)size > f->seen.size;
    size_t written = (size_t)size;
    int code = SQLITE_OK;

    if (fails(grows)) {
        code = trouble == DISK_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
        written = trouble == DISK_ERROR || trouble == DISK_BROKEN ? 0 : written / 2;
        if (disk_dead() && calls > trouble_at)
            written = 0; /* the process is gone */
    }
    if (written) {
        image_write(&f->seen, (size_t)at, data, written);
        note(f, (size_t)at, data, written);
    }
    return code;
}

static int disk_truncate(sqlite3_file *handle, sqlite3_int64 size)
{
    struct file *f = file_of(handle);

    if (fails(false))
        return SQLITE_IOERR_TRUNCATE;
    image_resize(&f->seen, (size_t)size);
    note(f, (size_t)size, NULL, 0);
    return SQLITE_OK;
}

static int disk_sync(sqlite3_file *handle, int flags)
{
    struct file *f = file_of(handle);

    (void)flags;
    if (fails(false)) {
        for (size_t i = 0; trouble != DISK_CUT && i < f->change_count; i++)
            f->changes[i].doomed = true;
        return SQLITE_IOERR_FSYNC;
    }
    confirm((struct handle *)handle);
    return SQLITE_OK;
}

static int disk_file_size(sqlite3_file *handle, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)file_of(handle)->seen.size;
    return SQLITE_OK;
}

static int disk_lock(sqlite3_file *handle, int level)
{
    (void)handle;
    (void)level; /* the outbox has one owner; outbox_sqlite_test has the readers beside it */
    return SQLITE_OK;
}

static int disk_reserved(sqlite3_file *handle, int *out)
{
    (void)handle;
    *out = 0;
    return SQLITE_OK;
}

static int disk_control(sqlite3_file *handle, int op, void *arg)
{
    (void)handle;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int disk_sector(sqlite3_file *handle)
{
    (void)handle;
    return SECTOR;
}

static int disk_character(sqlite3_file *handle)
{
    (void)handle;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as the unix VFS says */
}

static int disk_shared(sqlite3_file *handle, int page, int size, int extend, void volatile **out)
{
    struct file *f = file_of(handle);

    assert_true(page < PAGES);
    if (!f->shared[page] && extend)
        f->shared[page] = calloc(1, (size_t)size);
    *out = f->shared[page];
    return SQLITE_OK;
}

static int disk_shared_lock(sqlite3_file *handle, int offset, int n, int flags)
{
    (void)handle;
    (void)offset;
    (void)n;
    (void)flags;
    return SQLITE_OK;
}

static void disk_barrier(sqlite3_file *handle)
{
    (void)handle;
}

static int disk_unmap(sqlite3_file *handle, int remove)
{
    (void)remove; /* the last one to leave */
    forget_shared(file_of(handle));
    return SQLITE_OK;
}

static int disk_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *out, int flags,
                     int *out_flags)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = disk_close,
        .xRead = disk_read,
        .xWrite = disk_write,
        .xTruncate = disk_truncate,
        .xSync = disk_sync,
        .xFileSize = disk_file_size,
        .xLock = disk_lock,
        .xUnlock = disk_lock,
        .xCheckReservedLock = disk_reserved,
        .xFileControl = disk_control,
        .xSectorSize = disk_sector,
        .xDeviceCharacteristics = disk_character,
        .xShmMap = disk_shared,
        .xShmLock = disk_shared_lock,
        .xShmBarrier = disk_barrier,
        .xShmUnmap = disk_unmap,
    };
    struct handle *handle = (struct handle *)out;
    struct file *f;

    (void)vfs;
    assert_non_null(name); /* no temporary files: transactions here are small */
    f = find(name, true);
    f->seen.exists = true;
    if (flags & SQLITE_OPEN_MAIN_DB)
        f->platter.exists = true; /* made and synced by the outbox itself */
    *handle =
        (struct handle){.base.pMethods = &methods,
                        .file = f,
                        .folder_due = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) &&
                                      (flags & SQLITE_OPEN_CREATE)};
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int folder_too)
{
    struct file *f = find(name, false);

    (void)vfs;
    if (!f || !f->seen.exists)
        return SQLITE_IOERR_DELETE_NOENT;
    if (fails(false))
        return SQLITE_IOERR_DELETE;
    f->seen.exists = false;
    image_resize(&f->seen, 0);
    note(f, 0, NULL, 0);
    if (folder_too)
        sync_folder();
    return SQLITE_OK;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    const struct file *f = find(name, false);

    (void)vfs;
    (void)flags;
    *out = f && f->seen.exists && (flags != SQLITE_ACCESS_EXISTS || f->seen.size > 0);
    return SQLITE_OK;
}

static int disk_random(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    prng_fill(&randomness, out, (size_t)size);
    return size;
}

void disk_install(void)
{
    static sqlite3_vfs vfs;

    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    vfs = *sqlite3_vfs_find(NULL);
    vfs.szOsFile = sizeof(struct handle);
    vfs.zName = "power";
    vfs.pNext = NULL;
    vfs.xOpen = disk_open;
    vfs.xDelete = disk_delete;
    vfs.xAccess = disk_access;
    vfs.xRandomness = disk_random;
    assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
    disk_wipe(1);
}
