/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/unpack.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "proto/utf8.h"

/* ---- memory ---- */

/* With its head, what allocators still serve quickly: most messages need less. */
#define CHUNK_SIZE ((size_t)960)

struct unpack_chunk {
    struct unpack_chunk *next;
    size_t used, size;
    alignas(max_align_t) uint8_t data[];
};

void *unpack_take(struct unpack_memory *m, size_t count, size_t size)
{
    const size_t align = alignof(max_align_t);
    struct unpack_chunk *chunk = m->chunks;
    size_t need;
    void *taken;

    if (__builtin_mul_overflow(count, size, &need) || need > m->limit - m->used) {
        m->st = ST_INPUT;
        return NULL;
    }
    m->used += need;
    /* need <= limit, far below SIZE_MAX, so rounding up cannot wrap */
    need = (need + align - 1) / align * align;
    if (!chunk || need > chunk->size - chunk->used) {
        size_t room = need > CHUNK_SIZE ? need : CHUNK_SIZE;

        chunk = malloc(sizeof *chunk + room);
        if (!chunk) {
            m->st = ST_NO_MEMORY;
            return NULL;
        }
        *chunk = (struct unpack_chunk){.next = m->chunks, .size = room};
        m->chunks = chunk;
    }
    taken = chunk->data + chunk->used;
    chunk->used += need;
    return taken;
}

void unpack_fini(struct unpack_memory *m)
{
    while (m->chunks) {
        struct unpack_chunk *next = m->chunks->next;

        free(m->chunks);
        m->chunks = next;
    }
    m->used = 0;
}

static void *allocator_take(void *memory, size_t size)
{
    return unpack_take(memory, 1, size);
}

/* protobuf-c frees its scratch one by one; ours goes with the message. */
static void allocator_leave(void *memory, void *pointer)
{
    (void)memory;
    (void)pointer;
}

/* ---- the walk ---- */

struct reader {
    struct bytes body;
    size_t at;
};

/* At most limit bytes; 10 hold 64 bits. */
static bool read_varint(struct reader *r, uint64_t *out, unsigned limit)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < limit && r->at < r->body.size; i++) {
        uint8_t byte = r->body.data[r->at++];

        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* Moves over one value; a length-prefixed one is returned in content. */
static bool read_value(struct reader *r, struct bytes *content, unsigned wire_type)
{
    uint64_t word;
    size_t size;

    switch (wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return read_varint(r, &word, 10);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        size = 8;
        break;
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        size = 4;
        break;
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        if (!read_varint(r, &word, 5) || word > INT32_MAX)
            return false;
        size = (size_t)word;
        break;
    default:
        return false; /* groups: not in proto3 */
    }
    if (size > r->body.size - r->at)
        return false;
    *content = bytes_of(r->body.data + r->at, size);
    r->at += size;
    return true;
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *message,
                                                uint64_t number)
{
    for (unsigned i = 0; i < message->n_fields; i++)
        if (message->fields[i].id == number)
            return &message->fields[i];
    return NULL;
}

static unsigned wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    default:
        return PROTOBUF_C_WIRE_TYPE_VARINT; /* the schema has no fixed-width numbers */
    }
}

static enum status scan(const ProtobufCMessageDescriptor *message, struct bytes body,
                        unsigned depth, struct why *why);

static enum status scan_field(const ProtobufCMessageDescriptor *message,
                              const ProtobufCFieldDescriptor *field, struct bytes content,
                              unsigned depth, struct why *why)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        enum status st = scan(field->descriptor, content, depth + 1, why);

        return st ? fail_within(why, st, "%s.%s", message->short_name, field->name) : ST_OK;
    }
    if (field->type != PROTOBUF_C_TYPE_STRING)
        return ST_OK;
    if (!utf8_valid(content))
        return fail(why, ST_INPUT, "%s.%s is not UTF-8", message->short_name, field->name);
    if (content.size && memchr(content.data, 0, content.size))
        return fail(why, ST_INPUT, "%s.%s holds a NUL", message->short_name, field->name);
    return ST_OK;
}

static enum status scan(const ProtobufCMessageDescriptor *message, struct bytes body,
                        unsigned depth, struct why *why)
{
    struct reader r = {.body = body};

    /* Only messages of the schema are entered and none contains itself. */
    assert(depth < UNPACK_MAX_DEPTH);
    while (r.at < body.size) {
        const ProtobufCFieldDescriptor *field;
        struct bytes content = {0};
        size_t start = r.at;
        unsigned wire_type;
        uint64_t tag;
        enum status st;

        if (!read_varint(&r, &tag, 5) || tag >> 3 == 0 || tag >> 32 != 0)
            return fail(why, ST_INPUT, "%s: bad field number at byte %zu", message->short_name,
                        start);
        wire_type = (unsigned)(tag & 7);
        field = field_of(message, tag >> 3);
        if (!read_value(&r, &content, wire_type))
            return fail(why, ST_INPUT, "%s: field %u at byte %zu is cut off or malformed",
                        message->short_name, (unsigned)(tag >> 3), start);
        if (!field)
            continue;
        if (wire_type != wire_type_of(field->type))
            return fail(why, ST_INPUT, "%s.%s has wire type %u", message->short_name, field->name,
                        wire_type);
        st = scan_field(message, field, content, depth, why);
        if (st)
            return st;
    }
    return ST_OK;
}

enum status unpack_scan(const ProtobufCMessageDescriptor *message, struct bytes body,
                        struct why *why)
{
    return scan(message, body, 0, why);
}

enum status unpack_message(ProtobufCMessage **out, struct unpack_memory *m,
                           const ProtobufCMessageDescriptor *message, struct bytes body,
                           struct why *why)
{
    ProtobufCAllocator allocator = {
        .alloc = allocator_take, .free = allocator_leave, .allocator_data = m};
    /* protobuf-c wants a pointer even for zero bytes */
    const uint8_t *data = body.size ? body.data : (const uint8_t *)"";
    enum status st = unpack_scan(message, body, why);

    if (st)
        return st;
    m->st = ST_INPUT;
    *out = protobuf_c_message_unpack(message, &allocator, body.size, data);
    if (*out)
        return ST_OK;
    st = m->st;
    unpack_fini(m);
    if (st == ST_NO_MEMORY)
        return fail(why, st, "%s: out of memory", message->short_name);
    return fail(why, st, "%s: needs more than %zu bytes of memory for %zu bytes",
                message->short_name, m->limit, body.size);
}
