/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "sim/tier_c/subprocess.h"

#define PATIENCE_NS (20 * NS_PER_S) /* on a busy machine */

static struct subprocess start(const char *script, const char *out)
{
    const char *words[] = {"/bin/sh", "-c", script, NULL};
    const char *environment[] = {"COLOUR=blue", NULL};
    struct subprocess p = {.pid = 0};
    struct why why;

    if (subprocess_start(&p,
                         &(struct subprocess_order){
                             .words = words, .environment = environment, .out = out, .err = out},
                         &why))
        fail_msg("%s", why.text);
    return p;
}

static void await_line(const char *path, char line[64])
{
    line[0] = 0;
    for (int64_t until = clock_now_ns(clock_system()) + PATIENCE_NS;
         !strchr(line, '\n') && clock_now_ns(clock_system()) < until;) {
        FILE *f = fopen(path, "re");

        if (f && !fgets(line, 64, f))
            line[0] = 0;
        if (f)
            fclose(f);
    }
    assert_non_null(strchr(line, '\n'));
}

static void its_outcome_and_its_output_are_there_when_it_has_ended(void **state)
{
    const char *path = *state;
    struct subprocess p = start("echo $COLOUR; exit 7", path);
    char words[64], line[64];

    assert_true(subprocess_await(&p, PATIENCE_NS));
    assert_false(subprocess_runs(&p));
    subprocess_outcome(words, &p);
    assert_string_equal(words, "ended with 7");
    await_line(path, line);
    assert_string_equal(line, "blue\n");
}

static void all_of_its_group_is_killed(void **state)
{
    const char *path = *state;
    struct subprocess p = start("sleep 1000 & echo $!; wait", path);
    char words[64], line[64];
    pid_t grandchild;

    await_line(path, line);
    grandchild = (pid_t)atol(line);
    assert_int_equal(subprocess_child_of(p.pid), grandchild);
    assert_false(subprocess_await(&p, 0));
    subprocess_kill(&p);
    subprocess_outcome(words, &p);
    assert_string_equal(words, "was killed by SIGKILL");
    for (int64_t until = clock_now_ns(clock_system()) + PATIENCE_NS;
         subprocess_child_of(grandchild) || kill(grandchild, 0) == 0;) {
        char stat[64];
        FILE *f;

        snprintf(stat, sizeof stat, "/proc/%d/stat", (int)grandchild);
        f = fopen(stat, "re"); /* nobody may have waited for it yet: a zombie */
        if (!f)
            break;
        if (fscanf(f, "%*d (sleep) %c", words) == 1 && words[0] == 'Z') {
            fclose(f);
            break;
        }
        fclose(f);
        assert_true(clock_now_ns(clock_system()) < until);
    }
    subprocess_kill(&p); /* twice is once */
}

static void a_signal_reaches_it_alone_and_none_when_it_is_over(void **state)
{
    struct subprocess p = start("trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done", *state);
    char line[64], words[64];

    await_line(*state, line);
    subprocess_tell(&p, SIGTERM);
    assert_true(subprocess_await(&p, PATIENCE_NS));
    subprocess_outcome(words, &p);
    assert_string_equal(words, "ended with 3");
    subprocess_tell(&p, SIGTERM);
}

static void a_program_that_is_not_there_is_named(void **state)
{
    const char *words[] = {"/nowhere/program", NULL}, *folder[] = {"/", NULL};
    struct subprocess p = {.pid = 0};
    struct why why;

    (void)state;
    assert_int_equal(subprocess_start(&p, &(struct subprocess_order){.words = words}, &why),
                     ST_NOT_FOUND);
    assert_non_null(strstr(why.text, "/nowhere/program"));
    assert_int_equal(p.pid, 0);
    assert_int_equal(subprocess_start(&p, &(struct subprocess_order){.words = folder}, &why), ST_IO);
    words[0] = "/bin/true";
    assert_int_equal(subprocess_start(
                         &p, &(struct subprocess_order){.words = words, .out = "/nowhere/out"}, &why),
                     ST_NOT_FOUND);
}

/* A process of ours starts one and dies of SIGKILL: the kernel takes the child with it. */
static void it_dies_with_us(void **state)
{
    const char *path = *state;
    pid_t between = fork();
    char line[64];

    if (between == 0) {
        start("echo $$; while :; do sleep 0.01; done", path);
        pause();
        _exit(0);
    }
    await_line(path, line);
    kill(between, SIGKILL);
    waitpid(between, NULL, 0);
    for (int64_t until = clock_now_ns(clock_system()) + PATIENCE_NS;
         kill((pid_t)atol(line), 0) == 0;) {
        char stat[64], letter = 0;
        FILE *f;

        snprintf(stat, sizeof stat, "/proc/%ld/stat", atol(line));
        f = fopen(stat, "re");
        if (!f)
            break;
        if (fscanf(f, "%*d (sh) %c", &letter) == 1 && letter == 'Z')
            letter = 0;
        fclose(f);
        if (!letter)
            break;
        assert_true(clock_now_ns(clock_system()) < until);
    }
}

static void what_goes_into_the_background_ends_too(void **state)
{
    struct subprocess p;
    char line[64];
    pid_t hidden;

    subprocess_adopt_orphans();
    p = start("setsid sh -c 'echo $$; exec sleep 1000' & sleep 1000", *state);
    await_line(*state, line);
    hidden = (pid_t)atol(line);
    assert_true(hidden > 0);
    subprocess_kill(&p); /* its group: the other one has left it */
    assert_int_equal(kill(hidden, 0), 0);
    subprocess_end_all();
    assert_int_equal(kill(hidden, 0), -1);
    assert_int_equal(subprocess_child_of(getpid()), 0);
}

static int make_file(void **state)
{
    char *path = strdup("/tmp/nxp-subprocess-XXXXXX");
    int fd = mkstemp(path);

    close(fd);
    *state = path;
    return fd < 0;
}

static int remove_file(void **state)
{
    unlink(*state);
    free(*state);
    return 0;
}

int main(void)
{
#define WITH_FILE(f) cmocka_unit_test_setup_teardown(f, make_file, remove_file)
    const struct CMUnitTest tests[] = {
        WITH_FILE(its_outcome_and_its_output_are_there_when_it_has_ended),
        WITH_FILE(all_of_its_group_is_killed),
        WITH_FILE(a_signal_reaches_it_alone_and_none_when_it_is_over),
        WITH_FILE(it_dies_with_us),
        WITH_FILE(what_goes_into_the_background_ends_too),
        cmocka_unit_test(a_program_that_is_not_there_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
