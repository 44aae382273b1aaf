/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/client/shell/tiny_server.h"

#include "tests/support/test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 64

struct tiny_server {
    bool (*handle)(void *context, const struct tiny_request *r);
    void *context;
    int fd;
    char url[64];
    pthread_t thread;
    atomic_uint requests, connections;
    pthread_t served[MAX_CONNECTIONS];
    int served_fd[MAX_CONNECTIONS];
};

struct connection {
    struct tiny_server *server;
    int fd;
    unsigned number;
};

void tiny_send_bytes(int fd, const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t n = send(fd, at, size, MSG_NOSIGNAL);

        if (n <= 0)
            return; /* the client went away: its test decides what that means */
        at += n;
        size -= (size_t)n;
    }
}

void tiny_send(int fd, const char *text)
{
    tiny_send_bytes(fd, text, strlen(text));
}

void tiny_reply(int fd, unsigned status, const char *extra, const void *body, size_t size)
{
    char head[1024];

    snprintf(head, sizeof head, "HTTP/1.1 %u X\r\n%sContent-Length: %zu\r\n\r\n", status, extra,
             size);
    tiny_send(fd, head);
    tiny_send_bytes(fd, body, size);
}

void tiny_reset(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* Held by the handler that runs, of whichever server. */
static pthread_mutex_t handling = PTHREAD_MUTEX_INITIALIZER;

static size_t content_length(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");

    return at ? strtoul(at + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

/* Byte by byte up to the blank line, so that no byte of the body is taken along. */
static bool read_request(struct tiny_request *r)
{
    size_t size = 0;

    while (size < sizeof r->head - 1 && !(size >= 4 && !memcmp(r->head + size - 4, "\r\n\r\n", 4)))
        if (recv(r->fd, r->head + size++, 1, 0) != 1)
            return false;
    r->head[size] = '\0';
    sscanf(r->head, "%7s %159s", r->method, r->path);
    r->body_size = content_length(r->head);
    r->body = calloc(1, r->body_size + 1);
    return r->body_size == 0 ||
           recv(r->fd, r->body, r->body_size, MSG_WAITALL) == (ssize_t)r->body_size;
}

static void *serve(void *context)
{
    struct connection c = *(struct connection *)context;
    bool more = true;

    free(context);
    while (more) {
        struct tiny_request r = {.fd = c.fd, .connection = c.number};

        more = read_request(&r);
        if (more) {
            r.number = atomic_fetch_add(&c.server->requests, 1) + 1;
            pthread_mutex_lock(&handling);
            more = c.server->handle(c.server->context, &r);
            pthread_mutex_unlock(&handling);
        }
        free(r.body);
    }
    shutdown(c.fd, SHUT_WR); /* closed by the server's end, or by RST below */
    close(c.fd);
    return NULL;
}

static void *accept_all(void *context)
{
    struct tiny_server *s = context;
    int fd;

    while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
        struct connection *c = malloc(sizeof *c);
        unsigned number = atomic_load(&s->connections);

        if (!c || number >= MAX_CONNECTIONS)
            abort();
        *c = (struct connection){.server = s, .fd = fd, .number = number + 1};
        s->served_fd[number] = dup(fd);
        atomic_store(&s->connections, number + 1); /* before its first answer can be seen */
        if (pthread_create(&s->served[number], NULL, serve, c))
            abort();
    }
    return NULL;
}

/* Takes the socket, which is bound or not at all. */
static struct tiny_server *serve_on(int fd, bool (*handle)(void *, const struct tiny_request *),
                                    void *context)
{
    struct tiny_server *s = calloc(1, sizeof *s);

    assert_non_null(s);
    s->handle = handle;
    s->context = context;
    s->fd = fd;
    assert_int_equal(listen(s->fd, 16), 0);
    return s;
}

struct tiny_server *tiny_server_new(bool (*handle)(void *context, const struct tiny_request *r),
                                    void *context)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct tiny_server *s;

    assert_int_equal(bind(fd, (struct sockaddr *)&a, size), 0);
    s = serve_on(fd, handle, context);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u", ntohs(a.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, accept_all, s), 0);
    return s;
}

struct tiny_server *tiny_server_new_v6(bool (*handle)(void *context, const struct tiny_request *r),
                                       void *context)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct tiny_server *s;

    if (fd < 0 || bind(fd, (struct sockaddr *)&a, size)) {
        close(fd);
        return NULL;
    }
    s = serve_on(fd, handle, context);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
    snprintf(s->url, sizeof s->url, "http://[::1]:%u", ntohs(a.sin6_port));
    assert_int_equal(pthread_create(&s->thread, NULL, accept_all, s), 0);
    return s;
}

void tiny_server_free(struct tiny_server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    for (unsigned i = 0; i < atomic_load(&s->connections); i++) {
        shutdown(s->served_fd[i], SHUT_RDWR);
        pthread_join(s->served[i], NULL);
        close(s->served_fd[i]);
    }
    close(s->fd);
    free(s);
}

const char *tiny_server_url(const struct tiny_server *s)
{
    return s->url;
}

void tiny_server_sync(void)
{
    pthread_mutex_lock(&handling);
    pthread_mutex_unlock(&handling);
}

unsigned tiny_server_requests(const struct tiny_server *s)
{
    return atomic_load(&s->requests);
}

unsigned tiny_server_connections(const struct tiny_server *s)
{
    return atomic_load(&s->connections);
}
