/* SPDX-License-Identifier: Apache-2.0 */
/* What a process that keeps a key forbids itself. Each case is a process of its own, since none of
 * it can be taken back. */
#include "tests/support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/shell/secrecy.h"
#include "tests/client/shell/scratch.h"

#define NOBODY 65534

static struct scratch scratch;

/* The exit code, or 128 + signal; a core dump counts as 1000. */
static int in_a_process(int (*body)(void))
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(body());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    return WCOREDUMP(status) ? 1000 : 128 + WTERMSIG(status);
}

static int look_around(void)
{
    struct rlimit cores;
    struct stat file;
    int fd;

    setrlimit(RLIMIT_CORE, &(struct rlimit){4096, RLIM_INFINITY});
    secrecy_begin();
    secrecy_begin(); /* nothing against twice */
    fd = open(scratch_path(&scratch, "file"), O_CREAT | O_WRONLY, 0666);
    if (getrlimit(RLIMIT_CORE, &cores) || cores.rlim_cur != 0 || cores.rlim_max != 0)
        return 1;
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
        return 2;
    if (fd < 0 || fstat(fd, &file) || (file.st_mode & 0777) != 0600)
        return 3;
    return 0;
}

static void no_dump_and_no_file_for_others(void **state)
{
    (void)state;
    assert_int_equal(in_a_process(look_around), 0);
}

static int crash(void)
{
    if (chdir(scratch.path))
        return 1;
    setrlimit(RLIMIT_CORE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
    secrecy_begin();
    signal(SIGSEGV, SIG_DFL); /* a sanitizer's is not meant */
    raise(SIGSEGV);
    return 2;
}

static void a_crash_leaves_no_core(void **state)
{
    (void)state;
    assert_int_equal(in_a_process(crash), 128 + SIGSEGV);
}

static int lock_without_limit(void)
{
    struct why why = {""};

    if (setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, 0}) ||
        (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY)))
        return 1;
    return secrecy_lockable(&why) == ST_LIMIT && why.text[0] ? 0 : 2;
}

static void a_page_that_cannot_be_locked_is_told(void **state)
{
    struct rlimit limit;
    struct why why;

    (void)state;
    if (TEST_SANITIZED) /* its mlock does nothing and says it has */
        skip();
    assert_int_equal(in_a_process(lock_without_limit), 0);
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
    if (limit.rlim_cur >= 65536)
        assert_int_equal(secrecy_lockable(&why), ST_OK);
}

static int set_up(void **state)
{
    (void)state;
    scratch_init(&scratch);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_fini(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_dump_and_no_file_for_others),
        cmocka_unit_test(a_crash_leaves_no_core),
        cmocka_unit_test(a_page_that_cannot_be_locked_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
