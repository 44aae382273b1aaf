/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/pages.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <sodium.h>
#include <string.h>

#include "mockorch/server/har.h"

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

/* true: refused, and said so. */
static bool refused(const struct pages *p, struct evhttp_request *r, bool trusted)
{
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

void pages_answer(const struct pages *p, struct evhttp_request *r, bool trusted, int64_t now_ns)
{
    const char *uri = evhttp_request_get_uri(r);
    struct buffer text;

    if (!path_is(uri, "/healthz") && refused(p, r, trusted))
        return;
    if (evhttp_request_get_command(r) != EVHTTP_REQ_GET) {
        send_text(r, 405, "GET it.\n");
        return;
    }
    if (path_is(uri, "/healthz")) {
        send_text(r, 200, "ok\n");
        return;
    }
    buffer_init(&text, 0);
    orchestrator_tick(p->orchestrator, now_ns);
    if (path_is(uri, "/metrics")) {
        metrics_write(&text, p->orchestrator, p->times);
        send_buffer(r, METRICS_TYPE, &text);
    } else if (path_is(uri, "/admin/state")) {
        orchestrator_state(p->orchestrator, &text, now_ns);
        send_buffer(r, "application/json", &text);
    } else if (path_is(uri, "/admin/har")) {
        send_har(p, r, &text);
    } else {
        send_text(r, 404, "No such page.\n");
    }
    buffer_fini(&text);
}
