/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/journal_record.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "proto/utf8.h"

enum shape { WHOLE, TEXT };

#define MOST_NS (INT64_MAX / 8) /* as in record.c */

/* Whole numbers may have any width; `most` bounds them on both sides of 0 where they are signed. */
static const struct field {
    const char *name;
    enum shape shape;
    size_t at, size;
    int64_t least, most;
} fields[] = {
#define ROW(name, member, shape, least, most)                                                      \
    {                                                                                              \
        name, shape, offsetof(struct journal_entry, member),                                       \
            sizeof((struct journal_entry *)0)->member, least, most                                 \
    }
    ROW("at", at_ns, WHOLE, -MOST_NS, MOST_NS),
    ROW("took", took_ns, WHOLE, -MOST_NS, MOST_NS),
    ROW("method", method, WHOLE, 0, HTTP_POST),
    ROW("path", path, TEXT, 0, 0),
    ROW("peer", peer, TEXT, 0, 0),
    ROW("bytes", body_bytes, WHOLE, 0, INT64_MAX),
    ROW("answer", answer_bytes, WHOLE, 0, INT64_MAX),
    ROW("call", verdict.call, WHOLE, 0, CALL_COUNT - 1),
    ROW("status", verdict.status, WHOLE, 0, 599),
    ROW("passed", verdict.passed, WHOLE, 0, UINT32_MAX),
    ROW("failed", verdict.failed, WHOLE, 0, CHECK_NONE),
    ROW("held", verdict.held_ns, WHOLE, 0, MOST_NS),
    ROW("node", verdict.node_id, TEXT, 0, 0),
    ROW("task", verdict.task_id, TEXT, 0, 0),
    ROW("faults", verdict.faults, TEXT, 0, 0),
    ROW("why", verdict.why.text, TEXT, 0, 0),
    ROW("credited", verdict.credited, WHOLE, 0, 1),
    ROW("waits", verdict.held, WHOLE, 0, 1),
    ROW("port", port, WHOLE, 0, 65535),
    ROW("body", body_hash, WHOLE, INT64_MIN, INT64_MAX),
    ROW("retry", retry_after_s, WHOLE, -1, INT64_MAX),
    ROW("end", end, WHOLE, 0, JOURNAL_LEFT),
    ROW("ended", end_ns, WHOLE, -MOST_NS, MOST_NS),
    ROW("submission", submission, WHOLE, 0, 1),
    ROW("got", key_got, TEXT, 0, 0),
    ROW("wanted", key_wanted, TEXT, 0, 0),
    ROW("hash", proof_hash, TEXT, 0, 0),
    ROW("key_bytes", key_bytes, WHOLE, 0, INT64_MAX),
    ROW("signature_bytes", signature_bytes, WHOLE, 0, INT64_MAX),
    ROW("proofs", proofs, WHOLE, 0, INT64_MAX),
    ROW("hashes", all_proof_hashes, WHOLE, 0, INT64_MAX),
    ROW("inputs", inputs, WHOLE, 0, INT64_MAX),
    ROW("type", task_type, WHOLE, 0, TASK_ALL_PROOF_HASHES),
#undef ROW
};
#define FIELDS (sizeof fields / sizeof *fields)

/* ---- out ---- */

static int64_t whole_of(const struct journal_entry *e, const struct field *f)
{
    const uint8_t *at = (const uint8_t *)e + f->at;
    uint64_t wide;
    uint32_t narrow;

    switch (f->size) {
    case 8:
        memcpy(&wide, at, 8);
        return (int64_t)wide;
    case 4:
        memcpy(&narrow, at, 4);
        return narrow;
    default:
        assert(f->size == 1);
        return *at;
    }
}

static void put_text(struct buffer *out, const char *text, size_t length)
{
    const bool good = utf8_valid(bytes_of(text, length));
    size_t plain = 0;

    buffer_put_u8(out, '"');
    for (size_t i = 0; i < length; i++) {
        const uint8_t c = (uint8_t)text[i];

        if (c >= 0x20 && c != '"' && c != '\\' && (c < 0x80 || good))
            continue;
        buffer_put(out, text + plain, i - plain);
        plain = i + 1;
        if (c >= 0x80)
            buffer_put_u8(out, '?');
        else
            buffer_put_format(out, "\\u%04x", c);
    }
    buffer_put(out, text + plain, length - plain);
    buffer_put_u8(out, '"');
}

static void put_number(struct buffer *out, int64_t n)
{
    char digits[21];
    size_t at = sizeof digits;
    uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;

    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (n < 0)
        digits[--at] = '-';
    buffer_put(out, digits + at, sizeof digits - at);
}

static void put_name(struct buffer *out, const char *name, char *between)
{
    buffer_put_u8(out, (uint8_t)*between);
    *between = ',';
    buffer_put_u8(out, '"');
    buffer_put_text(out, name);
    buffer_put(out, "\":", 2);
}

void journal_record_put(struct buffer *out, const struct journal_entry *e)
{
    char between = '{';

    for (size_t i = 0; i < FIELDS; i++) {
        const struct field *f = &fields[i];

        if (f->shape == TEXT) {
            const char *text = (const char *)e + f->at;
            const size_t length = strnlen(text, f->size);

            if (!length)
                continue;
            put_name(out, f->name, &between);
            put_text(out, text, length);
        } else if (whole_of(e, f)) {
            put_name(out, f->name, &between);
            put_number(out, whole_of(e, f));
        }
    }
    if (e->task_state) {
        put_name(out, "state", &between);
        put_text(out, e->task_state, strlen(e->task_state));
    }
    buffer_put_text(out, between == '{' ? "{}" : "}");
}

/* ---- in ---- */

static void set_whole(struct journal_entry *e, const struct field *f, int64_t n)
{
    const uint64_t wide = (uint64_t)n;
    const uint32_t narrow = (uint32_t)n;
    const uint8_t byte = (uint8_t)n;

    memcpy((uint8_t *)e + f->at,
           f->size == 8   ? (const void *)&wide
           : f->size == 4 ? (const void *)&narrow
                          : (const void *)&byte,
           f->size);
}

static bool get_field(struct journal_entry *e, const struct field *f, const json_t *value)
{
    if (f->shape == TEXT) {
        if (!json_is_string(value) || json_string_length(value) >= f->size)
            return false;
        memcpy((char *)e + f->at, json_string_value(value), json_string_length(value) + 1);
        return true;
    }
    if (!json_is_integer(value) || json_integer_value(value) < f->least ||
        json_integer_value(value) > f->most)
        return false;
    set_whole(e, f, json_integer_value(value));
    return true;
}

bool journal_record_get(struct journal_entry *out, const json_t *record)
{
    const json_t *state = json_object_get(record, "state");

    if (!json_is_object(record))
        return false;
    for (size_t i = 0; i < FIELDS; i++) {
        const json_t *value = json_object_get(record, fields[i].name);

        if (value && !get_field(out, &fields[i], value))
            return false;
    }
    if (!state)
        return true;
    for (int s = 0; s < TASK_STATES; s++)
        if (json_is_string(state) &&
            strcmp(json_string_value(state), task_state_name((enum task_state)s)) == 0)
            out->task_state = task_state_name((enum task_state)s);
    return out->task_state != NULL;
}
