/* SPDX-License-Identifier: Apache-2.0 */
/* A recording of exchanges: one JSON object a line, in the order of the answers.
 *
 *   {"n": 1, "t": 12.5, "took": 0.001, "method": "POST", "path": "/v3/tasks",
 *    "request_headers": [["user-agent", "nexus-cli/0.10.18"]], "request": "base64",
 *    "status": 200, "headers": [["date", "…"]], "answer": "base64", "fault": "…"}
 *
 * status 0: no answer went out. Headers that carry credentials are written as "REDACTED".
 *
 * Owner:   heap (tape_free accepts NULL). A read tape owns what its exchanges point at.
 * Errors:  ST_IO, ST_NO_MEMORY; reading: ST_INPUT with the line in the words.
 */
#pragma once
#include "base/bytes.h"
#include "proto/http.h"

#define TAPE_LIMIT ((size_t)1 << 30) /* of a file that is read */

struct tape_exchange {
    int64_t at_ns, took_ns; /* of the request; until the answer */
    const char *method, *path;
    struct http_header request_headers[HTTP_MAX_HEADERS];
    size_t request_header_count;
    struct bytes request;
    struct http_response response; /* status 0: none went out */
    const char *fault;             /* names of those that struck, or "" */
};

/* ---- writing ---- */

struct tape_writer;

/* Appends to what is there. Mode 0600. */
enum status MUST_USE tape_writer_new(struct tape_writer **out, const char *path, struct why *why);
/* On disk, not synced. */
enum status MUST_USE tape_write(struct tape_writer *t, const struct tape_exchange *x,
                                struct why *why);
void tape_writer_free(struct tape_writer *t);

/* ---- reading ---- */

struct tape {
    struct tape_exchange *exchanges;
    size_t count;
    void *memory; /* what they point at */
};

enum status MUST_USE tape_read(struct tape **out, struct bytes text, struct why *why);
enum status MUST_USE tape_load(struct tape **out, const char *path, struct why *why);
void tape_free(struct tape *t);

/* A JSON text of base64; NULL: no memory. */
struct json_t *tape_base64(struct bytes bytes);
/* One exchange as JSON text without an end of line. */
void tape_format(struct buffer *out, const struct tape_exchange *x, uint64_t number);
