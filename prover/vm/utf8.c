/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/vm/utf8.h"

/* What may follow a first byte: how many bytes, and the range of the second one. */
struct sequence {
    uint8_t first, last; /* of the first byte */
    uint8_t tail;        /* bytes that follow */
    uint8_t low, high;   /* of the second byte; the others are 80..BF */
};

static const struct sequence sequences[] = {
    {0x00, 0x7F, 0, 0, 0},       {0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF},
    {0xE1, 0xEC, 2, 0x80, 0xBF}, {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF},
    {0xF0, 0xF0, 3, 0x90, 0xBF}, {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F},
};

/* Length of the character, or of the maximal ill-formed part, at the start of a non-empty text. */
static size_t part_length(struct bytes text, bool *valid)
{
    const struct sequence *s = NULL;
    size_t length = 1;

    *valid = false;
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
        if (text.data[0] >= sequences[i].first && text.data[0] <= sequences[i].last)
            s = &sequences[i];
    if (!s)
        return 1;
    for (; length <= s->tail; length++) {
        uint8_t low = length == 1 ? s->low : 0x80, high = length == 1 ? s->high : 0xBF;

        if (length >= text.size || text.data[length] < low || text.data[length] > high)
            return length;
    }
    *valid = true;
    return length;
}

bool utf8_is_valid(struct bytes text)
{
    bool valid = true;

    for (size_t at = 0; at < text.size && valid;)
        at += part_length(bytes_of(text.data + at, text.size - at), &valid);
    return valid;
}

void utf8_put_lossy(struct buffer *out, struct bytes text)
{
    for (size_t at = 0; at < text.size;) {
        bool valid;
        size_t length = part_length(bytes_of(text.data + at, text.size - at), &valid);

        if (valid)
            buffer_put(out, text.data + at, length);
        else
            buffer_put(out, "\xEF\xBF\xBD", 3);
        at += length;
    }
}
