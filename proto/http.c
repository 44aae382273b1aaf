/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *http_method_name(enum http_method m)
{
    return m == HTTP_GET ? "GET" : "POST";
}

const char *http_header_of(const struct http_header *headers, size_t count, const char *name)
{
    while (count > 0) {
        count--;
        if (strcmp(headers[count].name, name) == 0)
            return headers[count].value;
    }
    return NULL;
}

/* ---- dates (RFC 9110 5.6.7) ---- */

static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char weekdays[7][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                     "Thursday", "Friday", "Saturday"};

struct date {
    int year, month, day, hour, minute, second; /* month 1 .. 12 */
};

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1970-01-01 to the first of the year; years from 1 on. */
static int64_t days_before_year(int year)
{
    int64_t y = year - 1;

    return 365 * y + y / 4 - y / 100 + y / 400 - 719162; /* 719162: the same sum for 1970 */
}

static bool date_seconds(const struct date *d, int64_t *seconds)
{
    int64_t days;

    if (d->year < 1 || d->month < 1 || d->day < 1 || d->day > days_in_month(d->year, d->month) ||
        d->hour > 23 || d->minute > 59 || d->second > 60) /* 60: a leap second */
        return false;
    days = days_before_year(d->year) + d->day - 1;
    for (int m = 1; m < d->month; m++)
        days += days_in_month(d->year, m);
    *seconds = ((days * 24 + d->hour) * 60 + d->minute) * 60 + d->second;
    return true;
}

/* The little reader behind the three forms: each call moves *at or fails. */
static bool read_text(const char **at, const char *text)
{
    size_t length = strlen(text);

    if (strncmp(*at, text, length) != 0)
        return false;
    *at += length;
    return true;
}

static bool read_digits(const char **at, int count, int *out)
{
    int value = 0;

    for (int i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        value = value * 10 + (**at - '0'); /* at most 4 digits */
    }
    *out = value;
    return true;
}

static bool read_month(const char **at, int *out)
{
    for (int m = 0; m < 12; m++)
        if (read_text(at, months[m])) {
            *out = m + 1;
            return true;
        }
    return false;
}

static bool read_time(const char **at, struct date *d)
{
    return read_digits(at, 2, &d->hour) && read_text(at, ":") && read_digits(at, 2, &d->minute) &&
           read_text(at, ":") && read_digits(at, 2, &d->second);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" after the weekday */
static bool read_fixdate(const char *at, struct date *d)
{
    return read_text(&at, ", ") && read_digits(&at, 2, &d->day) && read_text(&at, " ") &&
           read_month(&at, &d->month) && read_text(&at, " ") && read_digits(&at, 4, &d->year) &&
           read_text(&at, " ") && read_time(&at, d) && read_text(&at, " GMT") && !*at;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT". RFC 9110 lets the century depend on today; nobody alive sends
 * this form for a year before 1970, so a fixed one is enough. */
static bool read_rfc850(const char *at, struct date *d)
{
    if (!(read_text(&at, ", ") && read_digits(&at, 2, &d->day) && read_text(&at, "-") &&
          read_month(&at, &d->month) && read_text(&at, "-") && read_digits(&at, 2, &d->year) &&
          read_text(&at, " ") && read_time(&at, d) && read_text(&at, " GMT") && !*at))
        return false;
    d->year += d->year < 70 ? 2000 : 1900;
    return true;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool read_asctime(const char *at, struct date *d)
{
    if (!(read_text(&at, " ") && read_month(&at, &d->month) && read_text(&at, " ")))
        return false;
    if (!(read_text(&at, " ") ? read_digits(&at, 1, &d->day) : read_digits(&at, 2, &d->day)))
        return false;
    return read_text(&at, " ") && read_time(&at, d) && read_text(&at, " ") &&
           read_digits(&at, 4, &d->year) && !*at;
}

bool http_date_parse(const char *text, int64_t *seconds)
{
    for (int i = 0; i < 7; i++) {
        char brief[4] = {weekdays[i][0], weekdays[i][1], weekdays[i][2], 0};
        const char *at = text;
        struct date d;

        /* "Sun" begins "Sunday" too, so the long name is tried first. The weekday is not compared
         * with the date: a server that errs there still means the date. */
        if (read_text(&at, weekdays[i]))
            return read_rfc850(at, &d) && date_seconds(&d, seconds);
        if (read_text(&at, brief))
            return (read_fixdate(at, &d) || read_asctime(at, &d)) && date_seconds(&d, seconds);
    }
    return false;
}

static void put_part(char **at, const char *text, size_t size)
{
    memcpy(*at, text, size);
    *at += size;
}

static void put_two_digits(char **at, int number)
{
    const char digits[2] = {(char)('0' + number / 10), (char)('0' + number % 10)};

    put_part(at, digits, sizeof digits);
}

void http_date_format(char out[static 30], int64_t seconds)
{
    int64_t days = seconds / 86400, rest = seconds % 86400;
    int year, month = 1, weekday;
    char *at = out;

    assert(seconds >= 0 && seconds < INT64_C(253402300800)); /* 1970 to 9999: four digits */
    weekday = (int)((days + 4) % 7);                         /* day 0 was a Thursday */
    year = 1970 + (int)(days / 366);                         /* never too late */
    while (days_before_year(year + 1) <= days)
        year++;
    days -= days_before_year(year);
    while (days >= days_in_month(year, month))
        days -= days_in_month(year, month++);
    put_part(&at, weekdays[weekday], 3); /* one per answer of an orchestrator: no printf */
    put_part(&at, ", ", 2);
    put_two_digits(&at, (int)days + 1);
    put_part(&at, " ", 1);
    put_part(&at, months[month - 1], 3);
    put_part(&at, " ", 1);
    put_two_digits(&at, year / 100);
    put_two_digits(&at, year % 100);
    put_part(&at, " ", 1);
    put_two_digits(&at, (int)(rest / 3600));
    put_part(&at, ":", 1);
    put_two_digits(&at, (int)(rest / 60 % 60));
    put_part(&at, ":", 1);
    put_two_digits(&at, (int)(rest % 60));
    put_part(&at, " GMT", 5); /* and the end */
}

/* ---- Retry-After ---- */

/* An unsigned 32-bit decimal; one plus sign and leading zeros pass (client.md 1.5). */
static bool read_seconds(const char *text, size_t length, int64_t *seconds)
{
    int64_t value = 0;
    size_t i = length > 0 && text[0] == '+';

    if (i == length)
        return false;
    for (; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0'); /* below 2^32 before, so far from 2^63 */
        if (value > UINT32_MAX)
            return false;
    }
    *seconds = value;
    return true;
}

bool http_retry_after_s(const char *value, const char *date, int64_t now_s, int64_t *seconds)
{
    int64_t until, from = now_s;
    size_t length;

    if (!value)
        return false;
    value += strspn(value, " \t");
    length = strlen(value);
    while (length && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        length--;
    if (read_seconds(value, length, seconds))
        return true;
    if (!http_date_parse(value, &until))
        return false;
    if (date && !http_date_parse(date, &from))
        from = now_s;
    *seconds = until > from ? until - from : 0;
    return true;
}
