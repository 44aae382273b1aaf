/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct log_file {
    char *path;
    char *older[2]; /* room for "PATH.N" */
    uint64_t rotate_bytes;
    unsigned keep;

    int fd;
    bool regular;
    bool torn;    /* the last line lacks its end */
    bool failing; /* and that has been said */
    uint64_t size;
    uint64_t rotate_at; /* bytes; 0: never */
};

#define SUFFIX_SIZE 12 /* ".4294967295" and an end */

static enum status failed(const struct log_file *l, struct why *why)
{
    return fail(why, ST_IO, "%s: %s", l->path, strerror(errno));
}

/* The file of that name, in the place of the one that is open. */
static enum status open_file(struct log_file *l, struct why *why)
{
    int fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    struct stat info;

    if (fd < 0)
        return failed(l, why);
    if (fstat(fd, &info) < 0)
        info = (struct stat){0};
    if (l->fd >= 0)
        close(l->fd);
    l->fd = fd;
    l->regular = S_ISREG(info.st_mode);
    l->torn = false;
    l->size = l->regular ? (uint64_t)info.st_size : 0;
    l->rotate_at = l->regular ? l->rotate_bytes : 0;
    return ST_OK;
}

enum status log_file_open(struct log_file **out, const char *path, uint64_t rotate_bytes,
                          unsigned keep, struct why *why)
{
    struct log_file *l = calloc(1, sizeof *l);
    enum status st;

    if (!l)
        return fail(why, ST_NO_MEMORY, "%s: out of memory", path);
    *l = (struct log_file){
        .path = strdup(path), .rotate_bytes = rotate_bytes, .keep = keep, .fd = -1};
    l->older[0] = malloc(strlen(path) + SUFFIX_SIZE);
    l->older[1] = malloc(strlen(path) + SUFFIX_SIZE);
    if (l->path && l->older[0] && l->older[1])
        st = open_file(l, why);
    else
        st = fail(why, ST_NO_MEMORY, "%s: out of memory", path);
    if (st)
        log_file_free(l);
    else
        *out = l;
    return st;
}

void log_file_free(struct log_file *l)
{
    if (!l)
        return;
    if (l->fd >= 0)
        close(l->fd);
    free(l->path);
    free(l->older[0]);
    free(l->older[1]);
    free(l);
}

enum status log_file_reopen(struct log_file *l, struct why *why)
{
    return open_file(l, why);
}

/* ---- rotating ---- */

/* "PATH.N"; PATH itself for 0. place: which of the two texts it is. */
static const char *older(struct log_file *l, int place, unsigned n)
{
    if (n == 0)
        return l->path;
    sprintf(l->older[place], "%s.%u", l->path, n);
    return l->older[place];
}

static bool move_all(struct log_file *l)
{
    for (unsigned n = l->keep; n > 0; n--)
        if (rename(older(l, 0, n - 1), older(l, 1, n)) < 0 && errno != ENOENT)
            return false;
    return true;
}

static enum status rotate(struct log_file *l, struct why *why)
{
    enum status st;

    if (l->keep == 0 && ftruncate(l->fd, 0) == 0) {
        l->size = 0;
        return ST_OK;
    }
    st = l->keep > 0 && move_all(l) ? open_file(l, why) : failed(l, why);
    if (st) /* go on with this one, and try again when it has grown by as much */
        l->rotate_at = l->size + l->rotate_bytes;
    return st;
}

/* ---- writing ---- */

static enum status put(struct log_file *l, struct bytes text, struct why *why)
{
    ssize_t n;

    do {
        n = write(l->fd, text.data, text.size);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        l->size += (uint64_t)n;
        l->torn = text.data[n - 1] != '\n';
    }
    if (n < 0)
        return failed(l, why);
    return (size_t)n == text.size ? ST_OK : fail(why, ST_IO, "%s: the disk is full", l->path);
}

enum status log_file_write(struct log_file *l, struct bytes line, struct why *why)
{
    enum status turned = ST_OK, st = ST_OK;
    bool was_failing = l->failing;

    if (l->rotate_at && l->size > 0 && l->size + line.size > l->rotate_at)
        turned = rotate(l, why);
    if (l->torn)
        st = put(l, bytes_of("\n", 1), turned ? NULL : why);
    if (!st)
        st = put(l, line, turned ? NULL : why);
    l->failing = st != ST_OK;
    if (turned)
        return turned;
    return was_failing ? ST_OK : st;
}
