/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/server.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mockorch/server/address.h"
#include "mockorch/server/bailiff.h"
#include "mockorch/server/delivery.h"

#define HEAD_LIMIT 16384
#define IDLE_S     300 /* a client polls every 120 s and keeps its connection */

struct exchange { /* a request that has no full answer yet */
    struct exchange *next;
    struct server *server;
    struct delivery *delivery;
    int64_t began_ns;
    uint64_t job; /* at the judge; 0: not there */
};

struct server {
    struct server_options options;
    const struct clock *clock;
    struct event_base *loop;
    struct evhttp *http;
    struct evhttp_bound_socket *listener;
    struct bailiff *bailiff;
    struct event *judged, *stopped, *grace, *tick;
    int stop_fd;
    bool stopping;
    unsigned port;
    char url[80];
    struct exchange *exchanges;
};

static int64_t now_of(const struct server *s)
{
    return clock_now_ns(s->clock);
}

/* ---- one exchange ---- */

static void forget(struct exchange *x)
{
    struct exchange **at = &x->server->exchanges;

    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    free(x);
}

static void delivered(void *context, struct delivery *d)
{
    struct exchange *x = context;
    struct server *s = x->server;

    (void)d;
    forget(x);
    if (s->stopping && !s->exchanges)
        event_base_loopexit(s->loop, NULL);
}

/* The core's next deadline moves with every answer. */
static void set_tick(struct server *s)
{
    int64_t due = orchestrator_deadline_ns(s->options.orchestrator), wait;
    struct timeval tv;

    if (due == INT64_MAX) {
        event_del(s->tick);
        return;
    }
    wait = due - now_of(s);
    wait = wait < 0 ? 0 : wait + NS_PER_MS; /* not a moment too early: timers have microseconds */
    tv = (struct timeval){.tv_sec = wait / NS_PER_S, .tv_usec = wait % NS_PER_S / 1000};
    event_add(s->tick, &tv);
}

static void answer(struct exchange *x, const struct http_response *response,
                   const struct verdict *verdict)
{
    struct server *s = x->server;
    struct server_record record = {.now_ns = now_of(s), .verdict = verdict};

    record.took_ns = record.now_ns - x->began_ns;
    if (s->options.log)
        s->options.log(s->options.log_context, &record);
    set_tick(s);
    delivery_start(x->delivery, response, &verdict->carriage, s->stopping); /* x may be gone */
}

static void conclude(struct exchange *x, enum status st, const struct why *why)
{
    struct http_response response;
    struct verdict verdict;
    uint64_t job = x->job;

    x->job = 0;
    orchestrator_judged(x->server->options.orchestrator, &response, &verdict, job, st, why,
                        now_of(x->server));
    answer(x, &response, &verdict);
}

static void process(struct exchange *x, const struct http_request *request)
{
    struct server *s = x->server;
    struct http_response response;
    struct verdict verdict;
    struct why why;

    orchestrator_answer(s->options.orchestrator, &response, &verdict, request, x->began_ns);
    if (!verdict.pending) {
        answer(x, &response, &verdict);
        return;
    }
    x->job = verdict.job;
    if (!bailiff_bring(s->bailiff, x->job, orchestrator_case(s->options.orchestrator, x->job)))
        conclude(x, fail(&why, ST_LIMIT, "the judge has too many cases"), &why);
}

static void judged(evutil_socket_t fd, short what, void *context)
{
    struct server *s = context;
    struct bailiff_verdict v;

    (void)fd;
    (void)what;
    while (bailiff_take(s->bailiff, &v)) {
        struct exchange *x = s->exchanges;

        while (x->job != v.job) /* an exchange waits for its judge even without a client */
            x = x->next;
        conclude(x, v.st, &v.why);
    }
}

/* ---- requests ---- */

static const char *input_header(struct evhttp_request *r, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(r), name);
}

static void open_exchange(struct server *s, struct evhttp_request *r)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(r);
    size_t size = evbuffer_get_length(body);
    const char *fault = input_header(r, "x-mock-fault");
    struct http_request request = {
        .method = evhttp_request_get_command(r) == EVHTTP_REQ_POST ? HTTP_POST : HTTP_GET,
        .path = evhttp_request_get_uri(r),
        .body = bytes_of(evbuffer_pullup(body, -1), size),
    };
    struct exchange *x = calloc(1, sizeof *x);

    if (fault)
        request.headers[request.header_count++] = (struct http_header){"x-mock-fault", fault};
    if (!x || (size && !request.body.data)) {
        free(x);
        evhttp_send_error(r, 500, NULL);
        return;
    }
    *x = (struct exchange){.next = s->exchanges, .server = s, .began_ns = now_of(s)};
    x->delivery = delivery_new(s->loop, r, (struct delivery_end){.done = delivered, .context = x});
    if (!x->delivery) {
        free(x);
        return;
    }
    s->exchanges = x;
    process(x, &request);
}

static void send_admin(struct evhttp_request *r, const char *type, struct bytes body)
{
    struct evbuffer *out = evbuffer_new();

    if (!out || evbuffer_add(out, body.data, body.size)) {
        evhttp_send_error(r, 500, NULL);
    } else {
        evhttp_add_header(evhttp_request_get_output_headers(r), "content-type", type);
        evhttp_send_reply(r, 200, NULL, out);
    }
    if (out)
        evbuffer_free(out);
}

/* true: it was a question to the server itself, not to the orchestrator. */
static bool admin(struct server *s, struct evhttp_request *r)
{
    const char *uri = evhttp_request_get_uri(r);

    if (evhttp_request_get_command(r) != EVHTTP_REQ_GET)
        return false;
    if (strcmp(uri, "/healthz") == 0) {
        send_admin(r, "text/plain", bytes_of_text("ok\n"));
        return true;
    }
    if (strcmp(uri, "/admin/state") == 0) {
        struct buffer text;

        buffer_init(&text, 0);
        orchestrator_tick(s->options.orchestrator, now_of(s));
        orchestrator_state(s->options.orchestrator, &text, now_of(s));
        if (buffer_ok(&text))
            send_admin(r, "application/json", buffer_bytes(&text));
        else
            evhttp_send_error(r, 500, NULL);
        buffer_fini(&text);
        return true;
    }
    return false;
}

static void requested(struct evhttp_request *r, void *context)
{
    struct server *s = context;

    if (!admin(s, r))
        open_exchange(s, r);
}

static void tick(evutil_socket_t fd, short what, void *context)
{
    struct server *s = context;

    (void)fd;
    (void)what;
    orchestrator_tick(s->options.orchestrator, now_of(s));
    set_tick(s);
}

/* ---- life ---- */

static void grace_over(evutil_socket_t fd, short what, void *context)
{
    struct server *s = context;

    (void)fd;
    (void)what;
    event_base_loopexit(s->loop, NULL);
}

/* Those who wait for an answer that will never come need not be waited for. */
static void drop_silent(struct server *s)
{
    struct exchange *next;

    for (struct exchange *x = s->exchanges; x; x = next) {
        next = x->next;
        if (delivery_is_silent(x->delivery)) {
            delivery_drop(x->delivery);
            forget(x);
        }
    }
}

static void stop_asked(evutil_socket_t fd, short what, void *context)
{
    struct server *s = context;
    int64_t grace_ns = s->options.grace_ns;
    struct timeval tv = {.tv_sec = grace_ns / NS_PER_S, .tv_usec = grace_ns % NS_PER_S / 1000};

    (void)fd;
    (void)what;
    s->stopping = true;
    evhttp_del_accept_socket(s->http, s->listener);
    s->listener = NULL;
    drop_silent(s);
    if (s->exchanges)
        event_add(s->grace, &tv);
    else
        event_base_loopexit(s->loop, NULL);
}

static enum status start_http(struct server *s, struct why *why)
{
    struct address_bound bound;
    enum status st = address_listen(&bound, s->options.listen, why);

    if (st)
        return st;
    evhttp_set_allowed_methods(s->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_max_headers_size(s->http, HEAD_LIMIT);
    evhttp_set_max_body_size(s->http, (ev_ssize_t)s->options.max_body_bytes);
    evhttp_set_timeout(s->http, IDLE_S);
    evhttp_set_gencb(s->http, requested, s);
    s->listener = evhttp_accept_socket_with_handle(s->http, bound.fd);
    if (!s->listener) {
        close(bound.fd);
        return fail(why, ST_NO_MEMORY, "server: out of memory");
    }
    s->port = bound.port;
    memcpy(s->url, bound.url, sizeof bound.url);
    return ST_OK;
}

static enum status start_events(struct server *s, struct why *why)
{
    s->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->stop_fd < 0)
        return fail(why, ST_IO, "server: %s", strerror(errno));
    s->judged = event_new(s->loop, bailiff_fd(s->bailiff), EV_READ | EV_PERSIST, judged, s);
    s->stopped = event_new(s->loop, s->stop_fd, EV_READ, stop_asked, s);
    s->grace = evtimer_new(s->loop, grace_over, s);
    s->tick = evtimer_new(s->loop, tick, s);
    if (!s->judged || !s->stopped || !s->grace || !s->tick || event_add(s->judged, NULL) ||
        event_add(s->stopped, NULL))
        return fail(why, ST_NO_MEMORY, "server: out of memory");
    return ST_OK;
}

enum status server_new(struct server **out, const struct server_options *options, struct why *why)
{
    struct server *s = calloc(1, sizeof *s);
    enum status st;

    if (!s)
        return fail(why, ST_NO_MEMORY, "server: out of memory");
    s->options = *options;
    s->stop_fd = -1;
    s->clock = options->clock ? options->clock : clock_system();
    if (!s->options.max_body_bytes)
        s->options.max_body_bytes = WIRE_MAX_SUBMISSION;
    if (!s->options.grace_ns)
        s->options.grace_ns = 5 * NS_PER_S;
    s->loop = event_base_new();
    s->http = s->loop ? evhttp_new(s->loop) : NULL;
    if (!s->http) {
        st = fail(why, ST_NO_MEMORY, "server: out of memory");
        goto out;
    }
    st = bailiff_new(&s->bailiff, options->judge,
                     options->judge_threads ? options->judge_threads : 1,
                     options->judge_queue ? options->judge_queue : 64, why);
    if (st)
        goto out;
    st = start_events(s, why);
    if (st)
        goto out;
    st = start_http(s, why);
    if (st)
        goto out;

    *out = s;
    s = NULL;
out:
    server_free(s);
    return st;
}

static void event_free_if(struct event *e)
{
    if (e)
        event_free(e);
}

void server_free(struct server *s)
{
    if (!s)
        return;
    bailiff_free(s->bailiff); /* first: its cases belong to the orchestrator's jobs */
    while (s->exchanges) {
        struct exchange *next = s->exchanges->next;

        delivery_drop(s->exchanges->delivery);
        free(s->exchanges);
        s->exchanges = next;
    }
    event_free_if(s->judged);
    event_free_if(s->stopped);
    event_free_if(s->grace);
    event_free_if(s->tick);
    if (s->http)
        evhttp_free(s->http); /* closes the listener */
    if (s->loop)
        event_base_free(s->loop);
    if (s->stop_fd >= 0)
        close(s->stop_fd);
    free(s);
}

const char *server_url(const struct server *s)
{
    return s->url;
}

unsigned server_port(const struct server *s)
{
    return s->port;
}

void server_run(struct server *s)
{
    event_base_dispatch(s->loop);
}

void server_stop(struct server *s)
{
    static const uint64_t one = 1;
    ssize_t n = write(s->stop_fd, &one, sizeof one);

    (void)n; /* a second stop finds the first one waiting */
}
