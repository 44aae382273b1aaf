/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/outbox_legacy.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/core/outbox.h"

/* 16 lower-case digits and ".record"; everything else in the folder is not ours. */
static bool id_of_name(const char *name, uint64_t *id)
{
    char again[32];
    char *end;

    *id = strtoull(name, &end, 16);
    snprintf(again, sizeof again, "%016" PRIx64 ".record", *id);
    return strcmp(name, again) == 0;
}

static enum status read_one(const char *folder, const char *name, uint64_t id,
                            outbox_legacy_visit *visit, void *context, struct why *why)
{
    struct buffer content;
    enum status st;
    char *path;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return fail(why, ST_NO_MEMORY, "outbox '%s': out of memory", folder);
    buffer_init(&content, 0);
    st = file_read(&content, path, OUTBOX_MAX_RECORD, why);
    if (!st)
        st = visit(context, id, buffer_bytes(&content), why);
    buffer_fini(&content);
    free(path);
    return st;
}

enum status outbox_legacy_each(const char *folder, outbox_legacy_visit *visit, void *context,
                               struct why *why)
{
    DIR *entries = opendir(folder);
    enum status st = ST_OK;
    struct dirent *entry;
    uint64_t id;

    if (!entries && errno == ENOENT)
        return ST_OK;
    if (!entries)
        return fail(why, ST_IO, "outbox '%s': %s", folder, strerror(errno));
    while (!st && (entry = readdir(entries)) != NULL)
        if (id_of_name(entry->d_name, &id))
            st = read_one(folder, entry->d_name, id, visit, context, why);
    closedir(entries);
    return st;
}

void outbox_legacy_remove(const char *folder)
{
    DIR *entries = opendir(folder);
    struct dirent *entry;
    uint64_t id;

    if (!entries)
        return;
    while ((entry = readdir(entries)) != NULL)
        if (id_of_name(entry->d_name, &id))
            (void)unlinkat(dirfd(entries), entry->d_name, 0);
    closedir(entries);
    (void)rmdir(folder);
}
