/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "prover/vm/vm.h"

/* The reference's rule for full blocks (vm.md 8): closed at once with code FF, even when the data
 * end there, so that an empty block (code 01) follows. */
#define COBS_BLOCK 254

static void put_block(struct buffer *out, const uint8_t *data, size_t size)
{
    buffer_put_u8(out, (uint8_t)(size + 1));
    buffer_put(out, data, size);
}

void vm_encode_input(struct buffer *out, struct bytes postcard)
{
    size_t start = out->size, block = 0;

    if (postcard.size == 0)
        return;
    for (size_t i = 0; i < postcard.size; i++) {
        size_t length = i - block;

        if (postcard.data[i] == 0) {
            put_block(out, postcard.data + block, length);
            block = i + 1;
        } else if (length + 1 == COBS_BLOCK) {
            put_block(out, postcard.data + block, COBS_BLOCK);
            block = i + 1;
        }
    }
    put_block(out, postcard.data + block, postcard.size - block);
    do
        buffer_put_u8(out, 0);
    while (buffer_ok(out) && (out->size - start) % 4);
}

static void put_varint(struct buffer *out, uint32_t value)
{
    for (; value > 0x7F; value >>= 7)
        buffer_put_u8(out, (uint8_t)(value & 0x7F) | 0x80);
    buffer_put_u8(out, (uint8_t)value);
}

void vm_encode_u32s(struct buffer *out, const uint32_t *values, size_t count)
{
    struct buffer postcard;

    buffer_init(&postcard, 0);
    for (size_t i = 0; i < count; i++)
        put_varint(&postcard, values[i]);
    if (buffer_ok(&postcard))
        vm_encode_input(out, buffer_bytes(&postcard));
    else
        out->failed = true;
    buffer_fini(&postcard);
}
