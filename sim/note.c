/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/note.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum kind { TEXT, UNSIGNED, LONG_UNSIGNED, LONG_SIGNED, SIZE, HEX, PERCENT };

static const struct {
    const char *text;
    size_t size;
    enum kind kind;
} conversions[] = {
    {"%s", 2, TEXT},          {"%u", 2, UNSIGNED}, {"%llu", 4, LONG_UNSIGNED},
    {"%016llx", 7, HEX},      {"%zu", 3, SIZE},    {"%lld", 4, LONG_SIGNED},
    {"%%", 2, PERCENT},
};

#define CONVERSIONS (sizeof conversions / sizeof *conversions)

static size_t conversion_of(const char *at)
{
    size_t i = 0;

    while (i < CONVERSIONS && strncmp(at, conversions[i].text, conversions[i].size) != 0)
        i++;
    return i;
}

struct pen {
    char *at, *end; /* there is always room for the end of the text */
};

static void put(struct pen *p, const char *text, size_t size)
{
    if (size > (size_t)(p->end - p->at))
        size = (size_t)(p->end - p->at);
    memcpy(p->at, text, size);
    p->at += size;
}

static void put_decimal(struct pen *p, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    put(p, digits + at, sizeof digits - at);
}

static void put_signed(struct pen *p, int64_t number)
{
    if (number < 0)
        put(p, "-", 1);
    put_decimal(p, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

static void put_hex(struct pen *p, uint64_t number)
{
    char digits[16];

    for (size_t i = 0; i < sizeof digits; i++)
        digits[i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
    put(p, digits, sizeof digits);
}

/* false: a conversion that we do not have. */
static bool put_all(struct pen *p, const char *format, va_list args)
{
    while (*format) {
        size_t plain = strcspn(format, "%"), i;
        const char *text;

        put(p, format, plain);
        format += plain;
        if (!*format)
            break;
        i = conversion_of(format);
        if (i == CONVERSIONS)
            return false;
        format += conversions[i].size;
        switch (conversions[i].kind) {
        case TEXT:
            text = va_arg(args, const char *);
            put(p, text, strlen(text));
            break;
        case UNSIGNED:
            put_decimal(p, va_arg(args, unsigned));
            break;
        case LONG_UNSIGNED:
            put_decimal(p, va_arg(args, unsigned long long));
            break;
        case LONG_SIGNED:
            put_signed(p, va_arg(args, long long));
            break;
        case SIZE:
            put_decimal(p, va_arg(args, size_t));
            break;
        case HEX:
            put_hex(p, va_arg(args, unsigned long long));
            break;
        case PERCENT:
            put(p, "%", 1);
            break;
        }
    }
    return true;
}

size_t note_format(char *out, size_t size, const char *format, va_list args)
{
    struct pen p = {.at = out, .end = out + size - 1};
    va_list again;

    va_copy(again, args);
    if (put_all(&p, format, args)) {
        *p.at = '\0';
    } else {
        int length = vsnprintf(out, size, format, again);

        p.at = length < (int)size ? out + (length < 0 ? 0 : length) : p.end;
    }
    va_end(again);
    return (size_t)(p.at - out);
}
