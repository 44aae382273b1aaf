/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/replay.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct replay {
    const struct tape *tape;
    bool *used;
    char text[256]; /* of the last 404 */
};

enum status replay_new(struct replay **out, const struct tape *tape, struct why *why)
{
    struct replay *r = calloc(1, sizeof *r);

    if (r)
        r->used = calloc(tape->count + 1, sizeof *r->used);
    if (!r || !r->used) {
        replay_free(r);
        return fail(why, ST_NO_MEMORY, "replay: out of memory");
    }
    r->tape = tape;
    *out = r;
    return ST_OK;
}

void replay_free(struct replay *r)
{
    if (!r)
        return;
    free(r->used);
    free(r);
}

const struct tape_exchange *replay_next(struct replay *r, const char *method, const char *path)
{
    for (size_t i = 0; i < r->tape->count; i++) {
        const struct tape_exchange *x = &r->tape->exchanges[i];

        if (!r->used[i] && strcmp(x->method, method) == 0 && strcmp(x->path, path) == 0) {
            r->used[i] = true;
            return x;
        }
    }
    return NULL;
}

void replay_answer(struct replay *r, struct http_response *out, const char *method,
                   const char *path)
{
    const struct tape_exchange *x = replay_next(r, method, path);

    if (x) {
        *out = x->response;
        return;
    }
    snprintf(r->text, sizeof r->text,
             "{\"name\":\"NotFoundError\",\"message\":\"The recording has no (further) answer to "
             "this %.8s\",\"httpCode\":404}",
             method);
    *out = (struct http_response){.status = 404,
                                  .headers = {{"content-type", "application/json"}},
                                  .header_count = 1,
                                  .body = bytes_of_text(r->text)};
}

/* ---- differences ---- */

static const char *header_of(const struct http_response *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (strcasecmp(r->headers[i].name, name) == 0)
            return r->headers[i].value;
    return "none";
}

/* "members": the names of a JSON object with the kinds of their values. */
static void json_form(char out[static REPLAY_WORDS], const json_t *root)
{
    static const char *const kinds[] = {"object", "array", "text",  "number",
                                        "number", "bool",  "bool", "null"};
    const char *name;
    json_t *value;
    size_t used = 0;

    json_object_foreach((json_t *)root, name, value)
        if (used < REPLAY_WORDS)
            used += (size_t)snprintf(out + used, REPLAY_WORDS - used, " %.24s:%s", name,
                                     kinds[json_typeof(value)]);
}

/* A varint of at most ten bytes; false: none is there. */
static bool take_varint(struct bytes *from, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; from->size > 0 && shift < 70; shift += 7) {
        uint8_t byte = from->data[0];

        from->data++;
        from->size--;
        if (shift < 64)
            *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool skip_value(struct bytes *from, unsigned wire_type)
{
    uint64_t length = 0;

    if (wire_type == 0)
        return take_varint(from, &length);
    if (wire_type == 1)
        length = 8;
    else if (wire_type == 5)
        length = 4;
    else if (wire_type != 2 || !take_varint(from, &length))
        return false;
    if (length > from->size)
        return false;
    from->data += length;
    from->size -= length;
    return true;
}

/* "1.2 3.2 4.2": numbers and wire types of the fields, each once, in order of arrival. */
static void message_form(char out[static REPLAY_WORDS], struct bytes message)
{
    size_t used = 0;
    uint64_t tag;

    while (message.size > 0) {
        char field[24];

        if (!take_varint(&message, &tag) || !skip_value(&message, tag & 7)) {
            snprintf(out, REPLAY_WORDS, " no protobuf message");
            return;
        }
        snprintf(field, sizeof field, " %u.%u", (unsigned)(tag >> 3) & 0x1fffffff,
                 (unsigned)(tag & 7));
        if (!strstr(out, field) && used + strlen(field) < REPLAY_WORDS)
            used += (size_t)snprintf(out + used, REPLAY_WORDS - used, "%s", field);
    }
}

static void body_form(char out[static REPLAY_WORDS], const struct http_response *r)
{
    json_t *root = json_loadb((const char *)r->body.data, r->body.size, 0, NULL);

    out[0] = 0;
    if (json_is_object(root))
        json_form(out, root);
    else if (strncmp(header_of(r, "content-type"), "text/", 5) == 0)
        snprintf(out, REPLAY_WORDS, " text");
    else
        message_form(out, r->body);
    json_decref(root);
}

bool replay_differs(const struct http_response *recorded, const struct http_response *live,
                    char words[static REPLAY_WORDS])
{
    const char *type = header_of(recorded, "content-type");
    const char *live_type = header_of(live, "content-type");
    bool waits = strcmp(header_of(recorded, "retry-after"), "none") != 0;
    bool live_waits = strcmp(header_of(live, "retry-after"), "none") != 0;
    char form[REPLAY_WORDS], live_form[REPLAY_WORDS];

    words[0] = 0;
    if (recorded->status != live->status) {
        snprintf(words, REPLAY_WORDS, "status %u, recorded %u", live->status, recorded->status);
        return true;
    }
    if (strcasecmp(type, live_type) != 0) {
        snprintf(words, REPLAY_WORDS, "content-type %.60s, recorded %.60s", live_type, type);
        return true;
    }
    if (waits != live_waits) {
        snprintf(words, REPLAY_WORDS, "Retry-After is %s, recorded %s",
                 live_waits ? "there" : "not there", waits ? "there" : "not there");
        return true;
    }
    body_form(form, recorded);
    body_form(live_form, live);
    if (strcmp(form, live_form) == 0)
        return false;
    snprintf(words, REPLAY_WORDS, "body has%.100s, recorded%.100s", live_form, form);
    return true;
}
