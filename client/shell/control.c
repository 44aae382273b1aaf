/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
    int fd;          /* -1: a free place */
    uint64_t number; /* the oldest has the lowest */
    char question[CONTROL_MAX_QUESTION];
    size_t asked; /* bytes of it */
    struct buffer answer;
    size_t sent; /* bytes of it */
};

struct control {
    char *path;
    int listen_fd, epoll_fd;
    control_answer *answer;
    void *context;
    uint64_t clients_seen;
    struct client clients[CONTROL_MAX_CLIENTS];
};

static enum status address_of(struct sockaddr_un *out, const char *path, struct why *why)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof out->sun_path)
        return fail(why, ST_INPUT, "%s: longer than a socket's path may be (%zu bytes)", path,
                    sizeof out->sun_path - 1);
    strcpy(out->sun_path, path);
    return ST_OK;
}

/* ---- opening ---- */

static enum status remove_stale(const char *path, struct why *why)
{
    struct stat there;

    if (lstat(path, &there) < 0)
        return errno == ENOENT ? ST_OK : fail(why, ST_IO, "%s: %s", path, strerror(errno));
    if (!S_ISSOCK(there.st_mode))
        return fail(why, ST_EXISTS, "%s: is in the way, and no socket", path);
    return unlink(path) < 0 ? fail(why, ST_IO, "%s: %s", path, strerror(errno)) : ST_OK;
}

static enum status watch(const struct control *c, int fd, uint32_t events, struct client *client,
                         struct why *why)
{
    struct epoll_event e = {.events = events, .data.ptr = client};

    if (epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0)
        return fail(why, ST_IO, "%s: %s", c->path, strerror(errno));
    return ST_OK;
}

static enum status open_socket(struct control *c, struct why *why)
{
    struct sockaddr_un address;
    enum status st = address_of(&address, c->path, why);

    if (!st)
        st = remove_stale(c->path, why);
    if (st)
        return st;
    c->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (c->listen_fd < 0 || c->epoll_fd < 0 ||
        fchmod(c->listen_fd, 0600) < 0 || /* before bind: it is never open to others */
        bind(c->listen_fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        listen(c->listen_fd, CONTROL_MAX_CLIENTS) < 0)
        return fail(why, ST_IO, "%s: %s", c->path, strerror(errno));
    return watch(c, c->listen_fd, EPOLLIN, NULL, why);
}

enum status control_new(struct control **out, const char *path, control_answer *answer,
                        void *context, struct why *why)
{
    struct control *c = calloc(1, sizeof *c);
    enum status st = ST_OK;

    if (!c)
        return fail(why, ST_NO_MEMORY, "control: out of memory");
    *c = (struct control){.path = strdup(path),
                          .listen_fd = -1,
                          .epoll_fd = -1,
                          .answer = answer,
                          .context = context};
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        c->clients[i].fd = -1;
        buffer_init(&c->clients[i].answer, CONTROL_MAX_ANSWER);
    }
    st = c->path ? open_socket(c, why) : fail(why, ST_NO_MEMORY, "control: out of memory");
    if (st) {
        control_free(c);
        return st;
    }
    *out = c;
    return ST_OK;
}

static void drop(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd); /* epoll forgets it by itself */
    client->fd = -1;
    buffer_fini(&client->answer);
    buffer_init(&client->answer, CONTROL_MAX_ANSWER);
}

void control_free(struct control *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++)
        drop(&c->clients[i]);
    if (c->listen_fd >= 0) {
        close(c->listen_fd);
        if (c->path)
            unlink(c->path);
    }
    if (c->epoll_fd >= 0)
        close(c->epoll_fd);
    free(c->path);
    free(c);
}

int control_fd(const struct control *c)
{
    return c->epoll_fd;
}

/* ---- serving ---- */

static bool ours(int fd)
{
    struct ucred who;
    socklen_t size = sizeof who;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 &&
           (who.uid == geteuid() || who.uid == 0);
}

/* A free place, or that of the oldest. */
static struct client *place(struct control *c)
{
    struct client *best = &c->clients[0];

    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        if (c->clients[i].fd < 0)
            return &c->clients[i];
        if (c->clients[i].number < best->number)
            best = &c->clients[i];
    }
    drop(best);
    return best;
}

static void greet(struct control *c)
{
    int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct client *client;

    if (fd < 0) {
        /* No descriptor left: it would stay readable and we would turn in circles. Proving goes
         * on; questions are over. */
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            epoll_ctl(c->epoll_fd, EPOLL_CTL_DEL, c->listen_fd, NULL);
        return;
    }
    client = place(c);
    client->fd = fd;
    client->number = c->clients_seen++;
    client->asked = client->sent = 0;
    if (!ours(fd) || watch(c, fd, EPOLLIN, client, NULL))
        drop(client);
}

static void send_answer(struct control *c, struct client *client)
{
    const struct buffer *a = &client->answer;
    struct epoll_event e = {.events = EPOLLOUT, .data.ptr = client};

    while (client->sent < a->size) {
        ssize_t n = send(client->fd, a->data + client->sent, a->size - client->sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EAGAIN && epoll_ctl(c->epoll_fd, EPOLL_CTL_MOD, client->fd, &e) == 0)
            return; /* when there is room */
        if (n < 0)
            break;
        client->sent += (size_t)n;
    }
    drop(client);
}

static void hear(struct control *c, struct client *client)
{
    size_t room = sizeof client->question - client->asked;
    ssize_t n = recv(client->fd, client->question + client->asked, room, 0);
    char *end;

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        drop(client);
        return;
    }
    client->asked += (size_t)n;
    end = memchr(client->question, '\n', client->asked);
    if (!end) {
        if (client->asked == sizeof client->question)
            drop(client);
        return;
    }
    *end = '\0';
    c->answer(c->context, &client->answer, client->question);
    if (buffer_ok(&client->answer))
        send_answer(c, client);
    else
        drop(client);
}

void control_serve(struct control *c)
{
    struct epoll_event events[CONTROL_MAX_CLIENTS + 1];
    int count = epoll_wait(c->epoll_fd, events, CONTROL_MAX_CLIENTS + 1, 0);
    bool knock = false;

    for (int i = 0; i < count; i++) {
        struct client *client = events[i].data.ptr;

        if (!client)
            knock = true;
        else if (events[i].events & EPOLLOUT)
            send_answer(c, client);
        else
            hear(c, client);
    }
    if (knock) /* last, so that no event above is for a place that has changed hands */
        greet(c);
}

/* ---- asking ---- */

static enum status converse(struct buffer *out, int fd, const char *path, const char *question,
                            struct why *why)
{
    char line[CONTROL_MAX_QUESTION + 1];
    int size = snprintf(line, sizeof line, "%s\n", question);
    char part[4096];
    ssize_t n;

    if (send(fd, line, (size_t)size, MSG_NOSIGNAL) != size)
        return fail(why, ST_IO, "%s: %s", path, strerror(errno));
    while ((n = recv(fd, part, sizeof part, 0)) > 0)
        buffer_put(out, part, (size_t)n);
    if (n < 0)
        return fail(why, ST_IO, "%s: %s", path,
                    errno == EAGAIN ? "no answer in time" : strerror(errno));
    if (!buffer_ok(out) || out->size == 0)
        return fail(why, ST_IO, "%s: no answer", path);
    return ST_OK;
}

enum status control_ask(struct buffer *out, const char *path, const char *question, struct why *why)
{
    const struct timeval patience = {.tv_sec = CONTROL_PATIENCE_S};
    struct sockaddr_un address;
    enum status st = address_of(&address, path, why);
    int fd;

    if (st)
        return st;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(why, ST_IO, "%s: %s", path, strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        st = fail(why, errno == ENOENT || errno == ECONNREFUSED ? ST_NOT_FOUND : ST_IO, "%s: %s",
                  path, strerror(errno));
    if (!st)
        st = converse(out, fd, path, question, why);
    close(fd);
    return st;
}
