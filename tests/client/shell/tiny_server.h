/* SPDX-License-Identifier: Apache-2.0 */
/* A server on a free loopback port that does to each request what the test wants.
 *
 * Each connection has a thread; one handler runs at a time and writes raw bytes. It returns true to
 * keep the connection for the next request.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct tiny_request {
    unsigned number; /* of all requests, from 1 */
    unsigned connection; /* of all connections, from 1 */
    char method[8], path[160];
    char head[4096]; /* request line and headers */
    char *body;      /* NUL at the end */
    size_t body_size;
    int fd;
};

struct tiny_server;

struct tiny_server *tiny_server_new(bool (*handle)(void *context, const struct tiny_request *r),
                                    void *context);
/* On [::1]; NULL when this machine has no such address. */
struct tiny_server *tiny_server_new_v6(bool (*handle)(void *context, const struct tiny_request *r),
                                       void *context);
void tiny_server_free(struct tiny_server *s);
const char *tiny_server_url(const struct tiny_server *s); /* http://127.0.0.1:PORT */
/* Until no handler runs. What handlers have written can be read then, and they see what was written
 * before: a process between the two carries no order that a thread sanitizer could see. */
void tiny_server_sync(void);
unsigned tiny_server_requests(const struct tiny_server *s);
unsigned tiny_server_connections(const struct tiny_server *s);

void tiny_send(int fd, const char *text);
void tiny_send_bytes(int fd, const void *data, size_t size);
/* "HTTP/1.1 STATUS X", the extra header lines ("a: b\r\n…" or ""), Content-Length and body. */
void tiny_reply(int fd, unsigned status, const char *extra, const void *body, size_t size);
void tiny_reset(int fd); /* RST instead of FIN */
