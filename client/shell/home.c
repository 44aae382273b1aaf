/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

__attribute__((format(printf, 1, 2))) static char *text_of(const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    return text;
}

enum status home_init(struct home *h, const char *nxp_home, const char *user_home, struct why *why)
{
    struct home made = {0};

    if (nxp_home && *nxp_home) {
        made.root = text_of("%s", nxp_home);
        made.config = text_of("%s/config.json", nxp_home);
    } else if (user_home && *user_home) {
        made.root = text_of("%s/.nexus/nxp", user_home);
        made.config = text_of("%s/.nexus/config.json", user_home);
    } else {
        return fail(why, ST_NOT_FOUND, "neither HOME nor NXP_HOME is set");
    }
    if (made.root) {
        made.outbox = text_of("%s/outbox.db", made.root);
        made.old_outbox = text_of("%s/outbox", made.root);
        made.keys = text_of("%s/keys", made.root);
        made.guests = text_of("%s/guests", made.root);
        made.lock = text_of("%s/lock", made.root);
        made.version = text_of("%s/version.json", made.root);
        made.control = text_of("%s/control.sock", made.root);
    }
    if (!made.root || !made.config || !made.outbox || !made.old_outbox || !made.keys ||
        !made.guests || !made.lock || !made.version || !made.control) {
        home_fini(&made);
        return fail(why, ST_NO_MEMORY, "home: out of memory");
    }
    *h = made;
    return ST_OK;
}

void home_fini(struct home *h)
{
    if (h->lock_fd > 0)
        close(h->lock_fd);
    free(h->root);
    free(h->config);
    free(h->outbox);
    free(h->old_outbox);
    free(h->keys);
    free(h->guests);
    free(h->lock);
    free(h->version);
    free(h->control);
    *h = (struct home){0};
}

/* A folder that a power cut could take away would take what is synced in it, too. */
static enum status make_folder(const char *path, struct why *why)
{
    if (mkdir(path, 0700) == 0)
        return file_sync_folder(path, why);
    return errno == EEXIST ? ST_OK : fail(why, ST_IO, "%s: %s", path, strerror(errno));
}

/* The folder and those above it. */
static enum status make_folders(const char *path, struct why *why)
{
    char *copy = strdup(path);
    enum status st = ST_OK;

    if (!copy)
        return fail(why, ST_NO_MEMORY, "home: out of memory");
    for (char *slash = strchr(copy + 1, '/'); slash && !st; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        st = make_folder(copy, why);
        *slash = '/';
    }
    if (!st)
        st = make_folder(copy, why);
    free(copy);
    return st;
}

enum status home_prepare(const struct home *h, struct why *why)
{
    const char *const inside[] = {h->root, h->keys, h->guests};
    enum status st = make_folders(h->root, why);

    for (size_t i = 0; i < sizeof inside / sizeof *inside && !st; i++) {
        st = make_folder(inside[i], why);
        if (!st && chmod(inside[i], 0700) < 0)
            st = fail(why, ST_IO, "%s: %s", inside[i], strerror(errno));
    }
    return st;
}

enum status home_lock(struct home *h, struct why *why)
{
    int fd = open(h->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail(why, ST_IO, "%s: %s", h->lock, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        enum status st = errno == EWOULDBLOCK
                             ? fail(why, ST_EXISTS,
                                    "another nxp is running on %s; stop it, or give this one its "
                                    "own folder with NXP_HOME",
                                    h->root)
                             : fail(why, ST_IO, "%s: %s", h->lock, strerror(errno));

        close(fd);
        return st;
    }
    h->lock_fd = fd;
    return ST_OK;
}
