/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/packet.h"

#include <stdlib.h>
#include <string.h>

#include "sim/memory.h"

/* A packet is one block of memory, and so is its answer: texts and body lie behind it. */

static size_t size_of_headers(const struct http_header *headers, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += strlen(headers[i].name) + 1 + strlen(headers[i].value) + 1;
    return size;
}

static void *put_bytes(uint8_t **at, const void *data, size_t size)
{
    void *start = *at;

    if (size)
        memcpy(start, data, size);
    *at += size;
    return start;
}

static const char *put_text(uint8_t **at, const char *text)
{
    return put_bytes(at, text, strlen(text) + 1);
}

static void put_headers(uint8_t **at, struct http_header *out, const struct http_header *in,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        out[i].name = put_text(at, in[i].name);
        out[i].value = put_text(at, in[i].value);
    }
}

struct packet *packet_new(const struct http_request *request)
{
    size_t size = sizeof(struct packet) + strlen(request->path) + 1 + request->body.size +
                  size_of_headers(request->headers, request->header_count);
    struct packet *p = memory_grown(NULL, size, 1);
    struct http_request *r = &p->request;
    uint8_t *at = (uint8_t *)(p + 1);

    *p = (struct packet){.request = {.method = request->method}};
    r->path = put_text(&at, request->path);
    r->header_count = request->header_count;
    put_headers(&at, r->headers, request->headers, request->header_count);
    r->body = bytes_of(put_bytes(&at, request->body.data, request->body.size), request->body.size);
    return p;
}

struct packet *packet_copy(const struct packet *p)
{
    struct packet *copy = packet_new(&p->request);

    copy->sent_ns = p->sent_ns;
    copy->give_up_ns = p->give_up_ns;
    copy->stall_ns = p->stall_ns;
    copy->twice = p->twice;
    copy->link = p->link;
    copy->prng = p->prng;
    copy->prng = prng_fork(&copy->prng, 1);
    return copy;
}

void packet_free(void *packet)
{
    struct packet *p = packet;

    free(p->answer);
    free(p);
}

void packet_answer(struct packet *p, const struct http_response *response)
{
    struct http_response *r = &p->response;
    uint8_t *at = memory_grown(
        NULL,
        1 + response->body.size + size_of_headers(response->headers, response->header_count), 1);

    free(p->answer);
    p->answer = at;
    p->answered = true;
    r->status = response->status;
    r->header_count = response->header_count;
    put_headers(&at, r->headers, response->headers, response->header_count);
    r->body =
        bytes_of(put_bytes(&at, response->body.data, response->body.size), response->body.size);
}

void packet_break(struct packet *p, bool maybe_delivered, const char *text)
{
    p->maybe_delivered = maybe_delivered;
    p->text = text;
}
