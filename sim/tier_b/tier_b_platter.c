/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_b/tier_b_platter.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/memory.h"

#define LOG "-wal"

static char *beside(const char *path, const char *suffix)
{
    char *out = memory_new(strlen(path) + strlen(suffix) + 1);

    return strcat(strcpy(out, path), suffix);
}

/* One that is not there remains so: a log that has never been begun. */
static enum status copy_file(const char *from, const char *to, struct why *why)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum status st = ST_OK;
    struct stat info;

    if (in < 0 && errno == ENOENT)
        return ST_OK;
    if (in < 0 || out < 0 || fstat(in, &info))
        st = fail(why, ST_IO, "%s: %s", from, strerror(errno));
    for (off_t at = 0; !st && at < info.st_size;)
        if (sendfile(out, in, &at, (size_t)(info.st_size - at)) <= 0)
            st = fail(why, ST_IO, "%s: %s", to, strerror(errno));
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return st;
}

static enum status copy_with(const char *from, const char *to, const char *suffix, struct why *why)
{
    char *source = beside(from, suffix), *copy = beside(to, suffix);
    enum status st = copy_file(source, copy, why);

    free(source);
    free(copy);
    return st;
}

/* ---- half a write ---- */

static bool differs(struct bytes old, struct bytes new, size_t at)
{
    return at >= old.size || old.data[at] != new.data[at];
}

/* A log is written from its first changed byte to its last one, of which at least that is missing:
 * the rest is as it was, and a log that had grown ends there. (SQLite writes nothing where a record
 * becomes what it is.) */
static struct bytes torn(struct bytes old, struct bytes new, const struct tier_b_tear *tear,
                         uint8_t *out)
{
    size_t first = 0, last = new.size, cut;

    while (first < new.size && !differs(old, new, first))
        first++;
    while (last > first && !differs(old, new, last - 1))
        last--;
    cut = first + (size_t)((double)(last - first) * (double)tear->part / (double)tear->whole);
    if (cut)
        memcpy(out, new.data, cut);
    if (cut > old.size)
        return bytes_of(out, cut);
    if (cut < old.size)
        memcpy(out + cut, old.data + cut, old.size - cut);
    return bytes_of(out, old.size);
}

static enum status read_log(struct buffer *out, const char *path, struct why *why)
{
    char *log = beside(path, LOG);
    enum status st = ST_OK;

    buffer_init(out, 0);
    if (access(log, F_OK) == 0)
        st = file_read(out, log, SIZE_MAX, why);
    free(log);
    return st;
}

static enum status tear_log(const char *from, const char *to, const struct tier_b_tear *tear,
                            struct why *why)
{
    struct buffer old, new;
    enum status st = read_log(&old, tear->before, why);
    enum status also = read_log(&new, from, why);
    char *log = beside(to, LOG);

    assert(tear->part < tear->whole);
    st = st ? st : also;
    if (!st) {
        uint8_t *room = memory_new(old.size + new.size);

        st = file_write(log, torn(buffer_bytes(&old), buffer_bytes(&new), tear, room), 0600, why);
        free(room);
    }
    free(log);
    buffer_fini(&old);
    buffer_fini(&new);
    return st;
}

enum status tier_b_platter_copy(const char *from, const char *to, const struct tier_b_tear *tear,
                                struct why *why)
{
    /* The database itself is written only when the log is complete. */
    enum status st = copy_file(tear ? tear->before : from, to, why);

    if (st)
        return st;
    return tear ? tear_log(from, to, tear, why) : copy_with(from, to, LOG, why);
}

void tier_b_platter_remove(const char *path)
{
    static const char *const suffixes[] = {"", LOG, "-shm", "-lock"};

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char *file = beside(path, suffixes[i]);

        unlink(file);
        free(file);
    }
}
