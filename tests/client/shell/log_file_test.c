/* SPDX-License-Identifier: Apache-2.0 */
/* The log file: whole lines, bounded, and troubles that are told once. */
#include "tests/support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/shell/log_file.h"
#include "tests/client/shell/scratch.h"

static struct scratch s;

static int set_up(void **state)
{
    (void)state;
    scratch_init(&s);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_fini(&s);
    return 0;
}

static const char *content(const char *name)
{
    static char text[4][4096];
    static unsigned turn;
    struct buffer b;
    char *out = text[turn++ % 4];

    buffer_init(&b, 0);
    if (file_read(&b, scratch_path(&s, name), 4000, NULL))
        return NULL;
    memcpy(out, b.data ? (const char *)b.data : "", b.size);
    out[b.size] = '\0';
    buffer_fini(&b);
    return out;
}

static enum status say(struct log_file *l, const char *text)
{
    struct why why;

    return log_file_write(l, bytes_of_text(text), &why);
}

static struct log_file *open_log(uint64_t rotate_bytes, unsigned keep)
{
    struct log_file *l;
    struct why why;

    assert_int_equal(log_file_open(&l, scratch_path(&s, "log"), rotate_bytes, keep, &why), ST_OK);
    return l;
}

static void lines_are_appended_to_a_private_file(void **state)
{
    struct log_file *l = open_log(0, 5);

    (void)state;
    assert_int_equal(say(l, "one\n"), ST_OK);
    log_file_free(l);
    assert_int_equal(scratch_mode(scratch_path(&s, "log")), 0600);
    l = open_log(0, 5);
    assert_int_equal(say(l, "two\n"), ST_OK);
    assert_string_equal(content("log"), "one\ntwo\n");
    log_file_free(l);
    log_file_free(NULL);
}

static void a_full_file_makes_room_and_so_many_older_ones_stay(void **state)
{
    struct log_file *l = open_log(8, 2);

    (void)state;
    for (char c = 'a'; c <= 'g'; c++) {
        char line[] = {c, c, c, '\n', '\0'};

        assert_int_equal(say(l, line), ST_OK);
    }
    assert_string_equal(content("log"), "ggg\n");
    assert_string_equal(content("log.1"), "eee\nfff\n");
    assert_string_equal(content("log.2"), "ccc\nddd\n");
    assert_null(content("log.3"));
    assert_int_equal(say(l, "a line that is longer than that\n"), ST_OK);
    assert_int_equal(say(l, "x\n"), ST_OK);
    assert_string_equal(content("log.1"), "a line that is longer than that\n");
    log_file_free(l);

    l = open_log(8, 2); /* the size counts across runs */
    assert_int_equal(say(l, "1234567\n"), ST_OK);
    assert_string_equal(content("log.1"), "x\n");
    log_file_free(l);
}

static void with_none_kept_the_file_begins_anew(void **state)
{
    struct log_file *l = open_log(8, 0);

    (void)state;
    assert_int_equal(say(l, "aaa\n"), ST_OK);
    assert_int_equal(say(l, "bbb\n"), ST_OK);
    assert_int_equal(say(l, "ccc\n"), ST_OK);
    assert_string_equal(content("log"), "ccc\n");
    assert_null(content("log.1"));
    log_file_free(l);
}

static void a_file_that_was_moved_away_is_left_when_told(void **state)
{
    struct log_file *l = open_log(0, 5);
    struct why why;

    (void)state;
    assert_int_equal(say(l, "old\n"), ST_OK);
    assert_int_equal(rename(scratch_path(&s, "log"), scratch_path(&s, "moved")), 0);
    assert_int_equal(say(l, "still old\n"), ST_OK);
    assert_int_equal(log_file_reopen(l, &why), ST_OK);
    assert_int_equal(say(l, "new\n"), ST_OK);
    assert_string_equal(content("moved"), "old\nstill old\n");
    assert_string_equal(content("log"), "new\n");

    assert_int_equal(rename(scratch_path(&s, "log"), scratch_path(&s, "kept")), 0);
    assert_int_equal(mkdir(scratch_path(&s, "log"), 0700), 0);
    assert_int_equal(log_file_reopen(l, &why), ST_IO);
    assert_int_equal(say(l, "here still\n"), ST_OK);
    assert_string_equal(content("kept"), "new\nhere still\n");
    log_file_free(l);
}

static void what_cannot_be_opened_is_told(void **state)
{
    struct log_file *l;
    struct why why;

    (void)state;
    assert_int_equal(log_file_open(&l, scratch_path(&s, "no/log"), 0, 1, &why), ST_IO);
    assert_non_null(strstr(why.text, "no/log"));
}

static void a_full_disk_is_told_once_and_lines_stay_whole(void **state)
{
    struct rlimit before, small;
    struct log_file *l = open_log(0, 1);

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 6;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(say(l, "one\n"), ST_OK);
    assert_int_equal(say(l, "two\n"), ST_IO); /* "tw" */
    assert_int_equal(say(l, "three\n"), ST_OK);
    assert_int_equal(say(l, "four\n"), ST_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(say(l, "five\n"), ST_OK);
    assert_string_equal(content("log"), "one\ntw\nfive\n");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(say(l, "six\n"), ST_IO); /* a new trouble */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    log_file_free(l);
}

static void a_file_that_cannot_be_moved_is_written_on(void **state)
{
    struct log_file *l = open_log(8, 1);

    (void)state;
    assert_int_equal(mkdir(scratch_path(&s, "log.1"), 0700), 0);
    assert_int_equal(say(l, "aaaa\n"), ST_OK);
    assert_int_equal(say(l, "bbbb\n"), ST_IO); /* told */
    assert_int_equal(say(l, "cc\n"), ST_OK);   /* and not again with each line */
    assert_string_equal(content("log"), "aaaa\nbbbb\ncc\n");
    assert_int_equal(rmdir(scratch_path(&s, "log.1")), 0);
    assert_int_equal(say(l, "dd\n"), ST_OK);
    assert_string_equal(content("log"), "dd\n");
    log_file_free(l);
}

static void a_pipe_is_written_to_and_not_rotated(void **state)
{
    struct log_file *l;
    char text[64] = "";
    int reader;
    struct why why;

    (void)state;
    assert_int_equal(mkfifo(scratch_path(&s, "log"), 0600), 0);
    reader = open(scratch_path(&s, "log"), O_RDONLY | O_NONBLOCK);
    assert_int_equal(log_file_open(&l, scratch_path(&s, "log"), 4, 1, &why), ST_OK);
    assert_int_equal(say(l, "aaaa\n"), ST_OK);
    assert_int_equal(say(l, "bbbb\n"), ST_OK);
    assert_int_equal(read(reader, text, sizeof text - 1), 10);
    assert_string_equal(text, "aaaa\nbbbb\n");
    assert_int_equal(scratch_mode(scratch_path(&s, "log.1")), 0);
    log_file_free(l);
    close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_are_appended_to_a_private_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_file_makes_room_and_so_many_older_ones_stay, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(with_none_kept_the_file_begins_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_was_moved_away_is_left_when_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_opened_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_told_once_and_lines_stay_whole, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_moved_is_written_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_pipe_is_written_to_and_not_rotated, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
