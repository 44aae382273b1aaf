/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/server.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "mockorch/server/address.h"
#include "mockorch/server/bailiff.h"
#include "mockorch/server/delivery.h"
#include "mockorch/server/doorkeeper.h"
#include "mockorch/server/pages.h"

#define HEAD_LIMIT 16384
/* As Google's load balancers: who is it that hangs up on a client between two tasks? Not known of
 * the published service; clients drop what they do not use for 90 s to 600 s. */
#define IDLE_S     610

#define MOST_CONNECTIONS 16384
#define MOST_EXCHANGES   8192 /* some 10 KiB each */
#define ARRIVAL_NS       (60 * NS_PER_S)

struct exchange { /* a request that has no full answer yet */
    TAILQ_ENTRY(exchange) next;
    TAILQ_ENTRY(exchange) in_line; /* while it has a job or is unsaved */
    struct server *server;
    struct doorkeeper_ticket ticket;
    struct delivery *delivery;
    int64_t began_ns;
    uint64_t job; /* at the judge; 0: not there */
    struct event *sitting; /* a judge on the loop: when; NULL: none */
    bool unsaved; /* its answer waits for the commit at the end of this turn of the loop */
    struct verdict verdict;     /* meanwhile */
    uint64_t number;            /* in the orchestrator's journal */
    struct recorder_note *note; /* NULL: nothing is recorded */
};

TAILQ_HEAD(exchanges, exchange);

struct door { /* a listener and those who came through it */
    struct server *server;
    struct evhttp *http;
    struct evhttp_bound_socket *listener; /* NULL: not listening (any more) */
    struct address_bound bound;
    bool protocol, pages; /* what is served here */
    struct tls *tls;      /* NULL: plain */
    char url[160];
};

struct server {
    struct server_options options;
    const struct clock *clock;
    struct event_base *loop;
    struct door front, side; /* side: of the pages, when they have their own */
    struct metrics_times times;
    struct bailiff *bailiff;
    struct event *judged, *stopped, *grace, *tick, *commit;
    int stop_fd;
    bool stopping;
    struct doorkeeper *doorkeeper;
    struct exchanges exchanges, at_judge, unsaved; /* the last two are in line */
    unsigned exchange_count;
};

static int64_t now_of(const struct server *s)
{
    return clock_now_ns(s->clock);
}

/* ---- one exchange ---- */

static void exchange_free(struct exchange *x)
{
    recorder_drop(x->note);
    if (x->sitting)
        event_free(x->sitting);
    free(x);
}

static void forget(struct exchange *x)
{
    struct server *s = x->server;

    TAILQ_REMOVE(&s->exchanges, x, next);
    s->exchange_count--;
    doorkeeper_answered(s->doorkeeper, x->ticket);
    exchange_free(x);
}

static void delivered(void *context, struct delivery *d)
{
    struct exchange *x = context;
    struct server *s = x->server;

    orchestrator_delivered(s->options.orchestrator, x->number, delivery_is_whole(d), now_of(s));
    forget(x);
    if (s->stopping && TAILQ_EMPTY(&s->exchanges))
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

/* To the log, the metrics and the tape: once it is sure that this is what the client gets. */
static void tell(struct exchange *x, const struct http_response *response,
                 const struct verdict *verdict)
{
    static const struct http_response none;
    struct server *s = x->server;
    struct server_record record = {.now_ns = now_of(s), .verdict = verdict};

    record.took_ns = record.now_ns - x->began_ns;
    metrics_took(&s->times, record.took_ns);
    if (s->options.log)
        s->options.log(s->options.log_context, &record);
    recorder_end(s->options.recorder, x->note, verdict->status ? response : &none, verdict->faults,
                 record.now_ns);
    x->note = NULL;
}

static void answer(struct exchange *x, const struct http_response *response,
                   const struct verdict *verdict)
{
    struct server *s = x->server;
    struct carriage carriage = verdict->carriage;

    x->number = verdict->number;
    set_tick(s);
    if (s->exchange_count > s->options.max_exchanges / 2)
        carriage.delay_ns -= verdict->held_ns; /* held answers take nobody's place */
    delivery_load(x->delivery, response, &carriage);
    x->unsaved = verdict->unsaved;
    if (!x->unsaved) {
        tell(x, response, verdict);
        delivery_start(x->delivery, s->stopping); /* x may be gone */
        return;
    }
    x->verdict = *verdict;
    TAILQ_INSERT_TAIL(&s->unsaved, x, in_line);
    event_active(s->commit, EV_TIMEOUT, 0); /* behind the requests that are ready now */
}

/* One write to the disk for all answers of this turn. */
static void commit(evutil_socket_t fd, short what, void *context)
{
    struct server *s = context;
    struct why why;
    enum status st = orchestrator_commit(s->options.orchestrator, &why);
    struct http_response response;
    struct exchange *x;

    (void)fd;
    (void)what;
    while ((x = TAILQ_FIRST(&s->unsaved))) {
        TAILQ_REMOVE(&s->unsaved, x, in_line);
        x->unsaved = false;
        if (st) {
            delivery_give_up(x->delivery);
            x->verdict.status = 500;
            x->verdict.why = why;
        }
        delivery_response(x->delivery, &response);
        tell(x, &response, &x->verdict);
        delivery_start(x->delivery, s->stopping);
    }
}

static void conclude(struct exchange *x, enum status st, const struct why *why)
{
    struct http_response response;
    struct verdict verdict;
    uint64_t job = x->job;

    x->job = 0;
    TAILQ_REMOVE(&x->server->at_judge, x, in_line);
    orchestrator_judged(x->server->options.orchestrator, &response, &verdict, job, st, why,
                        now_of(x->server));
    answer(x, &response, &verdict);
}

/* ---- a judge on the loop ---- */

static void sit(evutil_socket_t fd, short what, void *context)
{
    struct exchange *x = context;
    struct server *s = x->server;
    struct why why = {""};

    (void)fd;
    (void)what;
    conclude(x, judge_verify(s->options.judge, orchestrator_case(s->options.orchestrator, x->job), &why),
             &why);
}

static void call_judge(struct exchange *x)
{
    struct server *s = x->server;
    int64_t takes_ns = s->options.judge_takes_ns(s->options.judge_context);
    struct timeval tv = {.tv_sec = takes_ns / NS_PER_S, .tv_usec = takes_ns % NS_PER_S / 1000};
    struct why why;

    x->sitting = evtimer_new(s->loop, sit, x);
    if (!x->sitting || event_add(x->sitting, &tv))
        conclude(x, fail(&why, ST_NO_MEMORY, "judge: out of memory"), &why);
}

static void process(struct exchange *x, const struct http_request *request)
{
    struct server *s = x->server;
    struct http_response response;
    struct verdict verdict;
    struct why why;

    if (x->note && recorder_replays(s->options.recorder)) {
        recorder_answer(s->options.recorder, x->note, &response);
        verdict = (struct verdict){.call = CALL_UNKNOWN, .status = response.status};
        fail(&verdict.why, ST_OK, "from the recording");
        answer(x, &response, &verdict);
        return;
    }
    orchestrator_answer(s->options.orchestrator, &response, &verdict, request, x->began_ns);
    if (!verdict.pending) {
        answer(x, &response, &verdict);
        return;
    }
    x->job = verdict.job;
    TAILQ_INSERT_TAIL(&s->at_judge, x, in_line);
    if (!s->bailiff)
        call_judge(x);
    else if (!bailiff_bring(s->bailiff, x->job, orchestrator_case(s->options.orchestrator, x->job)))
        conclude(x, fail(&why, ST_LIMIT, "the judge has too many cases"), &why);
}

static void judged(evutil_socket_t fd, short what, void *context)
{
    struct server *s = context;
    struct bailiff_verdict v;

    (void)fd;
    (void)what;
    while (bailiff_take(s->bailiff, &v)) {
        struct exchange *x = TAILQ_FIRST(&s->at_judge);

        while (x->job != v.job) /* an exchange waits for its judge even without a client */
            x = TAILQ_NEXT(x, in_line);
        conclude(x, v.st, &v.why);
    }
}

/* ---- requests ---- */

static const char *input_header(struct evhttp_request *r, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(r), name);
}

/* With all its headers, which the orchestrator does not look at. */
static struct recorder_note *note_request(struct server *s, const struct http_request *request,
                                          struct evhttp_request *r, int64_t now_ns)
{
    struct http_request whole = *request;
    const struct evkeyval *h;

    if (!s->options.recorder)
        return NULL;
    whole.header_count = 0;
    TAILQ_FOREACH (h, evhttp_request_get_input_headers(r), next)
        if (whole.header_count < HTTP_MAX_HEADERS)
            whole.headers[whole.header_count++] = (struct http_header){h->key, h->value};
    return recorder_begin(s->options.recorder, &whole, now_ns);
}

static void open_exchange(struct server *s, struct evhttp_request *r,
                          struct doorkeeper_ticket ticket)
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
    ev_uint16_t port = 0;
    char *host = NULL;

    evhttp_connection_get_peer(evhttp_request_get_connection(r), &host, &port);
    request.peer = host;
    request.peer_port = port;
    if (fault)
        request.headers[request.header_count++] = (struct http_header){"x-mock-fault", fault};
    if (!x || (size && !request.body.data)) {
        free(x);
        evhttp_send_error(r, 500, NULL);
        doorkeeper_answered(s->doorkeeper, ticket);
        return;
    }
    *x = (struct exchange){.server = s, .ticket = ticket, .began_ns = now_of(s)};
    x->delivery = delivery_new(s->loop, r, (struct delivery_end){.done = delivered, .context = x});
    if (!x->delivery) {
        free(x);
        doorkeeper_answered(s->doorkeeper, ticket);
        return;
    }
    TAILQ_INSERT_TAIL(&s->exchanges, x, next);
    s->exchange_count++;
    x->note = note_request(s, &request, r, x->began_ns);
    process(x, &request);
}

/* Nothing is looked at: that is what would cost time. */
static void refuse_for_now(struct evhttp_request *r)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(r);

    evhttp_add_header(headers, "retry-after", "1");
    evhttp_add_header(headers, "connection", "close");
    evhttp_send_reply(r, HTTP_SERVUNAVAIL, NULL, NULL);
}

static void requested(struct evhttp_request *r, void *context)
{
    struct door *d = context;
    struct server *s = d->server;
    const struct pages pages = {.orchestrator = s->options.orchestrator,
                                .times = &s->times,
                                .token = s->options.admin_token,
                                .tape = s->options.tape,
                                .url = s->front.url,
                                .wall_at_zero_ns = clock_wall_ns(s->clock) - now_of(s)};
    struct evhttp_connection *connection = evhttp_request_get_connection(r);
    struct doorkeeper_ticket ticket;

    if (!doorkeeper_whole(s->doorkeeper, &ticket, evhttp_connection_get_bufferevent(connection))) {
        evhttp_connection_free(connection);
        return;
    }
    if (d->pages && (!d->protocol || pages_own(evhttp_request_get_uri(r)))) {
        pages_answer(&pages, r, d->bound.local, now_of(s));
        set_tick(s); /* a clock may have been moved, a task's life ended */
    } else if (evhttp_request_get_command(r) == EVHTTP_REQ_DELETE) {
        evhttp_send_error(r, HTTP_NOTIMPLEMENTED, NULL); /* not of the protocol */
    } else if (s->exchange_count >= s->options.max_exchanges) {
        refuse_for_now(r);
    } else {
        open_exchange(s, r, ticket);
        return;
    }
    doorkeeper_answered(s->doorkeeper, ticket);
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

    for (struct exchange *x = TAILQ_FIRST(&s->exchanges); x; x = next) {
        next = TAILQ_NEXT(x, next);
        if (delivery_is_silent(x->delivery)) {
            delivery_drop(x->delivery);
            forget(x);
        }
    }
}

static void door_close(struct door *d)
{
    if (!d->listener)
        return;
    evhttp_del_accept_socket(d->http, d->listener);
    address_forget(&d->bound);
    d->listener = NULL;
}

static void stop_asked(evutil_socket_t fd, short what, void *context)
{
    struct server *s = context;
    int64_t grace_ns = s->options.grace_ns;
    struct timeval tv = {.tv_sec = grace_ns / NS_PER_S, .tv_usec = grace_ns % NS_PER_S / 1000};

    (void)fd;
    (void)what;
    s->stopping = true;
    door_close(&s->front);
    door_close(&s->side);
    drop_silent(s);
    if (!TAILQ_EMPTY(&s->exchanges))
        event_add(s->grace, &tv);
    else
        event_base_loopexit(s->loop, NULL);
}

static struct bufferevent *accept_stream(struct event_base *loop, void *context)
{
    struct door *d = context;
    struct bufferevent *stream =
        d->tls ? tls_accept(loop, d->tls) : bufferevent_socket_new(loop, -1, 0);

    if (stream)
        doorkeeper_admit(d->server->doorkeeper, stream);
    return stream; /* NULL, without memory: evhttp tries once more */
}

static enum status door_open(struct door *d, struct server *s, const char *listen, struct tls *tls,
                             struct why *why)
{
    const char *scheme = tls ? "https" : "http";
    enum status st;

    d->server = s;
    d->tls = tls;
    d->http = evhttp_new(s->loop);
    if (!d->http)
        return fail(why, ST_NO_MEMORY, "server: out of memory");
    evhttp_set_allowed_methods(d->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_DELETE);
    evhttp_set_max_headers_size(d->http, HEAD_LIMIT);
    evhttp_set_max_body_size(d->http, (ev_ssize_t)s->options.max_body_bytes);
    evhttp_set_timeout(d->http, IDLE_S);
    evhttp_set_gencb(d->http, requested, d);
    evhttp_set_bevcb(d->http, accept_stream, d);
    st = address_listen(&d->bound, listen, why);
    if (st)
        return st;
    d->listener = evhttp_accept_socket_with_handle(d->http, d->bound.fd);
    if (!d->listener) {
        close(d->bound.fd);
        address_forget(&d->bound);
        return fail(why, ST_NO_MEMORY, "server: out of memory");
    }
    if (d->bound.port)
        snprintf(d->url, sizeof d->url, "%s://%s", scheme, d->bound.place);
    else
        snprintf(d->url, sizeof d->url, "%s", d->bound.place);
    return ST_OK;
}

static enum status open_doors(struct server *s, struct why *why)
{
    const char *admin = s->options.admin_listen;
    enum status st;

    s->front.protocol = true;
    s->front.pages = !admin;
    s->side.pages = true;
    st = door_open(&s->front, s, s->options.listen, s->options.tls, why);
    if (st || !admin)
        return st;
    st = door_open(&s->side, s, admin, NULL, why);
    if (!st && !s->side.bound.local && !s->options.admin_token)
        st = fail(why, ST_INPUT, "%s is not a loopback address: the pages there need a token",
                  admin);
    return st;
}

static enum status start_events(struct server *s, struct why *why)
{
    s->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->stop_fd < 0)
        return fail(why, ST_IO, "server: %s", strerror(errno));
    if (s->bailiff) {
        s->judged = event_new(s->loop, bailiff_fd(s->bailiff), EV_READ | EV_PERSIST, judged, s);
        if (!s->judged || event_add(s->judged, NULL))
            return fail(why, ST_NO_MEMORY, "server: out of memory");
    }
    s->stopped = event_new(s->loop, s->stop_fd, EV_READ, stop_asked, s);
    s->grace = evtimer_new(s->loop, grace_over, s);
    s->tick = evtimer_new(s->loop, tick, s);
    s->commit = evtimer_new(s->loop, commit, s);
    if (!s->stopped || !s->grace || !s->tick || !s->commit || event_add(s->stopped, NULL))
        return fail(why, ST_NO_MEMORY, "server: out of memory");
    return ST_OK;
}

/* evhttp turns each connection's reading and writing off and on for every request: the system hears
 * of what is left of that once a turn. */
static struct event_base *new_loop(void)
{
    struct event_config *c = event_config_new();
    struct event_base *loop = NULL;

    if (c && event_config_set_flag(c, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
        loop = event_base_new_with_config(c);
    if (c)
        event_config_free(c);
    return loop;
}

enum status server_new(struct server **out, const struct server_options *options, struct why *why)
{
    struct server *s = calloc(1, sizeof *s);
    enum status st;

    if (!s)
        return fail(why, ST_NO_MEMORY, "server: out of memory");
    s->options = *options;
    s->stop_fd = -1;
    orchestrator_group_commits(options->orchestrator);
    s->clock = options->clock ? options->clock : clock_system();
    if (!s->options.max_body_bytes)
        s->options.max_body_bytes = WIRE_MAX_SUBMISSION;
    if (!s->options.grace_ns)
        s->options.grace_ns = 5 * NS_PER_S;
    if (!s->options.max_connections)
        s->options.max_connections = MOST_CONNECTIONS;
    if (!s->options.max_exchanges)
        s->options.max_exchanges = MOST_EXCHANGES;
    if (!s->options.arrival_ns)
        s->options.arrival_ns = ARRIVAL_NS;
    TAILQ_INIT(&s->exchanges);
    TAILQ_INIT(&s->at_judge);
    TAILQ_INIT(&s->unsaved);
    s->loop = new_loop();
    if (!s->loop) {
        st = fail(why, ST_NO_MEMORY, "server: out of memory");
        goto out;
    }
    if (!options->judge_takes_ns) {
        st = bailiff_new(&s->bailiff, options->judge,
                         options->judge_threads ? options->judge_threads : 1,
                         options->judge_queue ? options->judge_queue : 64, why);
        if (st)
            goto out;
    }
    st = start_events(s, why);
    if (st)
        goto out;
    st = open_doors(s, why);
    if (!st)
        st = doorkeeper_new(&s->doorkeeper,
                            &(struct doorkeeper_options){
                                .loop = s->loop,
                                .clock = s->clock,
                                .connections = s->options.max_connections,
                                .arrival_ns = s->options.arrival_ns,
                                .bytes = 4 * s->options.max_body_bytes + HEAD_LIMIT,
                            },
                            why);
    if (st)
        goto out;

    *out = s;
    s = NULL;
out:
    server_free(s);
    return st;
}

static void door_free(struct door *d)
{
    door_close(d);
    if (d->http)
        evhttp_free(d->http); /* and the connections */
}

static void event_free_if(struct event *e)
{
    if (e)
        event_free(e);
}

void server_free(struct server *s)
{
    struct exchange *x;

    if (!s)
        return;
    bailiff_free(s->bailiff); /* first: its cases belong to the orchestrator's jobs */
    while ((x = TAILQ_FIRST(&s->exchanges))) {
        TAILQ_REMOVE(&s->exchanges, x, next);
        delivery_drop(x->delivery);
        exchange_free(x);
    }
    event_free_if(s->judged);
    event_free_if(s->stopped);
    event_free_if(s->grace);
    event_free_if(s->tick);
    event_free_if(s->commit);
    door_free(&s->front);
    door_free(&s->side);
    doorkeeper_free(s->doorkeeper);
    if (s->loop)
        event_base_free(s->loop);
    if (s->stop_fd >= 0)
        close(s->stop_fd);
    free(s);
}

const char *server_url(const struct server *s)
{
    return s->front.url;
}

const char *server_admin_url(const struct server *s)
{
    return s->options.admin_listen ? s->side.url : NULL;
}

unsigned server_port(const struct server *s)
{
    return s->front.bound.port;
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

/* ---- one turn at a time ---- */

struct turn {
    struct timeval now;
    int64_t wait_ns;
};

static int look_at(const struct event_base *loop, const struct event *e, void *context)
{
    struct turn *t = context;
    struct timeval due, left;
    int64_t wait_ns;

    (void)loop;
    if (!event_pending(e, EV_TIMEOUT, &due))
        return 0;
    evutil_timersub(&due, &t->now, &left);
    wait_ns = (int64_t)left.tv_sec * NS_PER_S + (int64_t)left.tv_usec * 1000;
    wait_ns = wait_ns < 0 ? 0 : wait_ns;
    t->wait_ns = wait_ns < t->wait_ns ? wait_ns : t->wait_ns;
    return 0;
}

int64_t server_turn(struct server *s)
{
    struct turn t = {.wait_ns = INT64_MAX};

    event_base_loop(s->loop, EVLOOP_NONBLOCK);
    evutil_gettimeofday(&t.now, NULL);
    event_base_foreach_event(s->loop, look_at, &t);
    return t.wait_ns;
}
