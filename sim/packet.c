/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/packet.h"

#include <stdlib.h>

#include "sim/memory.h"

static void copy_headers(struct http_header *out, const struct http_header *in, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (struct http_header){memory_text(in[i].name), memory_text(in[i].value)};
}

static void free_headers(struct http_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((char *)headers[i].name);
        free((char *)headers[i].value);
    }
}

struct packet *packet_new(const struct http_request *request)
{
    struct packet *p = memory_new(sizeof *p);
    struct http_request *r = &p->request;

    r->method = request->method;
    r->path = memory_text(request->path);
    r->header_count = request->header_count;
    copy_headers(r->headers, request->headers, request->header_count);
    r->body = bytes_of(memory_bytes(request->body), request->body.size);
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

    free((char *)p->request.path);
    free_headers(p->request.headers, p->request.header_count);
    free((uint8_t *)p->request.body.data);
    if (p->answered) {
        free_headers(p->response.headers, p->response.header_count);
        free((uint8_t *)p->response.body.data);
    }
    free(p);
}

void packet_answer(struct packet *p, const struct http_response *response)
{
    struct http_response *r = &p->response;

    p->answered = true;
    r->status = response->status;
    r->header_count = response->header_count;
    copy_headers(r->headers, response->headers, response->header_count);
    r->body = bytes_of(memory_bytes(response->body), response->body.size);
}

void packet_break(struct packet *p, bool maybe_delivered, const char *text)
{
    p->maybe_delivered = maybe_delivered;
    p->text = text;
}
