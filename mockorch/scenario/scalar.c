/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/scenario/scalar.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/scenario/place.h"

#define DIGITS     "0123456789"
#define LONGEST_NS (INT64_C(3652) * 86400 * NS_PER_S)

void scalar_say_where(const struct scalar_reader *r, const char *key, const char *text)
{
    const struct place_wish wish = {
        .part = r->part, .number = r->number, .key = key, .text = text};
    struct place at = {.line = 0};

    if (r->yaml.size)
        at = place_of(r->yaml, &wish);
    if (at.line)
        fail_within(r->why, r->st, "line %zu, column %zu", at.line, at.column);
}

void scalar_complain(struct scalar_reader *r, const char *key, const char *text, const char *wanted)
{
    if (r->st)
        return;
    if (r->number)
        r->st = fail(r->why, ST_INPUT, "%s, number %zu: %s: '%.64s' is not %s", r->part, r->number,
                     key, text, wanted);
    else
        r->st = fail(r->why, ST_INPUT, "%s: %s: '%.64s' is not %s", r->part, key, text, wanted);
    scalar_say_where(r, key, text);
}

/* Decimal digits and nothing else, below 2^64. */
static bool digits_of(const char *text, size_t length, uint64_t *out)
{
    uint64_t value = 0;

    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

void scalar_u64(struct scalar_reader *r, const char *key, const char *text, uint64_t *out)
{
    if (text && !digits_of(text, strlen(text), out))
        scalar_complain(r, key, text, "a whole number");
}

void scalar_u32(struct scalar_reader *r, const char *key, const char *text, uint32_t *out)
{
    uint64_t value;

    if (!text)
        return;
    if (!digits_of(text, strlen(text), &value) || value > UINT32_MAX) {
        scalar_complain(r, key, text, "a whole number below 2^32");
        return;
    }
    *out = (uint32_t)value;
}

/* Digits with at most one point; no exponent, no "nan". */
static bool decimal_of(const char *text, size_t length, double *out)
{
    char copy[40];
    char *end;

    if (length == 0 || length >= sizeof copy || strspn(text, DIGITS ".") < length ||
        !strchr(DIGITS, text[0]))
        return false;
    memcpy(copy, text, length);
    copy[length] = 0;
    *out = strtod(copy, &end);
    return *end == 0;
}

void scalar_double(struct scalar_reader *r, const char *key, const char *text, double *out)
{
    bool negative = text && text[0] == '-';

    if (!text)
        return;
    if (!decimal_of(text + negative, strlen(text + negative), out)) {
        scalar_complain(r, key, text, "a number");
        return;
    }
    if (negative)
        *out = -*out;
}

void scalar_chance(struct scalar_reader *r, const char *key, const char *text, double *out)
{
    double value;

    if (!text)
        return;
    if (!decimal_of(text, strlen(text), &value) || value > 1) {
        scalar_complain(r, key, text, "a chance from 0 to 1");
        return;
    }
    *out = value;
}

void scalar_bool(struct scalar_reader *r, const char *key, const char *text, bool *out)
{
    if (!text)
        return;
    if (strcmp(text, "true") == 0 || strcmp(text, "yes") == 0)
        *out = true;
    else if (strcmp(text, "false") == 0 || strcmp(text, "no") == 0)
        *out = false;
    else
        scalar_complain(r, key, text, "true or false");
}

static bool span_of(const char *text, int64_t *out)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {
        {"ns", 1},       {"us", 1e3},       {"ms", 1e6},        {"s", 1e9},
        {"m", 60 * 1e9}, {"h", 3600 * 1e9}, {"d", 86400 * 1e9},
    };
    size_t length = strspn(text, DIGITS ".");
    double value;

    if (!decimal_of(text, length, &value))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text + length, units[i].unit) != 0)
            continue;
        value *= units[i].ns;
        if (value > (double)LONGEST_NS)
            return false;
        *out = (int64_t)round(value);
        return true;
    }
    if (text[length] || value != 0)
        return false;
    *out = 0;
    return true;
}

void scalar_span(struct scalar_reader *r, const char *key, const char *text, int64_t *out)
{
    if (text && !span_of(text, out))
        scalar_complain(r, key, text, "a span like 250ms, 30s, 5m, 2h, 1d");
}

void scalar_signed_span(struct scalar_reader *r, const char *key, const char *text, int64_t *out)
{
    bool negative = text && text[0] == '-';

    if (!text)
        return;
    if (!span_of(text + negative, out)) {
        scalar_complain(r, key, text, "a span like 30s or -30s");
        return;
    }
    if (negative)
        *out = -*out;
}

void scalar_range(struct scalar_reader *r, const char *key, const char *text,
                  struct settings_range *out)
{
    const char *dots = text ? strstr(text, "..") : NULL;
    uint64_t low, high;

    if (!text)
        return;
    if (!digits_of(text, dots ? (size_t)(dots - text) : strlen(text), &low) ||
        !digits_of(dots ? dots + 2 : text, strlen(dots ? dots + 2 : text), &high) ||
        high > UINT32_MAX || low > high) {
        scalar_complain(r, key, text, "a range like 3 or 1..40");
        return;
    }
    *out = (struct settings_range){(uint32_t)low, (uint32_t)high};
}

void scalar_text(struct scalar_reader *r, const char *key, const char *text, char *out, size_t size)
{
    if (!text)
        return;
    if (strlen(text) >= size) {
        scalar_complain(r, key, text, "short enough");
        return;
    }
    memcpy(out, text, strlen(text) + 1);
}

void scalar_word(struct scalar_reader *r, const char *key, const char *text,
                 const char *const *words, int *out)
{
    char list[512] = "one of:";
    size_t used = strlen(list);

    if (!text)
        return;
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return;
        }
        used += (size_t)snprintf(list + used, sizeof list - used, " %s", words[i]);
        assert(used < sizeof list); /* the lists are ours */
    }
    scalar_complain(r, key, text, list);
}
