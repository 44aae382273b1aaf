/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/version.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_identifier(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/* Decimal, no leading zero, 64 bits; NULL when there is none, else what follows it. */
static const char *read_number(uint64_t *out, const char *at)
{
    uint64_t value = 0;

    if (!is_digit(*at) || (at[0] == '0' && is_digit(at[1])))
        return NULL;
    for (; is_digit(*at); at++) {
        uint64_t digit = (uint64_t)(*at - '0');

        if (value > (UINT64_MAX - digit) / 10)
            return NULL;
        value = value * 10 + digit;
    }
    *out = value;
    return at;
}

static bool all_digits(struct bytes part)
{
    for (size_t i = 0; i < part.size; i++)
        if (!is_digit((char)part.data[i]))
            return false;
    return true;
}

/* Takes the first identifier off a list with dots between; false at its end. An empty list has one
 * empty identifier. */
static bool next_part(struct bytes *part, struct bytes *list)
{
    size_t n = 0;

    if (!list->data)
        return false;
    while (n < list->size && list->data[n] != '.')
        n++;
    *part = bytes_of(list->data, n);
    *list = n < list->size ? bytes_of(list->data + n + 1, list->size - n - 1) : bytes_of(NULL, 0);
    return true;
}

/* Identifiers with dots between, none empty; numbers of a pre-release have no leading zero. */
static const char *read_list(struct bytes *out, const char *at, bool pre)
{
    const char *start = at;
    struct bytes rest, part;

    while (is_identifier(*at) || *at == '.')
        at++;
    *out = bytes_of(start, (size_t)(at - start));
    rest = *out;
    while (next_part(&part, &rest))
        if (part.size == 0 || (pre && part.size > 1 && part.data[0] == '0' && all_digits(part)))
            return NULL;
    return at;
}

bool version_parse(struct version *out, const char *text)
{
    struct version v = {.pre = bytes_of_text(""), .build = bytes_of_text("")};
    const char *at = text + (*text == 'v');

    for (int i = 0; i < 3; i++) {
        if (i > 0 && *at++ != '.')
            return false;
        at = read_number(&v.number[i], at);
        if (!at)
            return false;
    }
    if (*at == '-')
        at = read_list(&v.pre, at + 1, true);
    if (at && *at == '+')
        at = read_list(&v.build, at + 1, false);
    if (!at || *at)
        return false;
    *out = v;
    return true;
}

static int compare_sizes(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_bytes(struct bytes a, struct bytes b)
{
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.data, b.data, shared);

    return order ? order : compare_sizes(a.size, b.size);
}

/* By value; equal values by length: 0 < 00 < 1 < 01 < 2 (leading zeros occur in build metadata). */
static int compare_numbers(struct bytes a, struct bytes b)
{
    struct bytes x = a, y = b;
    int order;

    for (; x.size > 0 && *x.data == '0'; x.size--)
        x.data++;
    for (; y.size > 0 && *y.data == '0'; y.size--)
        y.data++;
    order = compare_sizes(x.size, y.size);
    if (!order)
        order = compare_bytes(x, y);
    return order ? order : compare_sizes(a.size, b.size);
}

/* Numbers come before words, a list before its longer continuations. */
static int compare_lists(struct bytes a, struct bytes b)
{
    struct bytes x, y;

    while (next_part(&x, &a)) {
        bool x_number = all_digits(x), y_number;
        int order;

        if (!next_part(&y, &b))
            return 1;
        y_number = all_digits(y);
        if (x_number != y_number)
            return x_number ? -1 : 1;
        order = x_number ? compare_numbers(x, y) : compare_bytes(x, y);
        if (order)
            return order;
    }
    return next_part(&y, &b) ? -1 : 0;
}

int version_compare(const struct version *a, const struct version *b)
{
    int order;

    for (int i = 0; i < 3; i++)
        if (a->number[i] != b->number[i])
            return a->number[i] < b->number[i] ? -1 : 1;
    if (!a->pre.size != !b->pre.size)
        return a->pre.size ? -1 : 1; /* a pre-release comes before its release */
    order = compare_lists(a->pre, b->pre);
    return order ? order : compare_lists(a->build, b->build);
}

bool version_newer(const char *a, const char *than)
{
    struct version x, y;

    return version_parse(&x, a) && version_parse(&y, than) && version_compare(&x, &y) > 0;
}
