/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the command line, exit codes, and the lines of a run. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/cli/memory_check.h"
#include "client/cli/parse.h"
#include "client/cli/printer.h"
#include "client/cli/words.h"
#include "tests/client/shell/scratch.h"

static void numbers_are_whole_texts_within_their_range(void **state)
{
    static const struct {
        const char *text;
        bool good;
        uint64_t value;
    } table[] = {
        {"1", true, 1},       {"007", true, 7},
        {"1000", true, 1000}, {"0", false, 0},
        {"1001", false, 0},   {"", false, 0},
        {" 1", false, 0},     {"1 ", false, 0},
        {"+1", false, 0},     {"-1", false, 0},
        {"1x", false, 0},     {"0x1", false, 0},
        {"1.0", false, 0},    {"99999999999999999999999", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint64_t value = 4711;

        assert_int_equal(parse_u64(&value, table[i].text, 1, 1000), table[i].good);
        assert_int_equal(value, table[i].good ? table[i].value : 4711);
    }
    {
        uint64_t value;

        assert_true(parse_u64(&value, "18446744073709551615", 0, UINT64_MAX));
        assert_false(parse_u64(&value, "18446744073709551616", 0, UINT64_MAX));
    }
}

static void tuples_are_32_bit_numbers_between_commas(void **state)
{
    static const char *const bad[] = {"",   ",",    "1,",         "1,,2", ",1",
                                      "1;2", "1, 2", "4294967296", "1,x",  "-1"};
    uint32_t values[PARSE_MAX_VALUES];
    char many[200] = "0";
    size_t count;

    (void)state;
    assert_true(parse_values(values, &count, "9,1,4294967295"));
    assert_int_equal(count, 3);
    assert_int_equal(values[2], UINT32_MAX);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse_values(values, &count, bad[i]));
    for (int i = 1; i < PARSE_MAX_VALUES; i++)
        strcat(many, ",1");
    assert_true(parse_values(values, &count, many));
    assert_int_equal(count, PARSE_MAX_VALUES);
    strcat(many, ",1");
    assert_false(parse_values(values, &count, many));
}

static void every_status_has_the_exit_code_of_the_table(void **state)
{
    (void)state;
    assert_int_equal(words_exit(ST_OK), 0);
    assert_int_equal(words_exit(ST_INVALID), 1);
    assert_int_equal(words_exit(ST_EXISTS), 1);
    assert_int_equal(words_exit(ST_INPUT), 2);
    assert_int_equal(words_exit(ST_NOT_FOUND), 2);
    assert_int_equal(words_exit(ST_GUEST), 3);
    assert_int_equal(words_exit(ST_LIMIT), 4);
    assert_int_equal(words_exit(ST_NO_MEMORY), 5);
    assert_int_equal(words_exit(ST_IO), 5);
    assert_int_equal(words_exit(ST_CANCELLED), 130);
}

static const struct line submitted = {
    .type = LINE_SUCCESS,
    .level = LINE_INFO,
    .event = "submitted",
    .task_id = "08-01K2",
    .status = 200,
    .text = "Step 4 of 4: Proof submitted successfully for task 08-01K2",
};

#define WALL_NS ((int64_t)1764000000 * 1000000000 + 123456789) /* 2025-11-24 16:00:00 UTC */

static void lines_are_text_as_the_reference_prints_it(void **state)
{
    char *text = NULL;
    size_t size;
    struct printer p = {.out = open_memstream(&text, &size)};
    struct line waiting = {.type = LINE_WAITING, .event = "waiting", .text = "Step 1 of 4: Waiting"};

    (void)state;
    printer_line(&p, &submitted, WALL_NS);
    printer_line(&p, &waiting, WALL_NS);
    waiting.wait_ns = (int64_t)90 * 1000000000;
    printer_line(&p, &waiting, WALL_NS);
    waiting.wait_ns *= 1000;
    printer_line(&p, &waiting, WALL_NS);
    printer_note(&p, "INFO", "stop", WALL_NS, "Shutting %s", "down...");
    fclose(p.out);
    assert_string_equal(text, "Success [2025-11-24 16:00:00] Step 4 of 4: Proof submitted "
                              "successfully for task 08-01K2\n\n"
                              "Waiting [2025-11-24 16:00:00] Step 1 of 4: Waiting\n"
                              "Waiting [2025-11-24 16:00:00] Step 1 of 4: Waiting (until 16:01:30)\n"
                              "Waiting [2025-11-24 16:00:00] Step 1 of 4: Waiting (until 2025-11-25 "
                              "17:00:00)\n"
                              "[INFO] Shutting down...\n");
    free(text);
}

static const char *file_text(const char *path)
{
    static char text[4096];
    struct buffer b;

    buffer_init(&b, 0);
    assert_int_equal(file_read(&b, path, sizeof text - 1, NULL), ST_OK);
    memcpy(text, b.data, b.size);
    text[b.size] = '\0';
    buffer_fini(&b);
    return text;
}

static void the_log_file_has_every_line_with_its_time_also_when_quiet(void **state)
{
    struct printer p = {.out = stdout, .quiet = true};
    const struct line error = {.type = LINE_ERROR, .level = LINE_ERROR_LEVEL, .event = "x",
                               .text = "an error, on stderr"};
    char *said;
    size_t size;
    FILE *real = stderr;
    struct scratch s;
    struct why why;

    (void)state;
    scratch_init(&s);
    assert_int_equal(log_file_open(&p.log, scratch_path(&s, "log"), 0, 1, &why), ST_OK);
    stderr = open_memstream(&said, &size);
    printer_line(&p, &submitted, WALL_NS);
    printer_line(&p, &error, WALL_NS);
    printer_note(&p, "INFO", "stop", WALL_NS, "Shutting down...");
    fclose(stderr);
    stderr = real;
    assert_string_equal(said, "Error [2025-11-24 16:00:00] an error, on stderr\n");
    assert_string_equal(file_text(scratch_path(&s, "log")),
                        "Success [2025-11-24 16:00:00] Step 4 of 4: Proof submitted successfully "
                        "for task 08-01K2\n"
                        "Error [2025-11-24 16:00:00] an error, on stderr\n"
                        "Program [2025-11-24 16:00:00] Shutting down...\n");
    log_file_free(p.log);
    free(said);
    scratch_fini(&s);
}

static void a_level_leaves_lines_out_but_never_a_success(void **state)
{
    static const struct {
        const char *rust_log;
        enum line_level level;
    } table[] = {
        {NULL, LINE_DEBUG},          {"", LINE_DEBUG},
        {"info", LINE_INFO},         {"WARN", LINE_WARN},
        {"warning", LINE_WARN},      {"nexus=error,info", LINE_ERROR_LEVEL},
        {"a=b=info", LINE_INFO},     {"trace", LINE_DEBUG},
        {"off", LINE_DEBUG},         {"nexus=,warn", LINE_DEBUG},
    };
    char *text = NULL;
    size_t size;
    struct printer p = {.out = open_memstream(&text, &size), .least = LINE_ERROR_LEVEL};
    const struct line limited = {.type = LINE_ERROR, .level = LINE_WARN, .event = "x", .text = "a"};
    const struct line error = {.type = LINE_ERROR, .level = LINE_ERROR_LEVEL, .event = "x",
                               .text = "b"};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(printer_level_of_rust_log(table[i].rust_log), table[i].level);
    printer_line(&p, &limited, WALL_NS);
    printer_line(&p, &error, WALL_NS);
    printer_line(&p, &submitted, WALL_NS);
    printer_note(&p, "INFO", "stop", WALL_NS, "left out");
    printer_note(&p, "SUCCESS", "end", WALL_NS, "told");
    fclose(p.out);
    assert_string_equal(text, "Error [2025-11-24 16:00:00] b\n"
                              "Success [2025-11-24 16:00:00] Step 4 of 4: Proof submitted "
                              "successfully for task 08-01K2\n\n"
                              "[SUCCESS] told\n");
    free(text);
}

static void lines_are_json_objects_on_demand(void **state)
{
    char *text = NULL;
    size_t size;
    struct printer p = {.out = open_memstream(&text, &size), .json = true};

    (void)state;
    printer_line(&p, &submitted, WALL_NS);
    printer_line(&p,
                 &(struct line){.type = LINE_WAITING, .event = "waiting", .text = "so long",
                                .wait_ns = 90000000000},
                 WALL_NS);
    printer_note(&p, "INFO", "stop", WALL_NS, "Shutting \"down\"");
    fclose(p.out);
    assert_string_equal(
        text, "{\"time\":\"2025-11-24T16:00:00.123Z\",\"type\":\"Success\",\"level\":\"info\","
              "\"event\":\"submitted\",\"task_id\":\"08-01K2\",\"status\":200,\"message\":\"Step 4 "
              "of 4: Proof submitted successfully for task 08-01K2\"}\n"
              "{\"time\":\"2025-11-24T16:00:00.123Z\",\"type\":\"Waiting\",\"level\":\"debug\","
              "\"event\":\"waiting\",\"until\":\"2025-11-24T16:01:30.123Z\",\"message\":\"so "
              "long\"}\n"
              "{\"time\":\"2025-11-24T16:00:00.123Z\",\"type\":\"Program\",\"level\":\"info\","
              "\"event\":\"stop\",\"message\":\"Shutting \\\"down\\\"\"}\n");
    free(text);
}

static void memory_is_compared_with_what_proofs_take(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *says; /* NULL: refused */
    } table[] = {
        {UINT64_MAX, "cannot be known"},
        {(uint64_t)4 << 30, "Memory: 4096 MiB are free (bounded by a test), a proof of 2^8 rows takes"},
        {(uint64_t)100 << 20, "2^10 rows and takes 20 MiB; of those 1 fit side by side"},
        {(uint64_t)70 << 20, NULL},
        {0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct resources r = {
            .cores = 1, .memory_bytes = table[i].bytes, .memory_limit = "a test"};
        struct buffer words;
        struct why why;
        enum status st;

        buffer_init(&words, 0);
        st = memory_check(&words, &r, &why);
        buffer_put_u8(&words, 0);
        assert_int_equal(st, table[i].says ? ST_OK : ST_LIMIT);
        if (table[i].says && !strstr((const char *)words.data, table[i].says))
            fail_msg("%s", (const char *)words.data);
        if (st)
            assert_non_null(strstr(why.text, "the smallest proof takes"));
        buffer_fini(&words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_whole_texts_within_their_range),
        cmocka_unit_test(tuples_are_32_bit_numbers_between_commas),
        cmocka_unit_test(every_status_has_the_exit_code_of_the_table),
        cmocka_unit_test(lines_are_text_as_the_reference_prints_it),
        cmocka_unit_test(the_log_file_has_every_line_with_its_time_also_when_quiet),
        cmocka_unit_test(a_level_leaves_lines_out_but_never_a_success),
        cmocka_unit_test(memory_is_compared_with_what_proofs_take),
        cmocka_unit_test(lines_are_json_objects_on_demand),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
