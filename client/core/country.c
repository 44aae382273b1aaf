/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/country.h"

#include <string.h>

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool read_code(char *out, struct bytes text)
{
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    while (text.size > 0 && is_blank(*text.data)) {
        text.data++;
        text.size--;
    }
    if (text.size != 2 || !is_letter(text.data[0]) || !is_letter(text.data[1]))
        return false;
    out[0] = (char)(text.data[0] & ~0x20); /* the capital of an ASCII letter */
    out[1] = (char)(text.data[1] & ~0x20);
    out[2] = '\0';
    return true;
}

bool country_read(char out[static COUNTRY_CODE], struct bytes body)
{
    size_t start = 0;

    while (start < body.size) {
        const uint8_t *line = body.data + start;
        const uint8_t *newline = memchr(line, '\n', body.size - start);
        size_t size = newline ? (size_t)(newline - line) : body.size - start;

        if (size >= 4 && memcmp(line, "loc=", 4) == 0 &&
            read_code(out, bytes_of(line + 4, size - 4)))
            return true;
        start += size + 1;
    }
    return read_code(out, body);
}
