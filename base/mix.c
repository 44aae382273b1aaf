/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mix.h"

#include <string.h>

uint64_t mix_bytes(uint64_t start, struct bytes b)
{
    const uint8_t *data = b.data;
    size_t size = b.size;
    uint64_t hash = start, word;

    for (; size >= 8; size -= 8, data += 8) {
        memcpy(&word, data, 8);
        hash = mix_word(hash, word);
    }
    word = 0;
    if (size)
        memcpy(&word, data, size);
    return mix_word(hash, word ^ (uint64_t)size << 56);
}
