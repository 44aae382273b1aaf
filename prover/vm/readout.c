/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "prover/vm/vm.h"

enum status vm_decode_u32(uint32_t *out, size_t *used, struct bytes postcard, struct why *why)
{
    uint32_t value = 0;

    for (size_t i = 0; i < 5; i++) {
        if (i == postcard.size)
            return fail(why, ST_INPUT, "DeserializeUnexpectedEnd: a number of more than %zu bytes",
                        i);
        /* The fifth byte has room for the last four bits. */
        if (i == 4 && postcard.data[i] > 15)
            break;
        value |= (uint32_t)(postcard.data[i] & 0x7F) << 7 * i;
        if (!(postcard.data[i] & 0x80)) {
            *out = value;
            *used = i + 1;
            return ST_OK;
        }
    }
    return fail(why, ST_INPUT, "DeserializeBadVarint: a number of more than 32 bits");
}

enum status vm_decode_output(struct buffer *out, struct bytes region, struct why *why)
{
    const uint8_t *zero = region.size ? memchr(region.data, 0, region.size) : NULL;
    size_t end = zero ? (size_t)(zero - region.data) : region.size, at = 0;

    if (region.size == 0)
        return fail(why, ST_INPUT, "DeserializeBadEncoding: nothing to decode");
    while (at < end) {
        size_t code = region.data[at]; /* not 0: the text is cut there */

        if (code > end - at)
            return fail(why, ST_INPUT, "DeserializeBadEncoding: block of %zu bytes, %zu left", code,
                        end - at);
        buffer_put(out, region.data + at + 1, code - 1);
        at += code;
        if (code != 0xFF && at < end)
            buffer_put_u8(out, 0);
    }
    return buffer_ok(out) ? ST_OK : fail(why, ST_NO_MEMORY, "decoded output: out of memory");
}
