/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mix.h"

#include <string.h>

static uint64_t word_at(const uint8_t *data)
{
    uint64_t word;

    memcpy(&word, data, 8);
    return word;
}

static uint32_t half_at(const uint8_t *data)
{
    uint32_t half;

    memcpy(&half, data, 4);
    return half;
}

static uint64_t mix_two(uint64_t hash, const uint8_t *data)
{
    __extension__ unsigned __int128 product =
        (unsigned __int128)(hash ^ word_at(data) ^ 0x9e3779b97f4a7c15u) *
        (word_at(data + 8) ^ 0xa0761d6478bd642fu);

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* All of less than 8 bytes, in one word. */
static uint64_t few(const uint8_t *data, size_t size)
{
    if (size >= 4)
        return half_at(data) | (uint64_t)half_at(data + size - 4) << 32;
    if (size == 0)
        return 0;
    return data[0] | (uint64_t)data[size / 2] << 8 | (uint64_t)data[size - 1] << 16;
}

/* Three chains side by side: a multiplication waits for none of the others. */
static uint64_t mix_long(uint64_t start, const uint8_t *data, size_t blocks)
{
    uint64_t a = start, b = start ^ 0xe7037ed1a0b428dbu, c = start ^ 0x8ebc6af09c88c6e3u;

    for (; blocks > 0; blocks--, data += 48) {
        a = mix_two(a, data);
        b = mix_two(b, data + 16);
        c = mix_two(c, data + 32);
    }
    return mix_word(mix_word(a, b), c);
}

uint64_t mix_bytes(uint64_t start, struct bytes b)
{
    const uint8_t *data = b.data;
    size_t size = b.size;
    uint64_t hash = start;

    if (size >= 96) {
        hash = mix_long(hash, data, size / 48);
        data += size / 48 * 48;
        size %= 48;
    }
    for (; size >= 16; size -= 16, data += 16)
        hash = mix_two(hash, data);
    if (size >= 8) { /* the last 8 bytes too: some of them twice */
        hash = mix_word(hash, word_at(data));
        hash = mix_word(hash, word_at(data + size - 8));
    } else {
        hash = mix_word(hash, few(data, size));
    }
    return mix_word(hash, b.size);
}
