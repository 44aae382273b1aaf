/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte chooses the message, the rest is its body. What decodes must encode, and what was
 * encoded must decode to the same bytes again. */
#include <assert.h>

#include "proto/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = {data + 1, size - 1};
    struct buffer first, second;
    unsigned kind = 0;

    if (size == 0)
        return 0;
    buffer_init(&first, 0);
    buffer_init(&second, 0);
#define TRY(name)                                                                                  \
    if (data[0] == kind++) {                                                                       \
        struct wire_##name m;                                                                      \
        struct wire_memory memory = {0};                                                           \
        struct why why;                                                                            \
                                                                                                   \
        if (wire_decode_##name(&m, &memory, body, (size_t)1 << 20, &why) == ST_OK) {               \
            wire_encode_##name(&first, &m);                                                        \
            assert(buffer_ok(&first));                                                             \
            wire_memory_fini(&memory);                                                             \
            if (wire_decode_##name(&m, &memory, buffer_bytes(&first), SIZE_MAX, &why) == ST_OK) {  \
                wire_encode_##name(&second, &m);                                                   \
                assert(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));                  \
            }                                                                                      \
        }                                                                                          \
        wire_memory_fini(&memory);                                                                 \
    }
    WIRE_MESSAGES(TRY)
#undef TRY
    buffer_fini(&first);
    buffer_fini(&second);
    return 0;
}
