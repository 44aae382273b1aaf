/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/page.h"

#include <stdlib.h>
#include <string.h>

struct page {
    struct transport_curl *transport;
    struct transport_reply reply;
    char *user_agent; /* NULL: none */
    char path[];      /* behind the host */
};

/* Where the path begins: the first '/' behind "scheme://host". */
static size_t origin_size(const char *url)
{
    const char *host = strstr(url, "://");

    return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/") : strlen(url);
}

enum status page_new(struct page **out, const struct page_options *o, struct why *why)
{
    size_t origin = origin_size(o->url), length = strlen(o->url);
    char *base = strndup(o->url, origin);
    struct page *p = calloc(1, sizeof *p + length - origin + 2);
    enum status st = ST_OK;

    if (p && o->user_agent)
        p->user_agent = strdup(o->user_agent);
    if (!base || !p || (o->user_agent && !p->user_agent)) {
        st = fail(why, ST_NO_MEMORY, "page: out of memory");
        goto out;
    }
    strcpy(p->path, origin < length ? o->url + origin : "/");
    /* Connecting and the rest have limits of their own; here only their sum counts. */
    st = transport_curl_new(&p->transport,
                            &(struct transport_options){.base_url = base,
                                                        .ca_file = o->ca_file,
                                                        .response_limit = o->limit_bytes,
                                                        .connect_ms = o->limit_ms - 1,
                                                        .total_ms = 1},
                            why);
    if (st)
        goto out;
    *out = p;
    p = NULL;
out:
    page_free(p);
    free(base);
    return st;
}

void page_free(struct page *p)
{
    if (!p)
        return;
    transport_curl_free(p->transport);
    free(p->user_agent);
    free(p);
}

enum status page_get(struct page *p, unsigned *status, struct bytes *body, int stop_fd,
                     struct why *why)
{
    struct http_request r = {.method = HTTP_GET, .path = p->path};
    enum status st;

    if (p->user_agent)
        r.headers[r.header_count++] = (struct http_header){"user-agent", p->user_agent};
    st = transport_curl_call(p->transport, &p->reply, &r, stop_fd, why);
    if (st)
        return st;
    *status = p->reply.response.status;
    *body = p->reply.response.body;
    return ST_OK;
}
