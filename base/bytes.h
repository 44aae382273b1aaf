/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed byte ranges, a growing buffer, and little-endian words.
 *
 * Owner:   struct bytes borrows; struct buffer owns its heap memory (buffer_fini).
 * Errors:  a buffer that gets no memory, or would pass its limit, turns `failed` and swallows what
 *          follows: write everything, then ask buffer_ok() once.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/status.h"

struct bytes {
    const uint8_t *data;
    size_t size;
};

static inline struct bytes bytes_of(const void *data, size_t size)
{
    return (struct bytes){.data = data, .size = size};
}

/* The bytes of a C string without its end. */
struct bytes bytes_of_text(const char *text);

bool bytes_equal(struct bytes a, struct bytes b);

struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t limit; /* 0: none */
    bool failed;
};

void buffer_init(struct buffer *b, size_t limit);
void buffer_fini(struct buffer *b);
void buffer_reset(struct buffer *b); /* empty again, memory kept, failure forgotten */
/* About so much will follow: room for it at once, where the limit allows. */
void buffer_expect(struct buffer *b, size_t size);
void buffer_put_slowly(struct buffer *b, const void *data, size_t size); /* may need room */
static inline void buffer_put(struct buffer *b, const void *data, size_t size)
{
    if (size && size <= b->capacity - b->size && !b->failed &&
        (!b->limit || size <= b->limit - b->size)) { /* b->size <= limit always */
        memcpy(b->data + b->size, data, size);
        b->size += size;
    } else {
        buffer_put_slowly(b, data, size);
    }
}
void buffer_put_u8(struct buffer *b, uint8_t value);
void buffer_put_text(struct buffer *b, const char *text);
void buffer_put_format(struct buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline bool buffer_ok(const struct buffer *b)
{
    return !b->failed;
}

static inline struct bytes buffer_bytes(const struct buffer *b)
{
    return bytes_of(b->data, b->size);
}

/* Hands the memory to the caller (free()); the buffer is empty afterwards. */
uint8_t *buffer_take(struct buffer *b, size_t *size);

static inline uint32_t load_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void store_le32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

/* Lower-case hex; out holds 2 * size + 1 characters. */
void hex_encode(char *out, const uint8_t *data, size_t size);

/* Exactly 2 * size hex digits of either case and nothing else; false leaves out undefined. */
bool hex_decode(uint8_t *out, size_t size, const char *text);

/* Reads a whole file of at most limit bytes into out (which the caller has initialised).
 * ST_INPUT when it is larger, ST_NOT_FOUND or ST_IO with the path in the words. */
enum status MUST_USE file_read(struct buffer *out, const char *path, size_t limit,
                               struct why *why);

/* Writes a file so that a reader sees the old bytes or all of the new ones: a temporary file beside
 * it, fsync, rename, fsync of the folder. mode as for open(2), e.g. 0600. */
enum status MUST_USE file_write(const char *path, struct bytes content, unsigned mode,
                                struct why *why);
/* Names made, removed or changed in the folder of that file are on disk. */
enum status MUST_USE file_sync_folder(const char *path, struct why *why);
