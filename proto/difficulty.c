/* SPDX-License-Identifier: Apache-2.0 */
/* The buckets of task size. Declared in proto/wire.h. */
#include <string.h>
#include <strings.h>

#include "proto/wire.h"

/* In the order of promotion (client.md 4.7). */
static const struct {
    enum difficulty number;
    const char *name;
} buckets[] = {
    {DIFFICULTY_SMALL, "SMALL"},
    {DIFFICULTY_SMALL_MEDIUM, "SMALL_MEDIUM"},
    {DIFFICULTY_MEDIUM, "MEDIUM"},
    {DIFFICULTY_LARGE, "LARGE"},
    {DIFFICULTY_EXTRA_LARGE, "EXTRA_LARGE"},
    {DIFFICULTY_EXTRA_LARGE_2, "EXTRA_LARGE_2"},
    {DIFFICULTY_EXTRA_LARGE_3, "EXTRA_LARGE_3"},
    {DIFFICULTY_EXTRA_LARGE_4, "EXTRA_LARGE_4"},
    {DIFFICULTY_EXTRA_LARGE_5, "EXTRA_LARGE_5"},
};

#define BUCKETS (sizeof buckets / sizeof *buckets)

static size_t bucket_of(int number)
{
    size_t i = 0;

    while (i < BUCKETS && (int)buckets[i].number != number)
        i++;
    return i;
}

const char *difficulty_name(enum difficulty d)
{
    size_t i = bucket_of((int)d);

    return i < BUCKETS ? buckets[i].name : NULL;
}

bool difficulty_known(int number)
{
    return bucket_of(number) < BUCKETS;
}

enum status difficulty_parse(enum difficulty *out, const char *text, struct why *why)
{
    static const char blanks[] = " \t\r\n\v\f";
    const char *start = text + strspn(text, blanks);
    size_t length = strlen(start);

    while (length && strchr(blanks, start[length - 1]))
        length--;
    for (size_t i = 0; i < BUCKETS; i++) {
        if (strlen(buckets[i].name) == length && strncasecmp(start, buckets[i].name, length) == 0) {
            *out = buckets[i].number;
            return ST_OK;
        }
    }
    return fail(why, ST_INPUT,
                "unknown difficulty '%.*s' (SMALL, SMALL_MEDIUM, MEDIUM, LARGE, EXTRA_LARGE, "
                "EXTRA_LARGE_2 to EXTRA_LARGE_5)",
                (int)(length < 64 ? length : 64), start);
}

unsigned difficulty_rung(enum difficulty d)
{
    size_t i = bucket_of((int)d);

    return i < BUCKETS ? (unsigned)i : 0;
}

enum difficulty difficulty_up(enum difficulty d)
{
    size_t i = bucket_of((int)d);

    return i + 1 < BUCKETS ? buckets[i + 1].number : d;
}

enum difficulty difficulty_down(enum difficulty d)
{
    size_t i = bucket_of((int)d);

    return i > 0 && i < BUCKETS ? buckets[i - 1].number : d;
}
