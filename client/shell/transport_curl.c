/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/transport_curl.h"

#include <assert.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/shell/redirect.h"

#define NAME_MAX_SIZE  64
#define VALUE_MAX_SIZE 512
#define KEEP_ALIVE_S   60L
#define HEAD_MAX_BYTES ((size_t)64 << 10) /* all heads of one answer */

/* One request and what has come of it. */
struct exchange {
    struct exchange *next;
    uint64_t id;
    enum http_method method;
    unsigned redirects; /* followed so far */
    CURL *easy;
    struct curl_slist *headers;
    char *url;
    uint8_t *body; /* of the request */
    size_t body_size;
    size_t body_given; /* to libcurl, when it may have it but once */
    bool ended;        /* it wanted to begin again, and had some of it */
    struct buffer received;
    bool too_large;
    size_t head_size;
    bool head_complete; /* libcurl is content with half a head when the connection ends there */
    char error[CURL_ERROR_SIZE];
    unsigned header_count;
    struct {
        char name[NAME_MAX_SIZE], value[VALUE_MAX_SIZE];
    } header[HTTP_MAX_HEADERS];
};

struct transport_curl {
    CURLM *multi;
    CURLSH *sessions; /* of TLS: a new connection goes on with that of an older one */
    char *base_url;
    char *ca_file;
    char *unix_path;
    const char *proxy; /* of the environment; NULL: libcurl finds it */
    struct transport_options o;
    struct exchange *exchanges;
    int under_way; /* of them */
    struct exchange *taken; /* behind the reply handed out last */
};

static void exchange_free(struct exchange *x)
{
    if (!x)
        return;
    curl_easy_cleanup(x->easy);
    curl_slist_free_all(x->headers);
    buffer_fini(&x->received);
    free(x->url);
    free(x->body);
    free(x);
}

/* ---- new, free ---- */

static bool url_valid(const char *url)
{
    return (strncasecmp(url, "http://", 7) == 0 && url[7] && url[7] != '/') ||
           (strncasecmp(url, "https://", 8) == 0 && url[8] && url[8] != '/');
}

/* libcurl reads http_proxy in small letters only, because a CGI program gets a header as HTTP_PROXY;
 * the reference reads both, and so does whoever sets it. */
static const char *proxy_of_environment(const char *url)
{
    const char *proxy = getenv("HTTP_PROXY");

    return strncasecmp(url, "http://", 7) == 0 && proxy && *proxy && !getenv("http_proxy") &&
                   !getenv("REQUEST_METHOD")
               ? proxy
               : NULL;
}

static CURLSH *sessions_new(void)
{
    CURLSH *sessions = curl_share_init();

    if (sessions)
        curl_share_setopt(sessions, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    return sessions;
}

enum status transport_curl_new(struct transport_curl **out, const struct transport_options *o,
                               struct why *why)
{
    struct transport_curl *t;
    size_t length = strlen(o->base_url);

    if (!url_valid(o->base_url))
        return fail(why, ST_INPUT, "'%s' is no address of the form http://… or https://…",
                    o->base_url);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return fail(why, ST_NO_MEMORY, "libcurl does not start");
    t = calloc(1, sizeof *t);
    if (t) {
        t->o = *o;
        t->multi = curl_multi_init();
        t->sessions = sessions_new();
        t->base_url = strdup(o->base_url);
        t->ca_file = o->ca_file ? strdup(o->ca_file) : NULL;
        t->unix_path = o->unix_path ? strdup(o->unix_path) : NULL;
        t->proxy = proxy_of_environment(o->base_url);
    }
    if (!t || !t->multi || !t->sessions || !t->base_url || (o->ca_file && !t->ca_file) ||
        (o->unix_path && !t->unix_path)) {
        transport_curl_free(t);
        return fail(why, ST_NO_MEMORY, "transport: out of memory");
    }
    while (length > 0 && t->base_url[length - 1] == '/')
        t->base_url[--length] = '\0';
    t->o.connect_ms = o->connect_ms ? o->connect_ms : 10000;
    t->o.total_ms = o->total_ms ? o->total_ms : 30000;
    t->o.stall_s = o->stall_s ? o->stall_s : 60;
    t->o.keep_connection_s = o->keep_connection_s ? o->keep_connection_s : 600;
    *out = t;
    return ST_OK;
}

void transport_curl_free(struct transport_curl *t)
{
    if (!t)
        return;
    while (t->exchanges) {
        struct exchange *x = t->exchanges;

        t->exchanges = x->next;
        curl_multi_remove_handle(t->multi, x->easy);
        exchange_free(x);
    }
    exchange_free(t->taken);
    curl_multi_cleanup(t->multi);
    curl_share_cleanup(t->sessions); /* last: all that used it is gone */
    free(t->base_url);
    free(t->ca_file);
    free(t->unix_path);
    free(t);
}

/* ---- receiving ---- */

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct exchange *x = context;

    buffer_put(&x->received, data, size * count);
    x->too_large = !buffer_ok(&x->received);
    return x->too_large ? 0 : size * count;
}

/* Names in lower case; values of visible ASCII only, as the reference keeps them (client.md 1.3). */
static void keep_header(struct exchange *x, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    size_t name_size = colon ? (size_t)(colon - line) : 0;
    size_t start = name_size + 1, end = size;

    if (!colon || name_size == 0 || name_size >= NAME_MAX_SIZE ||
        x->header_count == HTTP_MAX_HEADERS)
        return;
    while (start < end && strchr(" \t", line[start]) && line[start])
        start++;
    while (end > start && strchr(" \t\r\n", line[end - 1]) && line[end - 1])
        end--;
    if (end - start >= VALUE_MAX_SIZE)
        return;
    for (size_t i = start; i < end; i++)
        if (line[i] < ' ' || line[i] > '~')
            return;
    for (size_t i = 0; i < name_size; i++)
        x->header[x->header_count].name[i] = (char)tolower((unsigned char)line[i]);
    x->header[x->header_count].name[name_size] = '\0';
    memcpy(x->header[x->header_count].value, line + start, end - start);
    x->header[x->header_count].value[end - start] = '\0';
    x->header_count++;
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct exchange *x = context;

    x->head_size += size * count;
    if (x->head_size > HEAD_MAX_BYTES)
        return 0;
    if (size * count >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        x->header_count = 0; /* the head of a 1xx answer or of a proxy is over */
        x->head_complete = false;
    } else if (line[0] == '\r' || line[0] == '\n') {
        x->head_complete = true;
    } else {
        keep_header(x, line, size * count);
    }
    return size * count;
}

/* ---- sending ---- */

static bool add_header(struct exchange *x, const char *name, const char *value)
{
    struct curl_slist *longer = NULL;
    char *line = NULL;

    if (asprintf(&line, "%s: %s", name, value) >= 0)
        longer = curl_slist_append(x->headers, line);
    free(line);
    if (longer)
        x->headers = longer;
    return longer != NULL;
}

static size_t give_body(char *out, size_t size, size_t count, void *context)
{
    struct exchange *x = context;
    size_t left = x->body_size - x->body_given;
    size_t given = size * count < left ? size * count : left;

    memcpy(out, x->body + x->body_given, given);
    x->body_given += given;
    return given;
}

/* libcurl found a kept connection dead and would try another one. It may while it has nothing of
 * the body; later it would send what has left once more, or go on in the middle. */
static bool ends_here(struct exchange *x)
{
    x->ended |= x->body_given > 0;
    return x->ended;
}

static int open_another(void *context, curl_socket_t fd, curlsocktype purpose)
{
    (void)fd;
    (void)purpose;
    return ends_here(context) ? CURL_SOCKOPT_ERROR : CURL_SOCKOPT_OK;
}

static int use_another(void *context, char *to, char *from, int to_port, int from_port)
{
    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    return ends_here(context) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static int begin_again(void *context, curl_off_t offset, int origin)
{
    (void)offset;
    (void)origin;
    return ends_here(context) ? CURL_SEEKFUNC_FAIL : CURL_SEEKFUNC_OK;
}

static void set_body_once(struct exchange *x)
{
    curl_easy_setopt(x->easy, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(x->easy, CURLOPT_READDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_SOCKOPTFUNCTION, open_another);
    curl_easy_setopt(x->easy, CURLOPT_SOCKOPTDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_PREREQFUNCTION, use_another);
    curl_easy_setopt(x->easy, CURLOPT_PREREQDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_SEEKFUNCTION, begin_again);
    curl_easy_setopt(x->easy, CURLOPT_SEEKDATA, x);
}

/* v0.9.0 asks for a list by a GET with a body. */
static bool has_body(const struct http_request *request)
{
    return request->method == HTTP_POST || request->body.size > 0;
}

static bool fill(struct exchange *x, const struct transport_curl *t,
                 const struct http_request *request)
{
    bool ok = asprintf(&x->url, "%s/%s", t->base_url,
                       request->path + strspn(request->path, "/")) >= 0;

    if (!ok)
        x->url = NULL;
    for (size_t i = 0; i < request->header_count && ok; i++)
        ok = add_header(x, request->headers[i].name, request->headers[i].value);
    if (ok) { /* "Expect:": no question before a large body; the reference asks none */
        struct curl_slist *longer = curl_slist_append(x->headers, "Expect:");

        ok = longer != NULL;
        if (ok)
            x->headers = longer;
    }
    if (ok && has_body(request)) {
        x->body_size = request->body.size;
        x->body = malloc(x->body_size + 1);
        ok = x->body != NULL;
        if (ok && x->body_size > 0)
            memcpy(x->body, request->body.data, x->body_size);
    }
    x->easy = curl_easy_init();
    return ok && x->easy;
}

static void set_options(struct exchange *x, const struct transport_curl *t,
                        const struct http_request *request, bool once)
{
    CURL *e = x->easy;
    long total_ms = t->o.total_ms + (long)(x->body_size / 8192) * 1000;

    curl_easy_setopt(e, CURLOPT_PRIVATE, x);
    curl_easy_setopt(e, CURLOPT_URL, x->url);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2); /* or newer */
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, x->headers);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* the end does not wait for a name server */
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, t->o.connect_ms);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, t->o.connect_ms + total_ms);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, t->o.stall_s);
    curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, t->o.keep_connection_s);
    curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, once && x->body_size == 0 ? 1L : 0L);
    /* Routers forget what is silent for minutes, and dead ones are to be known before their use. */
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, KEEP_ALIVE_S);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, KEEP_ALIVE_S / 4);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->error);
    curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
    if (t->proxy)
        curl_easy_setopt(e, CURLOPT_PROXY, t->proxy);
    curl_easy_setopt(e, CURLOPT_SHARE, t->sessions);
    if (t->ca_file) { /* and no others: a folder of the system's may be built into libcurl. What is
                       * of one file is also read but once */
        curl_easy_setopt(e, CURLOPT_CAINFO, t->ca_file);
        curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
    }
    if (t->unix_path)
        curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, t->unix_path);
    if (has_body(request)) {
        curl_easy_setopt(e, CURLOPT_POST, 1L);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body_size);
        if (once && x->body_size > 0)
            set_body_once(x);
        else
            curl_easy_setopt(e, CURLOPT_POSTFIELDS, x->body);
        if (request->method == HTTP_GET) /* the seed's list */
            curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, "GET");
    }
}

enum status transport_curl_send(struct transport_curl *t, uint64_t id,
                                const struct http_request *request, bool once, struct why *why)
{
    struct exchange *x = calloc(1, sizeof *x);

    if (!x || !fill(x, t, request)) {
        exchange_free(x);
        return fail(why, ST_NO_MEMORY, "transport: out of memory");
    }
    x->id = id;
    x->method = request->method;
    buffer_init(&x->received, t->o.response_limit);
    set_options(x, t, request, once);
    if (curl_multi_add_handle(t->multi, x->easy) != CURLM_OK) {
        exchange_free(x);
        return fail(why, ST_NO_MEMORY, "transport: out of memory");
    }
    x->next = t->exchanges;
    t->exchanges = x;
    t->under_way++;
    return ST_OK;
}

/* ---- waiting, taking ---- */

void transport_curl_wait(struct transport_curl *t, struct pollfd *fds, unsigned count,
                         int timeout_ms)
{
    struct curl_waitfd extra[TRANSPORT_MAX_FDS];
    int running;

    assert(count <= TRANSPORT_MAX_FDS);
    for (unsigned i = 0; i < count; i++)
        extra[i] = (struct curl_waitfd){.fd = fds[i].fd, .events = CURL_WAIT_POLLIN};
    curl_multi_perform(t->multi, &running);
    /* What has ended just now is a reply to take, and no socket will wake us for it. */
    curl_multi_poll(t->multi, extra, count, running < t->under_way ? 0 : timeout_ms, NULL);
    for (unsigned i = 0; i < count; i++)
        fds[i].revents = extra[i].revents;
}

long transport_curl_timeout_ms(struct transport_curl *t)
{
    long timeout_ms = -1;

    curl_multi_timeout(t->multi, &timeout_ms);
    return timeout_ms;
}

static void unlink_exchange(struct transport_curl *t, struct exchange *x)
{
    struct exchange **at = &t->exchanges;

    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    t->under_way--;
    curl_multi_remove_handle(t->multi, x->easy);
}

/* The request is gone for certain only when its last byte has left. Once libcurl has wanted to begin
 * again, what it counts is of the next connection; what it had may all have left. */
static bool all_sent(const struct exchange *x)
{
    curl_off_t uploaded = 0;
    long head = 0;

    if (x->ended)
        return x->body_given == x->body_size;
    curl_easy_getinfo(x->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &head);
    return head > 0 && (size_t)uploaded >= x->body_size;
}

static void describe(struct transport_reply *out, const struct exchange *x, CURLcode code,
                     size_t limit)
{
    if (x->too_large)
        snprintf(out->text, sizeof out->text, "the answer is larger than %zu bytes", limit);
    else if (x->head_size > HEAD_MAX_BYTES)
        snprintf(out->text, sizeof out->text, "the head of the answer is larger than %zu bytes",
                 HEAD_MAX_BYTES);
    else
        snprintf(out->text, sizeof out->text, "%s",
                 code == CURLE_OK ? "the answer ends inside its head"
                 : x->ended       ? "the kept connection ended without an answer"
                 : x->error[0]    ? x->error
                                  : curl_easy_strerror(code));
}

/* Sends the same request to where the answer points, if that is allowed. */
static bool follow(struct transport_curl *t, struct exchange *x, unsigned status)
{
    char *from = NULL, *to = NULL;

    curl_easy_getinfo(x->easy, CURLINFO_EFFECTIVE_URL, &from);
    curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_URL, &to);
    if (!to || x->redirects == REDIRECT_MOST || !redirect_allowed(from, to, x->method, status) ||
        curl_easy_setopt(x->easy, CURLOPT_URL, to) != CURLE_OK)
        return false;
    curl_multi_remove_handle(t->multi, x->easy);
    buffer_reset(&x->received);
    x->header_count = 0;
    x->head_size = 0;
    x->head_complete = false;
    x->body_given = 0; /* the server has not taken it */
    x->redirects++;
    /* Taken off just now, so it can be added. */
    return curl_multi_add_handle(t->multi, x->easy) == CURLM_OK;
}

/* The next request that is over, with its status (0: no answer) and libcurl's code. */
static struct exchange *next_done(struct transport_curl *t, unsigned *status, CURLcode *code)
{
    CURLMsg *message;
    int running, left;

    curl_multi_perform(t->multi, &running);
    while ((message = curl_multi_info_read(t->multi, &left))) {
        struct exchange *x = NULL;
        long said = 0;

        assert(message->msg == CURLMSG_DONE);
        *code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&x);
        curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &said);
        *status = *code == CURLE_OK && x->head_complete && said >= 100 && said <= 599
                      ? (unsigned)said
                      : 0;
        if (*status < 300 || *status > 399 || !follow(t, x, *status))
            return x;
        curl_multi_perform(t->multi, &running);
    }
    return NULL;
}

bool transport_curl_take(struct transport_curl *t, struct transport_reply *out)
{
    unsigned status;
    CURLcode code;
    struct exchange *x = next_done(t, &status, &code);

    if (!x)
        return false;
    *out = (struct transport_reply){.id = x->id};
    if (status) {
        out->answered = true;
        out->response.status = status;
        out->response.body = buffer_bytes(&x->received);
        for (unsigned i = 0; i < x->header_count; i++)
            out->response.headers[i] =
                (struct http_header){x->header[i].name, x->header[i].value};
        out->response.header_count = x->header_count;
    } else {
        out->maybe_delivered = all_sent(x);
        describe(out, x, code, t->o.response_limit);
    }
    unlink_exchange(t, x);
    exchange_free(t->taken);
    t->taken = x;
    return true;
}

enum status transport_curl_call(struct transport_curl *t, struct transport_reply *out,
                                const struct http_request *request, int stop_fd, struct why *why)
{
    enum status st = transport_curl_send(t, 1, request, true, why);
    struct pollfd stop = {.fd = stop_fd, .events = POLLIN};

    if (st)
        return st;
    while (!transport_curl_take(t, out)) {
        transport_curl_wait(t, &stop, stop_fd >= 0 ? 1 : 0, 1000);
        if (stop.revents)
            return fail(why, ST_CANCELLED, "interrupted");
    }
    return out->answered ? ST_OK : fail(why, ST_IO, "%s", out->text);
}
