/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines of the reference client mean the same here (client.md 8.2, 8.3, 15). */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/start_options.h"

#define MAX_ARGS 30

/* 0, or the error of argp, which then says nothing. */
static error_t parse(struct start_options *o, const char *line)
{
    static char copy[600];
    char *argv[MAX_ARGS] = {(char *)"nxp start"};
    int argc = 1;

    *o = (struct start_options){0};
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    return argp_parse(&start_options_argp, argc, argv, ARGP_NO_EXIT | ARGP_SILENT, NULL, o);
}

static void every_line_of_the_reference_is_understood(void **state)
{
    static const struct {
        const char *line;
        const char *node, *url; /* NULL: not given */
        uint64_t threads, tasks;
        bool fixed;
        enum difficulty difficulty;
        bool check, background;
    } table[] = {
        {.line = ""},
        {.line = "--headless"},
        {.line = "--node-id 5880437", .node = "5880437"},
        {.line = "--node-id=5880437 --headless", .node = "5880437"},
        {.line = "--headless --node-id 18446744073709551615", .node = "18446744073709551615"},
        {.line = "--headless --max-threads 8", .threads = 8},
        {.line = "--max-threads 0", .threads = 1},
        {.line = "--max-threads 4294967295", .threads = 4294967295},
        {.line = "--headless --orchestrator-url http://127.0.0.1:8080 --node-id 1", .node = "1",
         .url = "http://127.0.0.1:8080"},
        {.line = "--check-memory", .check = true},
        {.line = "--with-background", .background = true},
        {.line = "--max-tasks 1", .tasks = 1},
        {.line = "--max-tasks 4294967295", .tasks = 4294967295},
        {.line = "--max-difficulty SMALL", .fixed = true, .difficulty = DIFFICULTY_SMALL},
        {.line = "--max-difficulty extra_large_5", .fixed = true,
         .difficulty = DIFFICULTY_EXTRA_LARGE_5},
        {.line = "--headless --node-id 7 --max-threads 2 --check-memory --with-background "
                 "--max-tasks 3 --max-difficulty=medium --orchestrator-url https://x.example/",
         .node = "7", .url = "https://x.example/", .threads = 2, .tasks = 3, .fixed = true,
         .difficulty = DIFFICULTY_MEDIUM, .check = true, .background = true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct start_options o;

        if (parse(&o, table[i].line))
            fail_msg("start %s: not understood", table[i].line);
        assert_int_equal(o.node_count, table[i].node != NULL);
        if (table[i].node)
            assert_string_equal(o.node_ids[0], table[i].node);
        assert_int_equal(o.server.url != NULL, table[i].url != NULL);
        if (table[i].url)
            assert_string_equal(o.server.url, table[i].url);
        assert_int_equal(o.threads, table[i].threads);
        assert_int_equal(o.max_tasks, table[i].tasks);
        assert_int_equal(o.has_difficulty, table[i].fixed);
        if (table[i].fixed)
            assert_int_equal(o.difficulty, table[i].difficulty);
        assert_int_equal(o.check_memory, table[i].check);
        assert_int_equal(o.with_background, table[i].background);
        assert_int_equal(o.interval_s, 0); /* the network's own */
        assert_false(o.anonymous);         /* never by accident */
        assert_false(o.no_telemetry);
        assert_false(o.log.quiet);
    }
}

static void what_the_reference_has_not_is_understood_too(void **state)
{
    struct start_options o;

    (void)state;
    assert_int_equal(parse(&o, "--node-id 1 --node-id 2 --cacert ca.pem --no-telemetry --kernel avx2 "
                               "--fetch-interval 120 --skip-version-check"),
                     0);
    assert_int_equal(o.node_count, 2);
    assert_string_equal(o.server.ca_file, "ca.pem");
    assert_true(o.no_telemetry);
    assert_string_equal(o.kernel, "avx2");
    assert_int_equal(o.interval_s, 120);
    assert_true(o.startup.skip_versions);
    assert_int_equal(parse(&o, "--kernel auto --anonymous --json-log"), 0);
    assert_null(o.kernel);
    assert_true(o.anonymous);
    assert_true(o.log.json);
    assert_int_equal(parse(&o, "--fetch-interval 1 --orchestrator-url http://x"), 0);
    assert_int_equal(o.interval_s, 1);
}

static void the_log_rotates_unless_it_is_told_otherwise(void **state)
{
    struct start_options o;

    (void)state;
    assert_int_equal(parse(&o, "--log-file x"), 0);
    assert_string_equal(o.log.path, "x");
    assert_int_equal(o.log.size_mib, 10);
    assert_int_equal(o.log.keep, 5);
    assert_false(o.log.has_level);
    assert_int_equal(parse(&o, "--log-file x --log-size 0 --log-keep 0 --log-level Warn --quiet"), 0);
    assert_int_equal(o.log.size_mib, 0);
    assert_int_equal(o.log.keep, 0);
    assert_true(o.log.has_level);
    assert_int_equal(o.log.level, LINE_WARN);
    assert_true(o.log.quiet);
}

static void our_own_core_decides_unless_told_otherwise(void **state)
{
    struct start_options o;

    (void)state;
    assert_int_equal(parse(&o, "--headless"), 0);
    assert_ptr_equal(o.profile, &profile_current);
    assert_false(o.faithful);
    assert_int_equal(parse(&o, "--profile seed"), 0);
    assert_ptr_equal(o.profile, &profile_seed);
    assert_false(o.faithful);
    assert_int_equal(parse(&o, "--faithful --profile current"), 0);
    assert_ptr_equal(o.profile, &profile_current);
    assert_true(o.faithful);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_of_the_reference_is_understood),
        cmocka_unit_test(what_the_reference_has_not_is_understood_too),
        cmocka_unit_test(the_log_rotates_unless_it_is_told_otherwise),
        cmocka_unit_test(our_own_core_decides_unless_told_otherwise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
