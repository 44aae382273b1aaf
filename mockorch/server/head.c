/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/head.h"

#include <event2/buffer.h>
#include <string.h>

#define CONTINUES    20
#define FLOOD_LINES  20000
#define LONG_LINE    ((size_t)1 << 20)
#define EXTRA_LENGTH 100

static void put_length(struct evbuffer *out, const struct head *h)
{
    switch (h->wrong) {
    case FAULT_HEAD_NO_LENGTH:
        break;
    case FAULT_HEAD_CHUNKED:
    case FAULT_HEAD_CHUNKED_BAD:
    case FAULT_HEAD_CHUNKED_CUT:
        evbuffer_add_printf(out, "transfer-encoding: chunked\r\n");
        break;
    case FAULT_HEAD_LENGTH_SHORT:
        evbuffer_add_printf(out, "content-length: %zu\r\n", h->body_size / 2);
        break;
    case FAULT_HEAD_LENGTH_LONG:
        evbuffer_add_printf(out, "content-length: %zu\r\n", h->body_size + EXTRA_LENGTH);
        break;
    case FAULT_HEAD_LENGTH_NEGATIVE:
        evbuffer_add_printf(out, "content-length: -1\r\n");
        break;
    default:
        evbuffer_add_printf(out, "content-length: %zu\r\n", h->body_size);
        break;
    }
}

static void put_headers(struct evbuffer *out, const struct head *h)
{
    for (size_t i = 0; i < h->header_count; i++) {
        bool replaced =
            h->wrong == FAULT_HEAD_TYPE && strcmp(h->headers[i].name, "content-type") == 0;

        if (!replaced)
            evbuffer_add_printf(out, "%s: %s\r\n", h->headers[i].name, h->headers[i].value);
    }
    if (h->wrong == FAULT_HEAD_TYPE)
        evbuffer_add_printf(out, "content-type: text/html\r\n");
    if (h->wrong == FAULT_HEAD_ENCODED)
        evbuffer_add_printf(out, "content-encoding: gzip\r\n");
}

static void put_too_much(struct evbuffer *out, enum fault_head wrong)
{
    static const char filling[] = "0123456789abcdef0123456789abcdef";

    for (unsigned i = 0; wrong == FAULT_HEAD_FLOOD && i < FLOOD_LINES; i++)
        evbuffer_add_printf(out, "x-flood-%u: %u\r\n", i, i);
    if (wrong != FAULT_HEAD_LONG_LINE)
        return;
    evbuffer_add_printf(out, "x-long: ");
    for (size_t i = 0; i < LONG_LINE / (sizeof filling - 1); i++)
        evbuffer_add(out, filling, sizeof filling - 1);
    evbuffer_add_printf(out, "\r\n");
}

void head_put(struct evbuffer *out, const struct head *h)
{
    static const uint8_t garbage[] = {0x16, 3, 1, 'n', 'o', ' ', 'H', 'T', 'T', 'P', '\n', 0, 0xff};

    if (h->wrong == FAULT_HEAD_GARBAGE) {
        evbuffer_add(out, garbage, sizeof garbage);
        return;
    }
    for (unsigned i = 0; h->wrong == FAULT_HEAD_CONTINUES && i < CONTINUES; i++)
        evbuffer_add_printf(out, "HTTP/1.1 100 Continue\r\n\r\n");
    evbuffer_add_printf(out, "HTTP/1.1 %u Fault\r\n", h->status);
    put_headers(out, h);
    if (h->wrong == FAULT_HEAD_HALF) {
        evbuffer_add_printf(out, "content-le");
        return;
    }
    put_length(out, h);
    put_too_much(out, h->wrong);
    evbuffer_add_printf(out, "connection: close\r\n\r\n");
}

static void wrap_in_chunks(struct evbuffer *body, enum fault_head wrong)
{
    size_t size = evbuffer_get_length(body), first = size / 2;
    struct evbuffer *content = evbuffer_new();

    if (!content)
        return; /* an answer without a length then: broken all the same */
    evbuffer_remove_buffer(body, content, size);
    for (size_t piece = first; size > 0; size -= piece, piece = size) {
        if (piece == 0)
            piece = size;
        evbuffer_add_printf(body, "%zx\r\n", piece);
        evbuffer_remove_buffer(content, body, piece);
        evbuffer_add_printf(body, "\r\n");
    }
    if (wrong == FAULT_HEAD_CHUNKED)
        evbuffer_add_printf(body, "0\r\nx-trailer: fault\r\n\r\n");
    evbuffer_free(content);
}

void head_wrap(struct evbuffer *body, enum fault_head wrong)
{
    switch (wrong) {
    case FAULT_HEAD_CHUNKED:
    case FAULT_HEAD_CHUNKED_CUT:
        wrap_in_chunks(body, wrong);
        break;
    case FAULT_HEAD_CHUNKED_BAD:
        evbuffer_prepend(body, "many\r\n", 6);
        break;
    case FAULT_HEAD_HALF:
    case FAULT_HEAD_GARBAGE:
        evbuffer_drain(body, evbuffer_get_length(body));
        break;
    default:
        break;
    }
}
