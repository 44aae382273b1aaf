/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"

#define BASE64    sodium_base64_VARIANT_ORIGINAL
#define LONGEST_S 9e9 /* nanoseconds of it fit 63 bits */

struct tape_writer {
    int fd;
    uint64_t written;
    struct buffer line;
};

/* What a reader keeps: texts and bytes of all exchanges, freed together. */
struct kept {
    json_t **lines; /* the texts belong to them */
    size_t count;
    uint8_t **bodies;
    size_t body_count;
};

/* ---- writing ---- */

json_t *tape_base64(struct bytes bytes)
{
    size_t size = sodium_base64_encoded_len(bytes.size, BASE64);
    char *text = malloc(size);
    json_t *out = NULL;

    if (text) {
        sodium_bin2base64(text, size, bytes.data, bytes.size, BASE64);
        out = json_string(text);
    }
    free(text);
    return out;
}

static bool is_secret(const char *name)
{
    static const char *const secrets[] = {"authorization", "cookie", "set-cookie",
                                          "proxy-authorization"};

    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (strcasecmp(name, secrets[i]) == 0)
            return true;
    return false;
}

/* A header that is not UTF-8 is left out: JSON has no way to write it. */
static json_t *headers_of(const struct http_header *headers, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *pair = json_pack("[s, s]", headers[i].name,
                                 is_secret(headers[i].name) ? "REDACTED" : headers[i].value);

        if (pair)
            json_array_append_new(list, pair);
    }
    return list;
}

void tape_format(struct buffer *out, const struct tape_exchange *x, uint64_t number)
{
    json_t *line = json_pack(
        "{s:I, s:f, s:f, s:s, s:s, s:o, s:o, s:i, s:o, s:o, s:s}", "n", (json_int_t)number, "t",
        (double)x->at_ns / (double)NS_PER_S, "took", (double)x->took_ns / (double)NS_PER_S,
        "method", x->method, "path", x->path, "request_headers",
        headers_of(x->request_headers, x->request_header_count), "request", tape_base64(x->request),
        "status", (int)x->response.status, "headers",
        headers_of(x->response.headers, x->response.header_count), "answer",
        tape_base64(x->response.body), "fault", x->fault);
    char *text = line ? json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;

    if (text)
        buffer_put_text(out, text);
    else
        out->failed = true; /* no memory, or a path that is not UTF-8 */
    free(text);
    json_decref(line);
}

enum status tape_writer_new(struct tape_writer **out, const char *path, struct why *why)
{
    struct tape_writer *t = calloc(1, sizeof *t);

    if (!t)
        return fail(why, ST_NO_MEMORY, "recording: out of memory");
    t->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (t->fd < 0) {
        enum status st = fail(why, ST_IO, "recording '%s': %s", path, strerror(errno));

        free(t);
        return st;
    }
    buffer_init(&t->line, 0);
    *out = t;
    return ST_OK;
}

enum status tape_write(struct tape_writer *t, const struct tape_exchange *x, struct why *why)
{
    size_t done = 0;

    buffer_reset(&t->line);
    tape_format(&t->line, x, t->written + 1);
    buffer_put_u8(&t->line, '\n');
    if (!buffer_ok(&t->line))
        return fail(why, ST_NO_MEMORY, "recording: an exchange cannot be written as JSON");
    t->written++;
    while (done < t->line.size) {
        ssize_t n = write(t->fd, t->line.data + done, t->line.size - done);

        if (n < 0 && errno != EINTR)
            return fail(why, ST_IO, "recording: %s", strerror(errno));
        done += n > 0 ? (size_t)n : 0;
    }
    return ST_OK;
}

void tape_writer_free(struct tape_writer *t)
{
    if (!t)
        return;
    close(t->fd);
    buffer_fini(&t->line);
    free(t);
}

/* ---- reading ---- */

static void kept_free(struct kept *k)
{
    if (!k)
        return;
    for (size_t i = 0; i < k->count; i++)
        json_decref(k->lines[i]);
    for (size_t i = 0; i < k->body_count; i++)
        free(k->bodies[i]);
    free(k->lines);
    free(k->bodies);
    free(k);
}

void tape_free(struct tape *t)
{
    if (!t)
        return;
    kept_free(t->memory);
    free(t->exchanges);
    free(t);
}

static enum status read_body(struct bytes *out, struct kept *k, const json_t *text, struct why *why)
{
    size_t size = json_string_length(text), length = 0;
    const char *from = json_string_value(text);
    uint8_t *body;

    *out = bytes_of(NULL, 0);
    if (!from)
        return fail(why, ST_INPUT, "a body is no text");
    body = malloc(size + 1);
    if (!body)
        return fail(why, ST_NO_MEMORY, "out of memory");
    k->bodies[k->body_count++] = body;
    if (sodium_base642bin(body, size + 1, from, size, NULL, &length, NULL, BASE64))
        return fail(why, ST_INPUT, "a body is not base64");
    *out = bytes_of(body, length);
    return ST_OK;
}

static enum status read_headers(struct http_header *out, size_t *count, const json_t *list,
                                struct why *why)
{
    size_t size = json_array_size(list);

    if (!json_is_array(list) || size > HTTP_MAX_HEADERS)
        return fail(why, ST_INPUT, "headers are no list of at most %d", HTTP_MAX_HEADERS);
    for (size_t i = 0; i < size; i++) {
        const json_t *pair = json_array_get(list, i);
        const char *name = json_string_value(json_array_get(pair, 0));
        const char *value = json_string_value(json_array_get(pair, 1));

        if (!name || !value)
            return fail(why, ST_INPUT, "header %zu is no pair of texts", i + 1);
        out[i] = (struct http_header){name, value};
    }
    *count = size;
    return ST_OK;
}

/* Seconds, with a fraction or without; absent is 0. */
static enum status read_span(int64_t *ns, const json_t *line, const char *name, struct why *why)
{
    double s = json_number_value(json_object_get(line, name));

    if (!(s >= 0 && s <= LONGEST_S))
        return fail(why, ST_INPUT, "%s is not 0 to %.0f seconds", name, LONGEST_S);
    *ns = (int64_t)(s * (double)NS_PER_S);
    return ST_OK;
}

static enum status read_exchange(struct tape_exchange *x, struct kept *k, const json_t *line,
                                 struct why *why)
{
    json_int_t status = json_integer_value(json_object_get(line, "status"));
    const char *fault = json_string_value(json_object_get(line, "fault"));
    enum status st;

    *x = (struct tape_exchange){
        .method = json_string_value(json_object_get(line, "method")),
        .path = json_string_value(json_object_get(line, "path")),
        .response.status = (unsigned)status,
        .fault = fault ? fault : "",
    };
    if (!x->method || !x->path)
        return fail(why, ST_INPUT, "method and path are needed");
    if (status != 0 && (status < 100 || status > 599))
        return fail(why, ST_INPUT, "status %lld is none", (long long)status);
    st = read_span(&x->at_ns, line, "t", why);
    if (!st)
        st = read_span(&x->took_ns, line, "took", why);
    if (!st)
        st = read_body(&x->request, k, json_object_get(line, "request"), why);
    if (!st)
        st = read_body(&x->response.body, k, json_object_get(line, "answer"), why);
    if (!st)
        st = read_headers(x->request_headers, &x->request_header_count,
                          json_object_get(line, "request_headers"), why);
    if (!st)
        st = read_headers(x->response.headers, &x->response.header_count,
                          json_object_get(line, "headers"), why);
    return st;
}

static size_t count_lines(struct bytes text)
{
    size_t lines = 1;

    for (size_t i = 0; i < text.size; i++)
        lines += text.data[i] == '\n';
    return lines;
}

/* The next line without its end; false: there is none. */
static bool next_line(struct bytes *line, struct bytes text, size_t *at)
{
    const uint8_t *end;

    if (*at >= text.size)
        return false;
    end = memchr(text.data + *at, '\n', text.size - *at);
    *line = bytes_of(text.data + *at, end ? (size_t)(end - text.data) - *at : text.size - *at);
    *at += line->size + 1;
    return true;
}

enum status tape_read(struct tape **out, struct bytes text, struct why *why)
{
    size_t lines = count_lines(text), at = 0, number = 0;
    struct tape *t = calloc(1, sizeof *t);
    struct kept *k = calloc(1, sizeof *k);
    enum status st = ST_OK;
    struct bytes line;

    if (t)
        t->memory = k;
    if (t && k) {
        t->exchanges = calloc(lines, sizeof *t->exchanges);
        k->lines = calloc(lines, sizeof *k->lines);
        k->bodies = calloc(2 * lines, sizeof *k->bodies);
    }
    if (!t || !k || !t->exchanges || !k->lines || !k->bodies) {
        st = fail(why, ST_NO_MEMORY, "recording: out of memory");
        if (!t)
            kept_free(k);
        goto out;
    }
    while (!st && next_line(&line, text, &at)) {
        json_error_t error;
        json_t *json;

        number++;
        if (line.size == 0)
            continue;
        json = json_loadb((const char *)line.data, line.size, 0, &error);
        if (!json) {
            st = fail(why, ST_INPUT, "recording, line %zu: %s", number, error.text);
            break;
        }
        k->lines[k->count++] = json;
        st = read_exchange(&t->exchanges[t->count], k, json, why);
        if (st)
            fail_within(why, st, "recording, line %zu", number);
        t->count++;
    }
    if (st)
        goto out;

    *out = t;
    t = NULL;
out:
    tape_free(t);
    return st;
}

enum status tape_load(struct tape **out, const char *path, struct why *why)
{
    struct buffer text;
    enum status st;

    buffer_init(&text, 0);
    st = file_read(&text, path, TAPE_LIMIT, why);
    if (!st)
        st = tape_read(out, buffer_bytes(&text), why);
    if (st)
        fail_within(why, st, "'%s'", path);
    buffer_fini(&text);
    return st;
}
