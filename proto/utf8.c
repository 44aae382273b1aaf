/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/utf8.h"

#include <string.h>

/* The length of a sequence by its first byte and the allowed range of its second one; all later
 * bytes are 80 .. bf (table 3-7 of the Unicode standard). */
static size_t utf8_sequence(uint8_t first, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef) {
        if (first == 0xe0)
            *low = 0xa0; /* shorter forms exist below */
        if (first == 0xed)
            *high = 0x9f; /* surrogates */
        return 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        if (first == 0xf0)
            *low = 0x90;
        if (first == 0xf4)
            *high = 0x8f; /* above U+10FFFF */
        return 4;
    }
    return 0;
}

/* How many bytes from the first on are ASCII, in steps of 8. */
static size_t ascii_words(struct bytes text)
{
    size_t at = 0;
    uint64_t word;

    for (; text.size - at >= 8; at += 8) {
        memcpy(&word, text.data + at, 8);
        if (word & 0x8080808080808080u)
            break;
    }
    return at;
}

bool utf8_valid(struct bytes text)
{
    size_t at = ascii_words(text);

    while (at < text.size) {
        uint8_t low, high;
        size_t length = utf8_sequence(text.data[at], &low, &high);

        if (length == 0 || length > text.size - at)
            return false;
        for (size_t i = 1; i < length; i++) {
            uint8_t byte = text.data[at + i];

            if (byte < low || byte > high)
                return false;
            low = 0x80;
            high = 0xbf;
        }
        at += length;
    }
    return true;
}
