/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/parse.h"

/* Digits up to `end`; moves *at behind them. */
static bool read_number(uint64_t *out, const char **at)
{
    const char *c = *at;
    uint64_t value = 0;

    for (; *c >= '0' && *c <= '9'; c++) {
        uint64_t digit = (uint64_t)(*c - '0');

        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (c == *at)
        return false;
    *at = c;
    *out = value;
    return true;
}

bool parse_u64(uint64_t *out, const char *text, uint64_t least, uint64_t most)
{
    uint64_t value;

    if (!read_number(&value, &text) || *text || value < least || value > most)
        return false;
    *out = value;
    return true;
}

bool parse_values(uint32_t out[static PARSE_MAX_VALUES], size_t *count, const char *text)
{
    size_t n = 0;
    uint64_t value;

    for (;;) {
        if (n == PARSE_MAX_VALUES || !read_number(&value, &text) || value > UINT32_MAX)
            return false;
        out[n++] = (uint32_t)value;
        if (!*text)
            break;
        if (*text++ != ',')
            return false;
    }
    *count = n;
    return true;
}
