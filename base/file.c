/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in and out. Declared in base/bytes.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

enum status file_read(struct buffer *out, const char *path, size_t limit, struct why *why)
{
    enum status st = ST_OK;
    struct stat info;
    uint8_t chunk[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        st = fail(why, errno == ENOENT ? ST_NOT_FOUND : ST_IO, "%s: %s", path, strerror(errno));
        goto out;
    }
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
        st = fail(why, ST_IO, "%s: is a folder", path);
        goto out;
    }
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            st = fail(why, ST_IO, "%s: %s", path, strerror(errno));
            goto out;
        }
        if (n == 0)
            break;
        if ((size_t)n > limit - out->size || out->size > limit) {
            st = fail(why, ST_INPUT, "%s: larger than %zu bytes", path, limit);
            goto out;
        }
        buffer_put(out, chunk, (size_t)n);
        if (!buffer_ok(out)) {
            st = fail(why, ST_NO_MEMORY, "%s: out of memory", path);
            goto out;
        }
    }
out:
    if (fd >= 0)
        close(fd);
    return st;
}

static enum status write_all(int fd, struct bytes content)
{
    while (content.size > 0) {
        ssize_t n = write(fd, content.data, content.size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ST_IO;
        content = bytes_of(content.data + n, content.size - (size_t)n);
    }
    return ST_OK;
}

/* After a rename the new name is durable only when its folder is on disk too. */
enum status file_sync_folder(const char *path, struct why *why)
{
    const char *slash = strrchr(path, '/');
    char *folder = !slash         ? strdup(".")
                   : slash == path ? strdup("/")
                                   : strndup(path, (size_t)(slash - path));
    enum status st = ST_OK;
    int fd;

    if (!folder)
        return fail(why, ST_NO_MEMORY, "%s: out of memory", path);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        st = fail(why, ST_IO, "%s: the folder could not be synced: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(folder);
    return st;
}

enum status file_write(const char *path, struct bytes content, unsigned mode, struct why *why)
{
    enum status st = ST_OK;
    struct stat info;
    char *temporary = NULL;
    int fd = -1;

    /* A pipe or device (-o /dev/stdout) has no name to replace. */
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write_all(fd, content))
            st = fail(why, ST_IO, "%s: %s", path, strerror(errno));
        goto out;
    }
    if (asprintf(&temporary, "%s.%ld.tmp", path, (long)getpid()) < 0) {
        temporary = NULL;
        st = fail(why, ST_NO_MEMORY, "%s: out of memory", path);
        goto out;
    }
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
    if (fd < 0 || write_all(fd, content) || fchmod(fd, (mode_t)mode) < 0 || fsync(fd) < 0 ||
        rename(temporary, path) < 0) {
        st = fail(why, ST_IO, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            unlink(temporary);
        goto out;
    }
    st = file_sync_folder(path, why);
out:
    if (fd >= 0)
        close(fd);
    free(temporary);
    return st;
}
