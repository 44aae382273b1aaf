/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/client/shell/transport_world.h"

#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

bool world_handle(void *context, const struct tiny_request *r)
{
    struct world *w = context;

    memcpy(w->head, r->head, sizeof w->head);
    w->body_size = r->body_size;
    snprintf(w->body, sizeof w->body, "%s", r->body);
    return w->handle(r);
}

void open_world(struct world *w, bool (*answer)(const struct tiny_request *r),
                struct transport_options o)
{
    *w = (struct world){.handle = answer};
    w->server = tiny_server_new(world_handle, w);
    o.base_url = tiny_server_url(w->server);
    if (!o.response_limit)
        o.response_limit = 1000;
    assert_int_equal(transport_curl_new(&w->transport, &o, NULL), ST_OK);
}

void close_world(struct world *w)
{
    transport_curl_free(w->transport);
    tiny_server_free(w->server);
}

struct transport_reply exchange(struct world *w, enum http_method method, const char *path,
                                struct bytes body, bool alone)
{
    struct http_request r = {.method = method, .path = path, .body = body};
    struct transport_reply reply;

    r.headers[r.header_count++] = (struct http_header){"user-agent", "nexus-cli/0.10.18"};
    r.headers[r.header_count++] = (struct http_header){"accept", "*/*"};
    assert_int_equal(transport_curl_send(w->transport, 42, &r, alone, NULL), ST_OK);
    while (!transport_curl_take(w->transport, &reply))
        transport_curl_wait(w->transport, NULL, 0, 5000);
    assert_int_equal(reply.id, 42);
    tiny_server_sync();
    return reply;
}

struct transport_reply get(struct world *w, const char *path)
{
    return exchange(w, HTTP_GET, path, bytes_of(NULL, 0), false);
}
