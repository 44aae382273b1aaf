/* SPDX-License-Identifier: Apache-2.0 */
/* The client's transport and a tiny server that keeps what it was asked. */
#pragma once
#include "client/shell/transport_curl.h"
#include "tests/client/shell/tiny_server.h"

struct world {
    struct tiny_server *server;
    struct transport_curl *transport;
    bool (*handle)(const struct tiny_request *r);
    char head[4096];
    char body[64];
    size_t body_size;
};

/* For a tiny server of one's own, with the world as its context. */
bool world_handle(void *context, const struct tiny_request *r);

/* A server that answers so, and a transport to it; 1000 bytes of an answer unless the options say.
 */
void open_world(struct world *w, bool (*answer)(const struct tiny_request *r),
                struct transport_options o);
void close_world(struct world *w);

/* One request with the number 42, until its reply is there. */
struct transport_reply exchange(struct world *w, enum http_method method, const char *path,
                                struct bytes body, bool alone);
struct transport_reply get(struct world *w, const char *path);
