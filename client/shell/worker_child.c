/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/worker_child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- birth ---- */

/* Where libraries are is all that a program needs to start. */
static char *library_path(void)
{
    static const char name[] = "LD_LIBRARY_PATH=";
    const char *value = getenv("LD_LIBRARY_PATH");
    char *text = value ? malloc(sizeof name + strlen(value)) : NULL;

    if (text)
        strcat(strcpy(text, name), value);
    return text;
}

static void set_signals(posix_spawnattr_t *attributes)
{
    static const int deaf[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof deaf / sizeof *deaf; i++)
        sigaddset(&set, deaf[i]);
    posix_spawnattr_setsigmask(attributes, &set);
    sigfillset(&set);
    posix_spawnattr_setsigdefault(attributes, &set);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int spawn(pid_t *pid, const char *file, const char *command, int socket_fd, int stderr_fd)
{
    char name[] = "nxp";
    char *argv[] = {name, (char *)command, NULL};
    char *environment[] = {library_path(), NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    set_signals(&attributes);
    error = posix_spawn_file_actions_adddup2(&actions, socket_fd, STDIN_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, stderr_fd, STDERR_FILENO);
    if (!error)
        error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (!error)
        error = posix_spawn(pid, file ? file : "/proc/self/exe", &actions, &attributes, argv,
                            environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(environment[0]);
    return error;
}

static void close_all(const int *fds, int count)
{
    for (int i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

enum status worker_child_start(struct worker_child *c, const char *file, const char *command,
                               struct why *why)
{
    int fds[4] = {-1, -1, -1, -1}; /* socket: ours, the child's; pipe: ours, the child's */
    pid_t pid;
    int error;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) || pipe2(fds + 2, O_CLOEXEC)) {
        error = errno;
        close_all(fds, 4);
        return fail(why, ST_IO, "the prover worker does not start: %s", strerror(error));
    }
    error = spawn(&pid, file, command, fds[1], fds[3]);
    if (error) {
        close_all(fds, 4);
        return fail(why, ST_IO, "the prover worker does not start: %s", strerror(error));
    }
    close(fds[1]);
    close(fds[3]);
    fcntl(fds[2], F_SETFL, O_NONBLOCK);
    *c = (struct worker_child){.pid = pid, .fd = fds[0], .stderr_fd = fds[2]};
    return ST_OK;
}

/* ---- life ---- */

static void keep_tail(struct worker_child *c, const char *text, size_t size)
{
    size_t keep = WORKER_CHILD_TAIL - size; /* of what was there */

    if (c->tail_size > keep) {
        memmove(c->tail, c->tail + c->tail_size - keep, keep);
        c->tail_size = keep;
    }
    memcpy(c->tail + c->tail_size, text, size);
    c->tail_size += size;
}

void worker_child_listen(struct worker_child *c)
{
    char text[WORKER_CHILD_TAIL];
    ssize_t n;

    while (c->stderr_fd >= 0 && (n = read(c->stderr_fd, text, sizeof text)) != 0) {
        if (n < 0)
            return; /* nothing more now */
        keep_tail(c, text, (size_t)n);
    }
    if (c->stderr_fd >= 0)
        close(c->stderr_fd);
    c->stderr_fd = -1;
}

/* ---- death ---- */

/* In one line, without what a terminal would obey. */
static void add_tail(char *text, size_t room, const struct worker_child *c)
{
    size_t used = strlen(text), end = c->tail_size;

    while (end > 0 && (c->tail[end - 1] == '\n' || c->tail[end - 1] == ' '))
        end--;
    if (end == 0)
        return;
    used += (size_t)snprintf(text + used, room - used, ": ");
    for (size_t i = 0; i < end && used + 1 < room; i++)
        text[used++] = c->tail[i] >= ' ' || (c->tail[i] & 0x80) ? c->tail[i] : ' ';
    text[used] = '\0';
}

static void describe(struct worker_death *d, int status, const struct worker_child *c)
{
    if (WIFSIGNALED(status))
        snprintf(d->text, sizeof d->text, "ended with SIG%s (%s)",
                 sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?",
                 strsignal(WTERMSIG(status)));
    else
        snprintf(d->text, sizeof d->text, "ended with exit status %d", WEXITSTATUS(status));
    add_tail(d->text, sizeof d->text, c);
}

/* Its standard error is closed when it has ended. */
static bool ends_by_itself(struct worker_child *c, int patience_ms)
{
    struct pollfd fd = {.fd = c->stderr_fd, .events = POLLIN};

    worker_child_listen(c);
    while (c->stderr_fd >= 0 && poll(&fd, 1, patience_ms) == 1)
        worker_child_listen(c);
    return c->stderr_fd < 0;
}

void worker_child_end(struct worker_child *c, int patience_ms, struct worker_death *death)
{
    bool ours;
    int status;
    pid_t ended;

    close(c->fd);
    ours = !ends_by_itself(c, patience_ms);
    if (ours)
        kill(c->pid, SIGKILL);
    do
        ended = waitpid(c->pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    assert(ended == c->pid); /* SIGCHLD is not ignored: prover_process_new sees to it */
    worker_child_listen(c);
    if (c->stderr_fd >= 0)
        close(c->stderr_fd);
    death->killed = !ours && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    describe(death, status, c);
    *c = (struct worker_child){.fd = -1, .stderr_fd = -1};
}
