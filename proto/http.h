/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP messages as values: the boundary between client and orchestrator cores. Shells and the
 * simulated network carry them.
 *
 * Source:  client.md 1; RFC 9110.
 * Owner:   a request or response borrows what it points at.
 */
#pragma once
#include <stdbool.h>

#include "base/bytes.h"

enum http_method { HTTP_GET, HTTP_POST };

const char *http_method_name(enum http_method m);

#define HTTP_MAX_HEADERS 32

struct http_header {
    const char *name; /* lower case */
    const char *value;
};

struct http_request {
    enum http_method method;
    const char *path; /* "/v3/tasks"; percent-encoded, no host */
    struct http_header headers[HTTP_MAX_HEADERS];
    size_t header_count;
    struct bytes body;
    const char *peer;   /* mock: remote address text; client: NULL */
    unsigned peer_port; /* mock: 0 when there is none */
};

struct http_response {
    unsigned status; /* 100 .. 599 */
    struct http_header headers[HTTP_MAX_HEADERS];
    size_t header_count;
    struct bytes body;
};

/* The value of the last header of that lower-case name (client.md 1.3), or NULL. */
const char *http_header_of(const struct http_header *headers, size_t count, const char *name);

/* Retry-After: unsigned seconds, or an HTTP-date. Dates count from date_s, the response's own Date
 * (Unix seconds), so that a wrong clock here does not matter; without one, from now_s. A date in
 * the past is 0. false: absent or unparsable. */
bool http_retry_after_s(const char *value, const char *date, int64_t now_s, int64_t *seconds);

/* IMF-fixdate (and the two obsolete forms) to Unix seconds. */
bool http_date_parse(const char *text, int64_t *seconds);
void http_date_format(char out[static 30], int64_t seconds);
