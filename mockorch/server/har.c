/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/har.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"

static json_t *headers_of(const struct http_header *headers, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s}", "name", headers[i].name, "value", headers[i].value));
    return list;
}

static const char *type_of(const struct http_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(headers[i].name, "content-type") == 0)
            return headers[i].value;
    return "application/octet-stream";
}

static void stamp(char out[static 40], int64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / NS_PER_S);
    char day[24];
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out, 40, "%s.%03dZ", day, (int)(wall_ns % NS_PER_S / NS_PER_MS));
}

static json_t *request_of(const struct tape_exchange *x, const char *base)
{
    char url[512];
    json_t *r;

    snprintf(url, sizeof url, "%.120s%.380s", base, x->path);
    r = json_pack("{s:s, s:s, s:s, s:[], s:o, s:[], s:i, s:I}", "method", x->method, "url", url,
                  "httpVersion", "HTTP/1.1", "cookies", "headers",
                  headers_of(x->request_headers, x->request_header_count), "queryString",
                  "headersSize", -1, "bodySize", (json_int_t)x->request.size);
    if (x->request.size)
        json_object_set_new(r, "postData",
                            json_pack("{s:s, s:[], s:o, s:s}", "mimeType",
                                      type_of(x->request_headers, x->request_header_count),
                                      "params", "text", tape_base64(x->request), "encoding",
                                      "base64"));
    return r;
}

static json_t *response_of(const struct tape_exchange *x)
{
    const struct http_response *r = &x->response;

    return json_pack("{s:i, s:s, s:s, s:[], s:o, s:{s:I, s:s, s:o, s:s}, s:s, s:i, s:I}", "status",
                     (int)r->status, "statusText", "", "httpVersion", "HTTP/1.1", "cookies",
                     "headers", headers_of(r->headers, r->header_count), "content", "size",
                     (json_int_t)r->body.size, "mimeType", type_of(r->headers, r->header_count),
                     "text", tape_base64(r->body), "encoding", "base64", "redirectURL", "",
                     "headersSize", -1, "bodySize", (json_int_t)r->body.size);
}

void har_write(struct buffer *out, const struct tape *tape, const char *base,
               int64_t wall_at_zero_ns)
{
    json_t *entries = json_array(), *root;
    char *text;

    for (size_t i = 0; i < tape->count; i++) {
        const struct tape_exchange *x = &tape->exchanges[i];
        double took_ms = (double)x->took_ns / (double)NS_PER_MS;
        char began[40];

        stamp(began, wall_at_zero_ns + x->at_ns);
        json_array_append_new(
            entries, json_pack("{s:s, s:f, s:o, s:o, s:{}, s:{s:i, s:f, s:i}, s:s}",
                               "startedDateTime", began, "time", took_ms, "request",
                               request_of(x, base), "response", response_of(x), "cache", "timings",
                               "send", 0, "wait", took_ms, "receive", 0, "comment", x->fault));
    }
    root = json_pack("{s:{s:s, s:{s:s, s:s}, s:o}}", "log", "version", "1.2", "creator", "name",
                     "nxp-mockorch", "version", NXP_VERSION, "entries", entries);
    text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
    if (text)
        buffer_put_text(out, text);
    else
        out->failed = true;
    free(text);
    json_decref(root);
}
