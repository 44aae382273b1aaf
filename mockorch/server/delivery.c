/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/delivery.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "mockorch/server/head.h"

struct delivery {
    struct evhttp_request *request; /* NULL: the connection is gone */
    struct evhttp_connection *connection;
    struct delivery_end end;
    struct event *timer; /* the delay, or the gap between two drops */
    struct evbuffer *body;
    unsigned status;
    struct buffer headers; /* name and value in turn, each with its NUL */
    struct carriage carriage;
    uint64_t to_send; /* bytes of the body that go out before the cut */
    bool last;
    bool sent;      /* evhttp has the whole answer */
    bool took_over; /* the connection is ours and no longer evhttp's */
    bool silent;
    bool whole; /* all that should go out has gone to the system */
};

static void timer_fired(evutil_socket_t fd, short what, void *context);
static void connection_closed(struct evhttp_connection *connection, void *context);

struct delivery *delivery_new(struct event_base *loop, struct evhttp_request *request,
                              struct delivery_end end)
{
    struct delivery *d = calloc(1, sizeof *d);

    if (d) {
        d->timer = evtimer_new(loop, timer_fired, d);
        d->body = evbuffer_new();
    }
    if (!d || !d->timer || !d->body) {
        if (d)
            delivery_drop(d);
        evhttp_send_error(request, 500, NULL);
        return NULL;
    }
    buffer_init(&d->headers, 0);
    d->request = request;
    d->end = end;
    d->connection = evhttp_request_get_connection(request);
    evhttp_connection_set_closecb(d->connection, connection_closed, d);
    return d;
}

/* The connection, and with it the request, goes; nobody is told. */
static void hang_up(struct delivery *d)
{
    if (!d->request)
        return;
    evhttp_connection_set_closecb(d->connection, NULL, NULL);
    evhttp_connection_free(d->connection);
    d->request = NULL;
}

void delivery_drop(struct delivery *d)
{
    hang_up(d);
    if (d->timer)
        event_free(d->timer);
    if (d->body)
        evbuffer_free(d->body);
    buffer_fini(&d->headers);
    free(d);
}

bool delivery_is_whole(const struct delivery *d)
{
    return d->whole;
}

bool delivery_is_silent(const struct delivery *d)
{
    return d->silent;
}

static void finish(struct delivery *d)
{
    d->end.done(d->end.context, d);
    delivery_drop(d);
}

/* evhttp tells that the client has gone; it frees connection and request itself. */
static void connection_closed(struct evhttp_connection *connection, void *context)
{
    struct delivery *d = context;

    (void)connection;
    d->request = NULL;
    if (d->took_over || d->sent || event_pending(d->timer, EV_TIMEOUT, NULL))
        finish(d); /* otherwise the answer is still being made: delivery_start will notice */
}

/* The one after name (NULL: the first); false: that was the last. */
static bool next_header(const struct delivery *d, const char **name, const char **value)
{
    const char *end = (const char *)d->headers.data + d->headers.size;

    *name = *name ? *value + strlen(*value) + 1 : (const char *)d->headers.data;
    if (*name == end)
        return false;
    *value = *name + strlen(*name) + 1;
    return true;
}

/* Whether the client has not ended its side. evhttp does not look while an answer is being made. */
static bool still_there(const struct delivery *d)
{
    struct bufferevent *stream = evhttp_connection_get_bufferevent(d->connection);
    struct pollfd p = {.fd = bufferevent_getfd(stream), .events = POLLRDHUP};

    return poll(&p, 1, 0) == 0;
}

/* ---- undisturbed ---- */

/* The last byte has gone to the system; the connection lives on. */
static void sent(struct evhttp_request *request, void *context)
{
    struct delivery *d = context;

    (void)request;
    d->whole = still_there(d);
    evhttp_connection_set_closecb(d->connection, NULL, NULL);
    d->request = NULL;
    finish(d);
}

static void send_plain(struct delivery *d)
{
    struct evhttp_request *request = d->request;
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

    for (const char *name = NULL, *value; next_header(d, &name, &value);)
        evhttp_add_header(headers, name, value);
    if (d->last)
        evhttp_add_header(headers, "connection", "close");
    /* evhttp would invent a content type */
    if (evbuffer_get_length(d->body) && !evhttp_find_header(headers, "content-type"))
        evhttp_add_header(headers, "content-type", "application/octet-stream");
    d->sent = true;
    evhttp_request_set_on_complete_cb(request, sent, d);
    evhttp_send_reply(request, (int)d->status, NULL, d->body);
}

/* ---- disturbed ---- */

static void cut(struct delivery *d)
{
    struct bufferevent *stream = evhttp_connection_get_bufferevent(d->connection);
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

    if (d->carriage.cut == FAULT_CUT_SILENCE) {
        d->silent = true; /* the connection stays until the client, or the server, ends it */
        return;
    }
    d->whole = still_there(d);
    /* evhttp shuts down before it closes, which would send a FIN first: SO_LINGER alone comes too
     * late. Connecting to nowhere makes the system send the RST now. */
    bufferevent_disable(stream, EV_READ | EV_WRITE);
    if (d->carriage.cut == FAULT_CUT_RESET)
        connect(bufferevent_getfd(stream), &nowhere, sizeof nowhere);
    hang_up(d);
    finish(d);
}

static void put_head(struct delivery *d, struct evbuffer *out)
{
    struct http_header headers[HTTP_MAX_HEADERS];
    size_t count = 0;

    for (const char *name = NULL, *value; next_header(d, &name, &value);)
        headers[count++] = (struct http_header){name, value};
    head_put(out, &(struct head){.status = d->status,
                                 .headers = headers,
                                 .header_count = count,
                                 .body_size = evbuffer_get_length(d->body),
                                 .wrong = d->carriage.head});
    head_wrap(d->body, d->carriage.head);
}

static void wait_ns(struct delivery *d, int64_t ns)
{
    struct timeval tv = {.tv_sec = ns / NS_PER_S, .tv_usec = ns % NS_PER_S / 1000};

    evtimer_add(d->timer, &tv);
}

/* Everything written so far has left: the next drop, or the end. */
static void drained(struct bufferevent *stream, void *context)
{
    struct delivery *d = context;

    (void)stream;
    if (event_pending(d->timer, EV_TIMEOUT, NULL))
        return;
    if (d->to_send)
        wait_ns(d, d->carriage.dribble_gap_ns);
    else
        cut(d);
}

static void broke(struct bufferevent *stream, short what, void *context)
{
    struct delivery *d = context;

    (void)stream;
    (void)what;
    hang_up(d);
    finish(d);
}

static void send_piece(struct delivery *d)
{
    struct bufferevent *stream = evhttp_connection_get_bufferevent(d->connection);
    uint64_t piece = d->to_send;

    if (d->carriage.dribble_bytes && piece > d->carriage.dribble_bytes)
        piece = d->carriage.dribble_bytes;
    d->to_send -= piece;
    evbuffer_remove_buffer(d->body, bufferevent_get_output(stream), piece);
}

static void take_over(struct delivery *d)
{
    struct bufferevent *stream = evhttp_connection_get_bufferevent(d->connection);
    size_t size;

    d->took_over = true;
    bufferevent_setcb(stream, NULL, drained, broke, d);
    bufferevent_enable(stream, EV_READ | EV_WRITE); /* reading notices that the client leaves */
    if (d->carriage.cut_head) {
        cut(d);
        return;
    }
    put_head(d, bufferevent_get_output(stream));
    size = evbuffer_get_length(d->body);
    d->to_send = size;
    if (d->carriage.cut != FAULT_CUT_NONE && d->carriage.cut_at < size)
        d->to_send = d->carriage.cut_at;
    send_piece(d);
}

static void timer_fired(evutil_socket_t fd, short what, void *context)
{
    struct delivery *d = context;

    (void)fd;
    (void)what;
    if (d->took_over)
        send_piece(d);
    else if (d->carriage.cut != FAULT_CUT_NONE || d->carriage.dribble_bytes || d->carriage.head)
        take_over(d);
    else
        send_plain(d);
}

void delivery_load(struct delivery *d, const struct http_response *response,
                   const struct carriage *carriage)
{
    d->status = response->status;
    d->carriage = *carriage;
    for (size_t i = 0; i < response->header_count; i++) {
        const struct http_header *h = &response->headers[i];

        buffer_put(&d->headers, h->name, strlen(h->name) + 1);
        buffer_put(&d->headers, h->value, strlen(h->value) + 1);
    }
    if (!buffer_ok(&d->headers) ||
        evbuffer_add(d->body, response->body.data, response->body.size))
        delivery_give_up(d);
}

void delivery_response(struct delivery *d, struct http_response *out)
{
    const uint8_t *body = evbuffer_pullup(d->body, -1);

    *out = (struct http_response){
        .status = d->status, .body = bytes_of(body, body ? evbuffer_get_length(d->body) : 0)};
    for (const char *name = NULL, *value; next_header(d, &name, &value);)
        out->headers[out->header_count++] = (struct http_header){name, value};
}

void delivery_give_up(struct delivery *d)
{
    evbuffer_drain(d->body, evbuffer_get_length(d->body));
    d->carriage = (struct carriage){0};
    buffer_reset(&d->headers);
    d->status = 500;
}

void delivery_start(struct delivery *d, bool last)
{
    if (!d->request) { /* the client has gone meanwhile */
        finish(d);
        return;
    }
    d->last = last;
    if (d->carriage.delay_ns)
        wait_ns(d, d->carriage.delay_ns);
    else
        timer_fired(-1, 0, d);
}
