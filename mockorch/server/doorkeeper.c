/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/doorkeeper.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SPARE 256 /* descriptors beside the connections, the system's queue of new ones included */

struct visitor { /* the connection that has, or last had, this descriptor */
    struct doorkeeper *keeper;
    TAILQ_ENTRY(visitor) next; /* while arriving */
    uint64_t cookie;           /* the system's own name of the socket, never used twice */
    int64_t until_ns;
    size_t bytes; /* of the request, so far */
    bool plain, arriving, answering, sent_away;
};

struct doorkeeper {
    struct doorkeeper_options options;
    struct visitor *visitors; /* by descriptor */
    int first, end;           /* descriptors of connections */
    TAILQ_HEAD(, visitor) arriving; /* the one that came first first */
    size_t bytes;                   /* of them all */
    struct bufferevent *newcomer;   /* has no descriptor yet */
    struct event *came, *late;
};

/* ---- ends ---- */

static uint64_t cookie_of(int fd)
{
    uint64_t cookie = 0;
    socklen_t size = sizeof cookie;

    getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size); /* stays 0 when that is no socket */
    return cookie;
}

/* evhttp finds nothing more to read and frees the connection. Shut down first: nothing can arrive
 * behind what is thrown away. */
static void send_away(int fd, bool plain, const char *words)
{
    char rest[4096];

    if (plain)
        (void)!send(fd, words, strlen(words), MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(fd, SHUT_RDWR);
    while (recv(fd, rest, sizeof rest, MSG_DONTWAIT) > 0) {
    }
}

static const char too_many[] = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n"
                               "content-length: 0\r\nconnection: close\r\n\r\n";
static const char too_slow[] = "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n"
                               "connection: close\r\n\r\n";

/* ---- requests that arrive ---- */

static int descriptor_of(const struct visitor *v)
{
    return (int)(v - v->keeper->visitors);
}

static void set_alarm(struct doorkeeper *k)
{
    const struct visitor *first = TAILQ_FIRST(&k->arriving);
    struct timeval tv = {.tv_sec = 0};
    int64_t wait_ns;

    if (!first) {
        event_del(k->late);
        return;
    }
    if (event_pending(k->late, EV_TIMEOUT, NULL))
        return; /* for one that came before; it looks again then */
    wait_ns = first->until_ns - clock_now_ns(k->options.clock);
    if (wait_ns > 0)
        tv = (struct timeval){.tv_sec = wait_ns / NS_PER_S, .tv_usec = wait_ns % NS_PER_S / 1000 + 1};
    event_add(k->late, &tv);
}

static void begin(struct visitor *v)
{
    struct doorkeeper *k = v->keeper;

    v->arriving = true;
    v->until_ns = clock_now_ns(k->options.clock) + k->options.arrival_ns;
    TAILQ_INSERT_TAIL(&k->arriving, v, next);
    if (TAILQ_FIRST(&k->arriving) == v)
        set_alarm(k);
}

static void leave_queue(struct visitor *v)
{
    if (v->arriving)
        TAILQ_REMOVE(&v->keeper->arriving, v, next);
    v->arriving = false;
}

static void end(struct visitor *v)
{
    leave_queue(v);
    if (v->bytes)
        v->keeper->bytes -= v->bytes;
    v->bytes = 0;
}

static bool is_gone(const struct visitor *v)
{
    return cookie_of(descriptor_of(v)) != v->cookie;
}

static void late(evutil_socket_t fd, short what, void *context)
{
    struct doorkeeper *k = context;
    int64_t now_ns = clock_now_ns(k->options.clock);
    struct visitor *v;

    (void)fd;
    (void)what;
    while ((v = TAILQ_FIRST(&k->arriving)) && v->until_ns <= now_ns) {
        end(v);
        if (!is_gone(v))
            send_away(descriptor_of(v), v->plain, too_slow);
    }
    set_alarm(k);
}

/* Some that count may have left in the middle. */
static void count_again(struct doorkeeper *k)
{
    struct visitor *v, *next;

    for (v = TAILQ_FIRST(&k->arriving); v; v = next) {
        next = TAILQ_NEXT(v, next);
        if (v->bytes && is_gone(v))
            end(v);
    }
}

/* Bytes came, or evhttp took some. */
static void changed(struct evbuffer *input, const struct evbuffer_cb_info *info, void *context)
{
    struct visitor *v = context;
    struct doorkeeper *k = v->keeper;

    (void)input;
    if (v->answering || v->sent_away)
        return; /* the next request, which nobody reads yet; the rest of it */
    if (!v->arriving)
        begin(v);
    v->bytes += info->n_added;
    k->bytes += info->n_added;
    if (k->bytes <= k->options.bytes || !info->n_added)
        return;
    count_again(k);
    if (k->bytes > k->options.bytes) {
        end(v);
        v->sent_away = true;
        send_away(descriptor_of(v), v->plain, too_many);
    }
}

/* ---- newcomers ---- */

static void greet(struct doorkeeper *k)
{
    struct bufferevent *stream = k->newcomer;
    int fd = stream ? bufferevent_getfd(stream) : -1;
    struct visitor *v;

    if (!stream)
        return;
    k->newcomer = NULL;
    if (fd >= k->end) {
        send_away(fd, !bufferevent_openssl_get_ssl(stream), too_many);
    } else if (fd >= 0) { /* evhttp has not given up on it */
        v = &k->visitors[fd];
        end(v); /* of the one before, who left in the middle */
        *v = (struct visitor){.keeper = k,
                              .cookie = cookie_of(fd),
                              .plain = !bufferevent_openssl_get_ssl(stream)};
        evbuffer_add_cb(bufferevent_get_input(stream), changed, v);
        begin(v);
    }
    bufferevent_decref(stream);
}

static void came(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    greet(context);
}

void doorkeeper_admit(struct doorkeeper *k, struct bufferevent *stream)
{
    greet(k); /* the one before has its descriptor now */
    bufferevent_incref(stream);
    k->newcomer = stream;
    event_active(k->came, EV_TIMEOUT, 0);
}

bool doorkeeper_whole(struct doorkeeper *k, struct doorkeeper_ticket *out,
                      struct bufferevent *stream)
{
    int fd = bufferevent_getfd(stream);
    struct visitor *v = &k->visitors[fd];

    assert(fd >= 0 && fd < k->end); /* those beyond have nothing that could be read */
    if (v->sent_away)
        return false;
    leave_queue(v);
    v->answering = true;
    *out = (struct doorkeeper_ticket){.place = fd, .cookie = v->cookie};
    return true;
}

void doorkeeper_answered(struct doorkeeper *k, struct doorkeeper_ticket ticket)
{
    struct visitor *v = &k->visitors[ticket.place];

    if (v->cookie != ticket.cookie)
        return; /* it left long ago, and another one has its place */
    end(v);
    v->answering = false;
}

/* ---- life ---- */

/* So that there is room for the connections; returns how many descriptors there may be. */
static rlim_t raise_limit(rlim_t wanted)
{
    struct rlimit files;

    getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < wanted) {
        files.rlim_cur = wanted < files.rlim_max ? wanted : files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
        getrlimit(RLIMIT_NOFILE, &files);
    }
    return files.rlim_cur;
}

enum status doorkeeper_new(struct doorkeeper **out, const struct doorkeeper_options *options,
                           struct why *why)
{
    struct doorkeeper *k = calloc(1, sizeof *k);
    rlim_t room;

    if (!k)
        return fail(why, ST_NO_MEMORY, "server: out of memory");
    k->options = *options;
    TAILQ_INIT(&k->arriving);
    k->first = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (k->first >= 0)
        close(k->first);
    else
        k->first = 0;
    room = raise_limit((rlim_t)k->first + options->connections + SPARE);
    k->end = k->first + (int)options->connections;
    if (room < (rlim_t)k->end + SPARE)
        k->end = room > (rlim_t)k->first + 2 * SPARE ? (int)room - SPARE : k->first + 1 + (int)room / 2;
    k->visitors = calloc((size_t)k->end, sizeof *k->visitors);
    k->came = event_new(options->loop, -1, 0, came, k);
    k->late = evtimer_new(options->loop, late, k);
    if (!k->visitors || !k->came || !k->late) {
        doorkeeper_free(k);
        return fail(why, ST_NO_MEMORY, "server: out of memory");
    }
    *out = k;
    return ST_OK;
}

void doorkeeper_free(struct doorkeeper *k)
{
    if (!k)
        return;
    if (k->newcomer)
        bufferevent_decref(k->newcomer);
    if (k->came)
        event_free(k->came);
    if (k->late)
        event_free(k->late);
    free(k->visitors);
    free(k);
}

unsigned doorkeeper_connections(const struct doorkeeper *k)
{
    return (unsigned)(k->end - k->first);
}
