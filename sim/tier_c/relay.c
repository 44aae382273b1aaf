/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_c/relay_inside.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CONNECTIONS 256
#define HELD_BYTES       ((size_t)262144)
#define INPUT_BYTES      ((size_t)65536)

/* ---- time ---- */

int64_t relay_now_ns(const struct relay *r)
{
    return clock_now_ns(r->options.clock);
}

/* spans stay below 2^53 ns, a hundred days */
int64_t relay_clock_ns(const struct relay *r, int64_t scenario_ns)
{
    return (int64_t)((double)scenario_ns / r->options.speed);
}

static int64_t heal_clock_ns(const struct relay *r)
{
    return r->options.heal_ns ? r->options.zero_ns + relay_clock_ns(r, r->options.heal_ns)
                              : INT64_MAX;
}

bool relay_healed(const struct relay *r)
{
    return relay_now_ns(r) >= heal_clock_ns(r);
}

void relay_wait(struct event *timer, int64_t ns)
{
    int64_t us = ns / 1000 + 1; /* not a moment too early: timers have microseconds */
    struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};

    event_add(timer, &tv);
}

/* ---- ends ---- */

static void listen_again(struct relay *r)
{
    if (!r->closed && r->open < r->options.max_connections)
        evconnlistener_enable(r->listener);
}

static void connection_free(struct relay_connection *c)
{
    struct relay *r = c->relay;

    relay_lane_fini(&c->up);
    relay_lane_fini(&c->down);
    if (c->reset)
        event_free(c->reset);
    if (c->client)
        bufferevent_free(c->client);
    if (c->upstream)
        bufferevent_free(c->upstream);
    TAILQ_REMOVE(&r->connections, c, next);
    r->open--;
    free(c);
}

/* A close that sends an RST instead of a FIN. */
static void will_reset(struct bufferevent *stream)
{
    const struct linger now = {.l_onoff = 1};

    if (stream && bufferevent_getfd(stream) >= 0)
        setsockopt(bufferevent_getfd(stream), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void relay_end_both(struct relay_connection *c, bool reset)
{
    struct relay *r = c->relay;

    if (reset) {
        will_reset(c->client);
        will_reset(c->upstream);
    }
    connection_free(c);
    listen_again(r);
}

static void reset_client(evutil_socket_t fd, short what, void *context)
{
    struct relay_connection *c = context;
    struct relay *r = c->relay;

    (void)fd;
    (void)what;
    will_reset(c->client);
    connection_free(c);
    listen_again(r);
}

void relay_plan_reset(struct relay_connection *c, int64_t in_ns)
{
    if (c->reset)
        return;
    c->reset = evtimer_new(c->relay->options.loop, reset_client, c);
    if (c->reset) /* otherwise it hangs, which is no better */
        relay_wait(c->reset, in_ns);
}

void relay_tell(struct relay_connection *c, enum relay_cause cause)
{
    struct relay *r = c->relay;

    if (c->down.told)
        return;
    c->down.told = true;
    r->counts.answers_lost++;
    if (r->loss_count == r->loss_capacity) {
        size_t more = r->loss_capacity ? 2 * r->loss_capacity : 64;
        struct relay_loss *losses =
            more <= RELAY_LOSSES ? realloc(r->losses, more * sizeof *losses) : NULL;

        if (!losses)
            return;
        r->losses = losses;
        r->loss_capacity = more;
    }
    r->losses[r->loss_count++] =
        (struct relay_loss){.port = c->port, .cause = cause, .at_ns = relay_now_ns(r)};
}

/* ---- two sockets ---- */

static void client_reads(struct bufferevent *stream, void *context)
{
    struct relay_connection *c = context;

    (void)stream;
    relay_lane_read(&c->up);
}

static void client_drained(struct bufferevent *stream, void *context)
{
    struct relay_connection *c = context;

    (void)stream;
    relay_lane_flow(&c->down);
}

static void upstream_reads(struct bufferevent *stream, void *context)
{
    struct relay_connection *c = context;

    (void)stream;
    relay_lane_read(&c->down);
}

static void upstream_drained(struct bufferevent *stream, void *context)
{
    struct relay_connection *c = context;

    (void)stream;
    relay_lane_flow(&c->up);
}

/* l: what this side says. */
static void side_ended(struct relay_lane *l, short what)
{
    if (what & BEV_EVENT_ERROR && l->end != RELAY_GOES_ON)
        relay_end_both(l->connection, true); /* it had ended, and does not listen either */
    else
        relay_lane_ended(l, what & BEV_EVENT_ERROR ? RELAY_RST : RELAY_FIN);
}

static void client_event(struct bufferevent *stream, short what, void *context)
{
    struct relay_connection *c = context;

    (void)stream;
    side_ended(&c->up, what);
}

static void upstream_event(struct bufferevent *stream, short what, void *context)
{
    struct relay_connection *c = context;
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    const int one = 1;

    if (!(what & BEV_EVENT_CONNECTED)) {
        if (!c->port) {
            c->relay->counts.refused++;
            relay_end_both(c, true);
        } else {
            side_ended(&c->down, what);
        }
        return;
    }
    setsockopt(bufferevent_getfd(stream), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (getsockname(bufferevent_getfd(stream), (struct sockaddr *)&own, &size) == 0)
        c->port = ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port
                                                  : ((struct sockaddr_in *)&own)->sin_port);
}

static void set_up(struct bufferevent *stream, bufferevent_data_cb reads,
                   bufferevent_data_cb drained, bufferevent_event_cb event,
                   struct relay_connection *c)
{
    bufferevent_setcb(stream, reads, drained, event, c);
    bufferevent_setwatermark(stream, EV_READ, 0, INPUT_BYTES);
    bufferevent_enable(stream, EV_READ | EV_WRITE);
}

bool relay_connect(struct relay_connection *c)
{
    struct relay *r = c->relay;

    c->upstream = bufferevent_socket_new(r->options.loop, -1,
                                         BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (!c->upstream) {
        relay_end_both(c, true);
        return false;
    }
    c->down.from = c->upstream;
    set_up(c->upstream, upstream_reads, upstream_drained, upstream_event, c);
    if (bufferevent_socket_connect(c->upstream, (struct sockaddr *)&r->upstream,
                                   r->upstream_size)) {
        r->counts.refused++;
        relay_end_both(c, true);
        return false;
    }
    return true;
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
                     int size, void *context)
{
    struct relay *r = context;
    struct relay_connection *c = calloc(1, sizeof *c);
    struct prng prng = prng_fork(&r->prng, ++r->accepted);
    const int one = 1;

    (void)peer;
    (void)size;
    if (!c) {
        evutil_closesocket(fd);
        return;
    }
    c->relay = r;
    TAILQ_INSERT_TAIL(&r->connections, c, next);
    r->open++;
    r->counts.connections++;
    if (r->open > r->counts.most_at_once)
        r->counts.most_at_once = r->open;
    if (r->open >= r->options.max_connections)
        evconnlistener_disable(listener);
    c->client = bufferevent_socket_new(r->options.loop, fd,
                                       BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (!c->client)
        evutil_closesocket(fd);
    if (!relay_lane_init(&c->up, c, RELAY_UP) || !relay_lane_init(&c->down, c, RELAY_DOWN) ||
        !c->client) {
        relay_end_both(c, true);
        return;
    }
    c->up.prng = prng_fork(&prng, RELAY_UP);
    c->down.prng = prng_fork(&prng, RELAY_DOWN);
    c->up.from = c->client;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    set_up(c->client, client_reads, client_drained, client_event, c);
}

/* ---- life ---- */

static enum status check(const struct relay_options *o, struct relay *r, struct why *why)
{
    r->upstream_size = sizeof r->upstream;
    if (evutil_parse_sockaddr_port(o->upstream, (struct sockaddr *)&r->upstream, &r->upstream_size))
        return fail(why, ST_INPUT, "relay: '%s' is no address with a port", o->upstream);
    if (o->plan.duplicate > 0)
        return fail(why, ST_INPUT, "network: duplicate: no real connection delivers a byte twice");
    if (o->speed < 0)
        return fail(why, ST_INPUT, "relay: time cannot go backwards");
    return ST_OK;
}

enum status relay_new(struct relay **out, const struct relay_options *options, struct why *why)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)options->port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    struct relay *r = calloc(1, sizeof *r);
    enum status st;

    if (!r)
        return fail(why, ST_NO_MEMORY, "relay: out of memory");
    TAILQ_INIT(&r->connections);
    st = check(options, r, why);
    if (st)
        goto out;
    r->options = *options;
    if (!r->options.clock)
        r->options.clock = clock_system();
    if (r->options.speed == 0)
        r->options.speed = 1;
    if (!r->options.zero_ns)
        r->options.zero_ns = relay_now_ns(r);
    if (!r->options.max_connections)
        r->options.max_connections = MOST_CONNECTIONS;
    if (!r->options.held_bytes)
        r->options.held_bytes = HELD_BYTES;
    r->prng = prng_of(options->seed);
    r->prng.listener = choice_listen(&r->ear, options->tape, "network");
    r->listener = evconnlistener_new_bind(options->loop, accepted, r,
                                          LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, -1,
                                          (struct sockaddr *)&here, sizeof here);
    if (!r->listener ||
        getsockname(evconnlistener_get_fd(r->listener), (struct sockaddr *)&here, &size)) {
        st = fail(why, errno == EADDRINUSE ? ST_EXISTS : ST_IO, "relay: port %u: %s", options->port,
                  strerror(errno));
        goto out;
    }
    r->port = ntohs(here.sin_port);

    *out = r;
    r = NULL;
out:
    relay_free(r);
    return st;
}

void relay_free(struct relay *r)
{
    if (!r)
        return;
    while (!TAILQ_EMPTY(&r->connections))
        connection_free(TAILQ_FIRST(&r->connections));
    if (r->listener)
        evconnlistener_free(r->listener);
    free(r->losses);
    free(r);
}

unsigned relay_port(const struct relay *r)
{
    return r->port;
}

void relay_close(struct relay *r)
{
    r->closed = true;
    evconnlistener_free(r->listener); /* so that whoever comes now is refused */
    r->listener = NULL;
}

unsigned relay_connections(const struct relay *r)
{
    return r->open;
}

/* ---- partitions and clogs ---- */

static void extend(const struct relay *r, int64_t *until_ns, int64_t for_ns)
{
    int64_t heal_ns = heal_clock_ns(r);
    int64_t end_ns = for_ns ? relay_now_ns(r) + relay_clock_ns(r, for_ns) : heal_ns;

    if (end_ns > heal_ns)
        end_ns = heal_ns;
    if (end_ns > *until_ns)
        *until_ns = end_ns;
}

void relay_cut(struct relay *r, bool up, bool down, int64_t for_ns)
{
    if (up)
        extend(r, &r->cut_until_ns[RELAY_UP], for_ns);
    if (down)
        extend(r, &r->cut_until_ns[RELAY_DOWN], for_ns);
}

void relay_clog(struct relay *r, int64_t for_ns)
{
    extend(r, &r->clogged_until_ns, for_ns);
}

bool relay_strike(struct relay *r, const struct scenario_event *e)
{
    bool both = strcmp(e->event, "partition") == 0;
    bool up = both || strcmp(e->event, "partition_up") == 0;
    bool down = both || strcmp(e->event, "partition_down") == 0;

    if (strcmp(e->event, "clog") == 0)
        relay_clog(r, e->for_ns);
    else if (up || down)
        relay_cut(r, up, down, e->for_ns);
    else
        return false;
    return true;
}

/* ---- what it did ---- */

const struct relay_counts *relay_counts(const struct relay *r)
{
    return &r->counts;
}

const struct relay_loss *relay_losses(const struct relay *r, size_t *count)
{
    *count = r->loss_count;
    return r->losses;
}
