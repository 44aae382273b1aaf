/* SPDX-License-Identifier: Apache-2.0 */
#include "base/print.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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

/* least: zeros stand in front of fewer digits. */
static void put_hex(struct pen *p, uint64_t number, size_t least)
{
    char digits[16];
    size_t at = sizeof digits;

    do
        digits[--at] = "0123456789abcdef"[number & 15];
    while (number >>= 4);
    while (sizeof digits - at < least)
        digits[--at] = '0';
    put(p, digits + at, sizeof digits - at);
}

/* What stands between the conversions. Returns where the next one begins, or the end. */
static const char *put_plain(struct pen *p, const char *format)
{
    char *at = p->at;

    for (; *format && *format != '%'; format++)
        if (at < p->end)
            *at++ = *format;
    p->at = at;
    return format;
}

static bool begins(const char **at, const char *word)
{
    const char *c = *at;

    for (; *word; word++, c++)
        if (*c != *word)
            return false;
    *at = c;
    return true;
}

/* A text, or so much of its beginning: %s, %.*s, %.80s. args is the caller's list by its address:
 * what is read here is read for the caller too. false: another conversion. */
static bool put_part(struct pen *p, const char **format, va_list *args)
{
    const char *at = *format + 2, *text; /* behind "%." */
    size_t most = 0;

    if (*at == '*') {
        int given = va_arg(*args, int);

        if (given < 0)
            return false;
        most = (size_t)given;
        at++;
    } else {
        for (; *at >= '0' && *at <= '9'; at++)
            most = most * 10 + (size_t)(*at - '0');
    }
    if (*at != 's')
        return false;
    text = va_arg(*args, const char *);
    if (!text)
        return false;
    put(p, text, strnlen(text, most));
    *format = at + 1;
    return true;
}

/* *format: behind "%l". */
static bool put_long(struct pen *p, const char **format, va_list *args)
{
    if (begins(format, "ld"))
        put_signed(p, va_arg(*args, long long));
    else if (begins(format, "lu"))
        put_decimal(p, va_arg(*args, unsigned long long));
    else if (begins(format, "d"))
        put_signed(p, va_arg(*args, long));
    else if (begins(format, "u"))
        put_decimal(p, va_arg(*args, unsigned long));
    else
        return false;
    return true;
}

static bool put_padded(struct pen *p, const char **format, va_list *args)
{
    if (begins(format, "%016llx"))
        put_hex(p, va_arg(*args, unsigned long long), 16);
    else if (begins(format, "%02x"))
        put_hex(p, va_arg(*args, unsigned), 2);
    else
        return false;
    return true;
}

/* One conversion; *format moves behind it. false: one that we do not have. */
static bool put_next(struct pen *p, const char **format, va_list *args)
{
    const char *text;

    switch ((*format)[1]) {
    case 's':
        text = va_arg(*args, const char *);
        if (!text)
            return false;
        put(p, text, strlen(text));
        break;
    case '.':
        return put_part(p, format, args);
    case 'u':
        put_decimal(p, va_arg(*args, unsigned));
        break;
    case 'd':
        put_signed(p, va_arg(*args, int));
        break;
    case 'l':
        *format += 2;
        return put_long(p, format, args);
    case 'z':
        if ((*format)[2] != 'u')
            return false;
        put_decimal(p, va_arg(*args, size_t));
        *format += 1;
        break;
    case 'x':
        put_hex(p, va_arg(*args, unsigned), 1);
        break;
    case 'c':
        put(p, &(char){(char)va_arg(*args, int)}, 1);
        break;
    case '%':
        put(p, "%", 1);
        break;
    case '0':
        return put_padded(p, format, args);
    default:
        return false;
    }
    *format += 2;
    return true;
}

size_t print_list(char *out, size_t size, const char *format, va_list args)
{
    struct pen p = {.at = out, .end = out + size - 1};
    const char *at = put_plain(&p, format);
    va_list ours;

    va_copy(ours, args);
    while (*at && put_next(&p, &at, &ours))
        at = put_plain(&p, at);
    va_end(ours);
    if (*at) {
        int length = vsnprintf(out, size, format, args);

        return length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1;
    }
    *p.at = '\0';
    return (size_t)(p.at - out);
}

size_t print_text(char *out, size_t size, const char *format, ...)
{
    va_list args;
    size_t length;

    va_start(args, format);
    length = print_list(out, size, format, args);
    va_end(args);
    return length;
}
