/* SPDX-License-Identifier: Apache-2.0 */
/* Damage that a decoder of protobuf must survive: what is appended or repeated here is legal framing
 * at most for its first bytes. Source: protobuf.dev, "Encoding". */
#include "mockorch/core/fault.h"

#define DEEP 10000

/* Field 15, so that no message of ours has it. Lengths are written as three bytes each. */
static void put_deep(struct buffer *out)
{
    for (size_t inside = DEEP; inside-- > 0;) {
        size_t length = inside * 4; /* < 2^21 */
        uint8_t head[] = {15 << 3 | 2, (uint8_t)(length | 0x80), (uint8_t)(length >> 7 | 0x80),
                          (uint8_t)(length >> 14)};

        buffer_put(out, head, sizeof head);
    }
}

void fault_mutate(struct buffer *message, enum fault_mutation m)
{
    static const uint8_t wire_type[] = {4 << 3 | 0, 1}; /* `task` as a number */
    static const uint8_t giant[] = {15 << 3 | 2, 0xff, 0xff, 0xff, 0xff, 0x07, 'x'};
    static const uint8_t endless[] = {15 << 3 | 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff,        0xff, 0xff, 0xff, 0xff, 0x01};
    static const uint8_t zero[] = {0 << 3 | 0, 1};
    static const uint8_t group[] = {15 << 3 | 3, 1 << 3 | 0, 7, 15 << 3 | 4};
    size_t size = message->size;

    if (!buffer_ok(message) || size == 0)
        return;
    switch (m) {
    case FAULT_MUTATE_WIRE_TYPE:
        buffer_put(message, wire_type, sizeof wire_type);
        break;
    case FAULT_MUTATE_GIANT_LENGTH:
        buffer_put(message, giant, sizeof giant);
        break;
    case FAULT_MUTATE_DEEP:
        put_deep(message);
        break;
    case FAULT_MUTATE_ENDLESS_VARINT:
        buffer_put(message, endless, sizeof endless);
        break;
    case FAULT_MUTATE_FIELD_ZERO:
        buffer_put(message, zero, sizeof zero);
        break;
    case FAULT_MUTATE_GROUP:
        buffer_put(message, group, sizeof group);
        break;
    default: /* FAULT_MUTATE_MERGED; buffer_put may move what it copies from */
        for (size_t i = 0; i < size; i++)
            buffer_put_u8(message, message->data[i]);
        break;
    }
}
