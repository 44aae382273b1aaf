/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/client/cli/run.h"

#include "tests/client/shell/tiny_server.h"
#include "tests/support/test.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS 80

static void become_nxp(const char *home, char *args)
{
    char *argv[MAX_ARGS] = {(char *)"nxp"};
    int count = 1;

    for (char *word = strtok(args, " "); word && count < MAX_ARGS - 1; word = strtok(NULL, " "))
        argv[count++] = word;
    setenv("NXP_HOME", home, 1);
    setenv("HOME", home, 1);
    setenv("TZ", "UTC", 1);
    setenv("NO_PROXY", "127.0.0.1", 1);
    unsetenv("ARGP_HELP_FMT");
    execv(NXP_BUILD "/nxp", argv);
    perror(NXP_BUILD "/nxp");
    _exit(99);
}

void run_begin(struct run *r, const char *home, const char *args)
{
    char *copy = strdup(args);
    int out[2], err[2];

    tiny_server_sync(); /* handlers see what the test set up */
    *r = (struct run){0};
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(err), 0);
    r->pid = fork();
    if (r->pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        close(out[0]);
        close(out[1]);
        close(err[0]);
        close(err[1]);
        become_nxp(home, copy);
    }
    assert_true(r->pid > 0);
    close(out[1]);
    close(err[1]);
    r->out_fd = out[0];
    r->err_fd = err[0];
    free(copy);
}

/* false: closed. */
static bool read_some(int *fd, char *text, size_t *size, size_t room)
{
    ssize_t n = read(*fd, text + *size, room - 1 - *size);

    if (n > 0) {
        *size += (size_t)n;
        text[*size] = '\0';
        return true;
    }
    close(*fd);
    *fd = -1;
    return false;
}

bool run_more(struct run *r)
{
    struct pollfd fds[2] = {{.fd = r->out_fd, .events = POLLIN},
                            {.fd = r->err_fd, .events = POLLIN}};

    if (r->out_fd < 0 && r->err_fd < 0)
        return false;
    poll(fds, 2, -1);
    if (fds[0].revents)
        read_some(&r->out_fd, r->out, &r->out_size, sizeof r->out);
    if (fds[1].revents)
        read_some(&r->err_fd, r->err, &r->err_size, sizeof r->err);
    return true;
}

void run_until(struct run *r, const char *text)
{
    while (!strstr(r->out, text))
        if (!run_more(r))
            fail_msg("'%s' was never said; stdout: %s stderr: %s", text, r->out, r->err);
}

void run_finish(struct run *r)
{
    int status;

    while (run_more(r))
        ;
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    tiny_server_sync(); /* what its requests left behind is ours now */
    r->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run(struct run *r, const char *home, const char *args)
{
    run_begin(r, home, args);
    run_finish(r);
    return r->code;
}
