/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/pages.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <sodium.h>
#include <string.h>

#include "mockorch/core/admin.h"
#include "mockorch/server/har.h"

extern const unsigned char mockorch_openapi[];
extern const size_t mockorch_openapi_size;

static size_t path_size(const char *uri)
{
    return strcspn(uri, "?#");
}

static bool path_is(const char *uri, const char *path)
{
    return path_size(uri) == strlen(path) && strncmp(uri, path, strlen(path)) == 0;
}

bool pages_own(const char *uri)
{
    return path_is(uri, "/healthz") || path_is(uri, "/metrics") ||
           strncmp(uri, "/admin/", strlen("/admin/")) == 0;
}

static void send_page(struct evhttp_request *r, int status, const char *type, struct bytes body)
{
    struct evbuffer *out = evbuffer_new();

    if (!out || evbuffer_add(out, body.data, body.size)) {
        evhttp_send_error(r, 500, NULL);
    } else {
        evhttp_add_header(evhttp_request_get_output_headers(r), "content-type", type);
        evhttp_add_header(evhttp_request_get_output_headers(r), "cache-control", "no-store");
        evhttp_send_reply(r, status, NULL, out);
    }
    if (out)
        evbuffer_free(out);
}

static void send_text(struct evhttp_request *r, int status, const char *text)
{
    send_page(r, status, "text/plain; charset=utf-8", bytes_of_text(text));
}

static void send_buffer(struct evhttp_request *r, const char *type, const struct buffer *b)
{
    if (buffer_ok(b))
        send_page(r, 200, type, buffer_bytes(b));
    else
        evhttp_send_error(r, 500, NULL);
}

/* Takes the same time for every wrong token of that length. */
static bool token_is(const char *token, struct evhttp_request *r)
{
    static const char scheme[] = "Bearer ";
    const char *given =
        evhttp_find_header(evhttp_request_get_input_headers(r), "authorization");
    size_t size = strlen(token);

    if (!given || strncmp(given, scheme, sizeof scheme - 1) != 0)
        return false;
    given += sizeof scheme - 1;
    return strlen(given) == size && sodium_memcmp(given, token, size) == 0;
}

/* A browser says where the page that asks comes from: "http://HOST" of the request itself will do. */
static bool is_foreign(struct evhttp_request *r)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(r);
    const char *origin = evhttp_find_header(headers, "origin");
    const char *host = evhttp_find_header(headers, "host");
    const char *place = origin ? strstr(origin, "://") : NULL;

    return origin && !(place && host && strcmp(place + 3, host) == 0);
}

/* true: refused, and said so. */
static bool refused(const struct pages *p, struct evhttp_request *r, bool trusted)
{
    if (is_foreign(r)) {
        send_text(r, 403, "Not for pages of another origin.\n");
        return true;
    }
    if (p->token && token_is(p->token, r))
        return false;
    if (!p->token && trusted)
        return false;
    if (!p->token) {
        send_text(r, 403,
                  "Only on a loopback or unix-socket listener, or with --admin-token.\n");
        return true;
    }
    evhttp_add_header(evhttp_request_get_output_headers(r), "www-authenticate", "Bearer");
    send_text(r, 401, "Send the token of --admin-token: Authorization: Bearer TOKEN\n");
    return true;
}

static void send_har(const struct pages *p, struct evhttp_request *r, struct buffer *text)
{
    struct tape *tape;
    struct why why;

    if (!p->tape) {
        send_text(r, 404, "Nothing is recorded: start with --record FILE.\n");
        return;
    }
    if (tape_load(&tape, p->tape, &why)) {
        buffer_put_format(text, "%s\n", why.text);
        send_page(r, 500, "text/plain; charset=utf-8", buffer_bytes(text));
        return;
    }
    har_write(text, tape, p->url, p->wall_at_zero_ns);
    tape_free(tape);
    send_buffer(r, "application/json", text);
}

/* ---- the orchestrator seen from above ---- */

static const char *method_of(struct evhttp_request *r)
{
    switch (evhttp_request_get_command(r)) {
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_POST:
        return "POST";
    default: /* the listener lets no other in */
        return "DELETE";
    }
}

static void send_admin(const struct pages *p, struct evhttp_request *r, int64_t now_ns)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(r);
    size_t size = evbuffer_get_length(body);
    const struct admin_request request = {.method = method_of(r),
                                          .path = evhttp_request_get_uri(r),
                                          .body = bytes_of(evbuffer_pullup(body, -1), size)};
    struct admin_reply reply;

    if (size && !request.body.data) {
        evhttp_send_error(r, 500, NULL);
        return;
    }
    admin_reply_init(&reply);
    admin_answer(p->orchestrator, &reply, &request, now_ns);
    send_page(r, (int)reply.status, "application/json", buffer_bytes(&reply.body));
    admin_reply_fini(&reply);
}

static bool is_admin(const char *uri)
{
    return strncmp(uri, ADMIN_PREFIX, strlen(ADMIN_PREFIX)) == 0 &&
           !path_is(uri, "/admin/har") && !path_is(uri, "/admin/openapi.yaml");
}

void pages_answer(const struct pages *p, struct evhttp_request *r, bool trusted, int64_t now_ns)
{
    const char *uri = evhttp_request_get_uri(r);
    struct buffer text;

    if (!path_is(uri, "/healthz") && refused(p, r, trusted))
        return;
    if (is_admin(uri)) {
        send_admin(p, r, now_ns);
        return;
    }
    if (evhttp_request_get_command(r) != EVHTTP_REQ_GET) {
        send_text(r, 405, "GET it.\n");
        return;
    }
    buffer_init(&text, 0);
    if (path_is(uri, "/healthz")) {
        send_text(r, 200, "ok\n");
    } else if (path_is(uri, "/metrics")) {
        orchestrator_tick(p->orchestrator, now_ns);
        metrics_write(&text, p->orchestrator, p->times);
        send_buffer(r, METRICS_TYPE, &text);
    } else if (path_is(uri, "/admin/har")) {
        send_har(p, r, &text);
    } else if (path_is(uri, "/admin/openapi.yaml")) {
        send_page(r, 200, "application/yaml", bytes_of(mockorch_openapi, mockorch_openapi_size));
    } else {
        send_text(r, 404, "No such page.\n");
    }
    buffer_fini(&text);
}
