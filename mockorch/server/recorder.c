/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockorch/server/replay.h"

struct recorder {
    struct recorder_options options;
    struct tape_writer *writer;
    bool broken; /* the tape could not be written: said once */
    struct tape *played, *compared_with;
    struct replay *replay, *diff;
    uint64_t compared, differed;
};

struct recorder_note {
    struct tape_exchange exchange; /* of the request; its texts follow in `copies` */
    char *copies[2 + 2 * HTTP_MAX_HEADERS];
    size_t copy_count;
    uint8_t *body;
};

/* ---- life ---- */

static enum status open_tape(struct tape **tape, struct replay **replay, const char *path,
                             struct why *why)
{
    enum status st;

    if (!path)
        return ST_OK;
    st = tape_load(tape, path, why);
    return st ? st : replay_new(replay, *tape, why);
}

enum status recorder_new(struct recorder **out, const struct recorder_options *options,
                         struct why *why)
{
    struct recorder *r = calloc(1, sizeof *r);
    enum status st;

    if (!r)
        return fail(why, ST_NO_MEMORY, "recorder: out of memory");
    r->options = *options;
    st = open_tape(&r->played, &r->replay, options->replay, why);
    if (!st)
        st = open_tape(&r->compared_with, &r->diff, options->diff, why);
    if (!st && options->record)
        st = tape_writer_new(&r->writer, options->record, why);
    if (st) {
        recorder_free(r);
        return st;
    }
    *out = r;
    return ST_OK;
}

void recorder_free(struct recorder *r)
{
    if (!r)
        return;
    tape_writer_free(r->writer);
    replay_free(r->replay);
    replay_free(r->diff);
    tape_free(r->played);
    tape_free(r->compared_with);
    free(r);
}

uint64_t recorder_compared(const struct recorder *r)
{
    return r->compared;
}

uint64_t recorder_differed(const struct recorder *r)
{
    return r->differed;
}

/* ---- requests ---- */

/* NULL with failed set when there is no memory. */
static const char *copy(struct recorder_note *n, const char *text, bool *failed)
{
    char *own = strdup(text);

    *failed |= !own;
    if (own)
        n->copies[n->copy_count++] = own;
    return own;
}

void recorder_drop(struct recorder_note *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->copy_count; i++)
        free(n->copies[i]);
    free(n->body);
    free(n);
}

struct recorder_note *recorder_begin(struct recorder *r, const struct http_request *request,
                                     int64_t now_ns)
{
    struct recorder_note *n = calloc(1, sizeof *n);
    struct tape_exchange *x;
    bool failed = false;

    (void)r;
    if (!n)
        return NULL;
    x = &n->exchange;
    x->at_ns = now_ns;
    x->method = copy(n, http_method_name(request->method), &failed);
    x->path = copy(n, request->path, &failed);
    for (size_t i = 0; i < request->header_count; i++)
        x->request_headers[x->request_header_count++] = (struct http_header){
            copy(n, request->headers[i].name, &failed), copy(n, request->headers[i].value, &failed)};
    if (request->body.size) {
        n->body = malloc(request->body.size);
        failed |= !n->body;
        if (n->body)
            memcpy(n->body, request->body.data, request->body.size);
        x->request = bytes_of(n->body, request->body.size);
    }
    if (failed) {
        recorder_drop(n);
        return NULL;
    }
    return n;
}

bool recorder_replays(const struct recorder *r)
{
    return r->replay != NULL;
}

void recorder_answer(struct recorder *r, const struct recorder_note *note,
                     struct http_response *out)
{
    replay_answer(r->replay, out, note->exchange.method, note->exchange.path);
}

/* ---- answers ---- */

static void complain(const struct recorder *r, const char *words)
{
    if (r->options.complain)
        r->options.complain(r->options.context, words);
}

static void put_on_tape(struct recorder *r, const struct tape_exchange *x)
{
    struct why why;

    if (!r->writer || r->broken)
        return;
    if (tape_write(r->writer, x, &why)) {
        r->broken = true;
        complain(r, why.text);
    }
}

static void compare(struct recorder *r, const struct tape_exchange *live)
{
    const struct tape_exchange *x = r->diff ? replay_next(r->diff, live->method, live->path) : NULL;
    char difference[REPLAY_WORDS], words[REPLAY_WORDS + 128];

    if (!x)
        return;
    r->compared++;
    if (!replay_differs(&x->response, &live->response, difference))
        return;
    r->differed++;
    snprintf(words, sizeof words, "differs: %s %.80s: %s", live->method, live->path, difference);
    complain(r, words);
}

void recorder_end(struct recorder *r, struct recorder_note *note,
                  const struct http_response *response, const char *faults, int64_t now_ns)
{
    if (!note)
        return;
    note->exchange.took_ns = now_ns - note->exchange.at_ns;
    note->exchange.response = *response;
    note->exchange.fault = faults;
    put_on_tape(r, &note->exchange);
    compare(r, &note->exchange);
    recorder_drop(note);
}
