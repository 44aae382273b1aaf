/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>
#include <time.h>

#include "proto/http.h"
#include "tests/support/support.h"

static void the_last_of_equal_headers_wins(void **state)
{
    static const struct http_header headers[] = {
        {"retry-after", "1"}, {"date", "x"}, {"retry-after", "2"}};

    (void)state;
    assert_string_equal(http_header_of(headers, 3, "retry-after"), "2");
    assert_string_equal(http_header_of(headers, 3, "date"), "x");
    assert_null(http_header_of(headers, 3, "Date"));
    assert_null(http_header_of(headers, 0, "date"));
}

static void methods_have_their_names(void **state)
{
    (void)state;
    assert_string_equal(http_method_name(HTTP_GET), "GET");
    assert_string_equal(http_method_name(HTTP_POST), "POST");
}

static void dates_are_read_in_all_three_forms(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: refused */
    } table[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Sun Nov 16 08:49:37 1994", 784975777},
        {"Wed, 21 Oct 2026 07:28:00 GMT", 1792567680},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800},
        {"Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, /* a leap second */
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        {"Sunday, 06-Nov-69 08:49:37 GMT", 3150953377}, /* 2069 */
        {"Mon, 06 Nov 1994 08:49:37 GMT", 784111777},   /* a wrong weekday does no harm */
        {"Thu, 29 Feb 2023 00:00:00 GMT", -1},
        {"Thu, 29 Feb 2100 00:00:00 GMT", -1},
        {"Sun, 00 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 31 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 0000 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 24:00:00 GMT", -1},
        {"Sun, 06 Nov 1994 08:60:00 GMT", -1},
        {"Sun, 06 Nov 1994 08:49:61 GMT", -1},
        {"Sun, 06 Nov 1994 08:49:37 UTC", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT+1", -1},
        {"Sun, 6 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nyx 1994 08:49:37 GMT", -1},
        {"Sun 06 Nov 1994 08:49:37 GMT", -1},
        {"Sunday, 06-Nov-1994 08:49:37 GMT", -1},
        {"Sunday 06-Nov-94 08:49:37 GMT", -1},
        {"Sun Nov 06 08:49:37 94", -1},
        {"Sun Foo 06 08:49:37 1994", -1},
        {"Sun Nov xx 08:49:37 1994", -1},
        {"Sun Nov  6 08:49:37 1994 GMT", -1},
        {"Abc, 06 Nov 1994 08:49:37 GMT", -1},
        {"Sun", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int64_t seconds = -1;
        bool good = http_date_parse(table[i].text, &seconds);

        if (good != (table[i].seconds >= 0) || seconds != table[i].seconds)
            fail_msg("'%s' gives %lld", table[i].text, (long long)seconds);
    }
}

static void a_date_written_is_the_systems_and_reads_back(void **state)
{
    (void)state;
    for (int64_t s = 0; s < 253402300800; s += 86400 * 37 + 12345) {
        time_t t = s;
        struct tm tm;
        char ours[30], theirs[64];
        int64_t back;

        http_date_format(ours, s);
        strftime(theirs, sizeof theirs, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &tm));
        assert_string_equal(ours, theirs);
        assert_true(http_date_parse(ours, &back));
        assert_true(back == s);
    }
}

/* The reference's rule 2 of client.md 1.5. Where it reads a number we read the same; a date, which
 * it cannot read, we can. Its rule for 5xx belongs to the client. */
static void retry_after_reads_every_number_of_the_vectors(void **state)
{
    json_t *all = golden_json("client/retry.json"), *vector;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(all, "cases"), i, vector)
    {
        const char *value = json_string_value(json_object_get(vector, "retry_after"));
        json_t *expected = json_object_get(vector, "seconds");
        int64_t seconds = -1;
        bool good = http_retry_after_s(value, NULL, 0, &seconds);

        if (json_integer_value(json_object_get(vector, "status")) >= 500)
            continue;
        if (value && strstr(value, "GMT"))
            assert_true(good && seconds == 1792567680);
        else if (json_is_integer(expected))
            assert_true(good && seconds == json_integer_value(expected));
        else
            assert_false(good);
    }
    assert_int_equal(i, 26);
    json_decref(all);
}

static void a_retry_date_counts_from_the_answers_own_date(void **state)
{
    static const struct {
        const char *value, *date;
        int64_t now_s, seconds; /* -1: unparsable */
    } table[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:48:37 GMT", 5, 60},
        {"Sun, 06 Nov 1994 08:49:37 GMT", NULL, 784111770, 7},
        {"Sun, 06 Nov 1994 08:49:37 GMT", "soon", 784111770, 7},
        {"Sun, 06 Nov 1994 08:49:37 GMT", NULL, 784111778, 0}, /* past */
        {" 30 \t", NULL, 0, 30},
        {"30 s", NULL, 0, -1},
        {"+", NULL, 0, -1},
        {"++5", NULL, 0, -1},
        {" ", NULL, 0, -1},
        {"99999999999999999999999999", NULL, 0, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int64_t seconds = -1;

        assert_int_equal(
            http_retry_after_s(table[i].value, table[i].date, table[i].now_s, &seconds),
            table[i].seconds >= 0);
        assert_true(seconds == table[i].seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_of_equal_headers_wins),
        cmocka_unit_test(methods_have_their_names),
        cmocka_unit_test(dates_are_read_in_all_three_forms),
        cmocka_unit_test(a_date_written_is_the_systems_and_reads_back),
        cmocka_unit_test(retry_after_reads_every_number_of_the_vectors),
        cmocka_unit_test(a_retry_date_counts_from_the_answers_own_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
