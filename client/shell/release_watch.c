/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/release_watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/shell/page.h"

#define LIMIT_MS    10000
#define LIMIT_BYTES ((size_t)1 << 20) /* a release names all its files */

struct release_watch {
    struct page *page;
    char *version;
    int stop_fd, done_fd; /* 0: not open */
    pthread_t thread;
    bool running;
    /* The thread's until done_fd is readable. */
    bool newer;
    char tag[CONSTRAINT_TAG];
};

static void raise_flag(int fd)
{
    const uint64_t one = 1;

    (void)!write(fd, &one, sizeof one); /* a counter at 0 has room */
}

static void *ask(void *context)
{
    struct release_watch *w = context;
    struct bytes body;
    unsigned status;

    if (page_get(w->page, &status, &body, w->stop_fd, NULL) == ST_OK && status == 200)
        w->newer = constraint_update(w->tag, body, w->version);
    raise_flag(w->done_fd);
    return NULL;
}

enum status release_watch_begin(struct release_watch **out, const char *url, const char *user_agent,
                                const char *version, const char *ca_file, struct why *why)
{
    const struct page_options o = {.url = url,
                                   .user_agent = user_agent,
                                   .ca_file = ca_file,
                                   .limit_ms = LIMIT_MS,
                                   .limit_bytes = LIMIT_BYTES};
    struct release_watch *w = calloc(1, sizeof *w);
    enum status st;

    if (w)
        w->version = strdup(version);
    if (!w || !w->version) {
        st = fail(why, ST_NO_MEMORY, "release: out of memory");
        goto out;
    }
    st = page_new(&w->page, &o, why);
    if (st)
        goto out;
    w->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    w->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    w->running = w->stop_fd > 0 && w->done_fd > 0 && !pthread_create(&w->thread, NULL, ask, w);
    if (!w->running) {
        st = fail(why, ST_IO, "release: %s", strerror(errno));
        goto out;
    }
    *out = w;
    w = NULL;
out:
    release_watch_free(w);
    return st;
}

void release_watch_free(struct release_watch *w)
{
    if (!w)
        return;
    if (w->running) {
        raise_flag(w->stop_fd);
        pthread_join(w->thread, NULL);
    }
    if (w->stop_fd > 0)
        close(w->stop_fd);
    if (w->done_fd > 0)
        close(w->done_fd);
    page_free(w->page);
    free(w->version);
    free(w);
}

int release_watch_fd(const struct release_watch *w)
{
    return w->done_fd;
}

bool release_watch_newer(struct release_watch *w, char tag[static CONSTRAINT_TAG])
{
    uint64_t count;

    (void)!read(w->done_fd, &count, sizeof count);
    if (w->running) {
        pthread_join(w->thread, NULL);
        w->running = false;
    }
    if (w->newer)
        memcpy(tag, w->tag, sizeof w->tag);
    return w->newer;
}
