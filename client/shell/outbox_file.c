/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/outbox_file.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct outbox_file *file_of(struct outbox *o)
{
    return (struct outbox_file *)o;
}

/* "FOLDER/000000000000002a.record"; the caller frees it. */
static char *path_of(const struct outbox_file *o, uint64_t id, const char *ending)
{
    char *path;

    return asprintf(&path, "%s/%016" PRIx64 ".%s", o->folder, id, ending) < 0 ? NULL : path;
}

static enum status no_memory(const struct outbox_file *o, struct why *why)
{
    return fail(why, ST_NO_MEMORY, "outbox '%s': out of memory", o->folder);
}

static enum status file_put(struct outbox *base, const struct outbox_record *r, struct why *why)
{
    struct outbox_file *o = file_of(base);
    char *path = path_of(o, r->id, "record");
    struct buffer bytes;
    enum status st;

    buffer_init(&bytes, OUTBOX_MAX_RECORD);
    outbox_encode(&bytes, r);
    if (path && buffer_ok(&bytes))
        st = file_write(path, buffer_bytes(&bytes), 0600, why);
    else
        st = no_memory(o, why);
    buffer_fini(&bytes);
    free(path);
    return st;
}

/* ---- reading all ---- */

struct ids {
    uint64_t *list;
    size_t count, capacity;
};

static bool ids_add(struct ids *ids, uint64_t id)
{
    if (ids->count == ids->capacity) {
        size_t capacity = ids->capacity ? 2 * ids->capacity : 64;
        uint64_t *list = realloc(ids->list, capacity * sizeof *list);

        if (!list)
            return false;
        ids->list = list;
        ids->capacity = capacity;
    }
    ids->list[ids->count++] = id;
    return true;
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* 16 lower-case digits and ".record"; everything else in the folder is not ours. */
static bool id_of_name(const char *name, uint64_t *id)
{
    char again[32];
    char *end;

    *id = strtoull(name, &end, 16);
    snprintf(again, sizeof again, "%016" PRIx64 ".record", *id);
    return strcmp(name, again) == 0;
}

static enum status list_ids(const struct outbox_file *o, struct ids *ids, struct why *why)
{
    DIR *folder = opendir(o->folder);
    enum status st = ST_OK;
    struct dirent *entry;
    uint64_t id;

    if (!folder)
        return fail(why, errno == ENOENT ? ST_NOT_FOUND : ST_IO, "outbox '%s': %s", o->folder,
                    strerror(errno));
    while (!st && (entry = readdir(folder)) != NULL)
        if (id_of_name(entry->d_name, &id) && !ids_add(ids, id))
            st = no_memory(o, why);
    closedir(folder);
    if (ids->count > 0)
        qsort(ids->list, ids->count, sizeof *ids->list, compare_ids);
    return st;
}

static void set_aside(struct outbox_file *o, uint64_t id, const char *path)
{
    char *aside = path_of(o, id, "damaged");

    o->damaged++;
    if (aside && !o->read_only)
        (void)rename(path, aside); /* if that fails, the next run meets it again */
    free(aside);
}

static enum status read_one(struct outbox_file *o, uint64_t id, outbox_visit *visit, void *context,
                            struct why *why)
{
    char *path = path_of(o, id, "record");
    struct outbox_record record = {0};
    struct buffer content;
    enum status st;

    buffer_init(&content, 0);
    st = path ? file_read(&content, path, OUTBOX_MAX_RECORD, why) : no_memory(o, why);
    if (st == ST_NOT_FOUND && o->read_only) {
        st = ST_OK; /* its owner has just forgotten it */
        goto out;
    }
    if (st)
        goto out;
    if (outbox_decode(&record, buffer_bytes(&content), NULL) || record.id != id) {
        set_aside(o, id, path);
        goto out;
    }
    st = visit(context, &record, why);
    if (!st)
        record = (struct outbox_record){0};
out:
    outbox_record_fini(&record);
    buffer_fini(&content);
    free(path);
    return st;
}

static enum status file_each(struct outbox *base, outbox_visit *visit, void *context,
                             struct why *why)
{
    struct outbox_file *o = file_of(base);
    struct ids ids = {0};
    enum status st = list_ids(o, &ids, why);

    o->damaged = 0;
    for (size_t i = 0; i < ids.count && !st; i++)
        st = read_one(o, ids.list[i], visit, context, why);
    free(ids.list);
    return st;
}

static enum status file_erase(struct outbox *base, uint64_t id, struct why *why)
{
    struct outbox_file *o = file_of(base);
    char *path = path_of(o, id, "record");
    enum status st = ST_OK;

    if (!path)
        st = no_memory(o, why);
    else if (unlink(path) < 0)
        st = fail(why, errno == ENOENT ? ST_NOT_FOUND : ST_IO, "%s: %s", path, strerror(errno));
    free(path);
    return st;
}

static void file_free(struct outbox *base)
{
    free(file_of(base)->folder);
    free(base);
}

enum status outbox_file_new(struct outbox_file **out, const char *folder, struct why *why)
{
    static const struct outbox_ops ops = {
        .put = file_put, .each = file_each, .erase = file_erase, .free = file_free};
    struct outbox_file *o = calloc(1, sizeof *o);

    if (o)
        o->folder = strdup(folder);
    if (!o || !o->folder) {
        free(o);
        return fail(why, ST_NO_MEMORY, "outbox '%s': out of memory", folder);
    }
    o->base.ops = &ops;
    *out = o;
    return ST_OK;
}

/* ---- pruning ---- */

static enum status note_final(void *context, struct outbox_record *record, struct why *why)
{
    bool ok = !outbox_state_final(record->state) || ids_add(context, record->id);

    if (!ok)
        return fail(why, ST_NO_MEMORY, "outbox: out of memory");
    outbox_record_fini(record);
    return ST_OK;
}

enum status outbox_file_prune(struct outbox *o, size_t keep, struct why *why)
{
    struct ids ids = {0};
    enum status st = outbox_each(o, note_final, &ids, why);

    for (size_t i = 0; !st && i + keep < ids.count; i++)
        st = outbox_erase(o, ids.list[i], why);
    free(ids.list);
    return st;
}
