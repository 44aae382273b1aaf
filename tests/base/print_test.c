/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/print.h"

static size_t ours(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static size_t ours(char *out, size_t size, const char *format, ...)
{
    va_list args;
    size_t length;

    va_start(args, format);
    length = print_list(out, size, format, args);
    va_end(args);
    return length;
}

#define SAME(...)                                                                                  \
    do {                                                                                           \
        for (size_t size = 1; size <= sizeof a; size++) {                                          \
            int whole = snprintf(b, size, __VA_ARGS__);                                            \
            size_t most = (size_t)whole < size ? (size_t)whole : size - 1;                         \
            memset(a, 'x', sizeof a);                                                              \
            assert_int_equal(ours(a, size, __VA_ARGS__), most);                                    \
            assert_string_equal(a, b);                                                             \
        }                                                                                          \
    } while (0)

static void lines_are_those_of_snprintf_whole_or_cut(void **state)
{
    char a[160], b[160];

    (void)state;
    SAME("nothing to put in");
    SAME("%%, 100 %%");
    SAME("client %u sends %llu %s %s %zu bytes %016llx", 0u, 1ull, "POST", "/v3/tasks/submit",
         (size_t)98500, 0xb2cfull);
    SAME("%u %llu %zu %016llx", 4294967295u, 18446744073709551615ull, (size_t)0,
         0xffffffffffffffffull);
    SAME("%lld %lld %lld %lld", 0ll, -1ll, 9223372036854775807ll, -9223372036854775807ll - 1);
    SAME("%s%s", "", "the end");
    SAME("%d %d, %ld and %lu, %lu", 0, -2147483647 - 1, -5l, 5ul, 18446744073709551615ul);
    SAME("%x %x %02x%02x%02x %c", 0u, 0xdeadbeefu, 0u, 0x1fu, 0x1ffu, 'c');
    SAME("%.3s|%.*s|%.0s|%.*s|%.80s", "abcdef", 2, "xyz", "none", 0, "none", "shorter");
    SAME("%.*s", 3, (const char[3]){'n', 'o', 'e'}); /* an end is not looked for behind them */
}

static void what_is_not_known_is_left_to_vsnprintf(void **state)
{
    char a[160], b[160];

    (void)state;
    SAME("%.*s of %s", -1, "57-01K742SJ", "a node");
    SAME("%.1d %zd %lx %li %016x %08llx %5s", 5, (ssize_t)-1, 7l, 8l, 9u, 10ull, "text");
    SAME("%u, then %5.2f s and %x", 7u, 3.14159, 255u);
    SAME("%s %-10d|", "text", -5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_those_of_snprintf_whole_or_cut),
        cmocka_unit_test(what_is_not_known_is_left_to_vsnprintf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
