/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to protobuf-c messages under limits: what wire.c stands on.
 *
 * protobuf-c itself bounds neither depth nor memory, takes any bytes as text and cuts a text at its
 * first NUL. So every body is walked once before (unpack_scan), without memory and no deeper than
 * the schema, and then unpacked with an allocator that counts.
 *
 * Owner:   everything unpacked lives in one struct unpack_memory; unpack_fini frees it at once.
 * Errors:  ST_INPUT with message and field in the words; ST_NO_MEMORY.
 */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "base/bytes.h"

#define UNPACK_MAX_DEPTH 4 /* the schema needs 3: answer, task, timestamp */

struct unpack_chunk;

struct unpack_memory {
    struct unpack_chunk *chunks;
    size_t used;
    size_t limit;
    enum status st; /* why a take failed: ST_INPUT at the limit, ST_NO_MEMORY */
};

/* NULL when the limit or the system says no. Aligned for every type; freed with all the rest. */
void *unpack_take(struct unpack_memory *m, size_t count, size_t size);
/* Undoes every take. */
void unpack_fini(struct unpack_memory *m);

/* Structure, wire types, texts and depth of an encoded message. */
enum status MUST_USE unpack_scan(const ProtobufCMessageDescriptor *message, struct bytes body,
                                 struct why *why);

/* Scans and unpacks; m is set up by the caller with its limit and stays usable for more takes. On
 * failure m holds nothing. */
enum status MUST_USE unpack_message(ProtobufCMessage **out, struct unpack_memory *m,
                                    const ProtobufCMessageDescriptor *message, struct bytes body,
                                    struct why *why);
