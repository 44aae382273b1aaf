/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_c/subprocess.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOK_NS (5 * NS_PER_MS) /* between two looks whether it has ended */

/* ---- the child, between fork and exec ---- */

static bool append_to(const char *path, int fd)
{
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    return file >= 0 && dup2(file, fd) == fd;
}

static void become(const struct subprocess_order *o, pid_t parent, int failed)
{
    sigset_t none;
    int nothing, error;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) == STDIN_FILENO &&
        (!o->out || append_to(o->out, STDOUT_FILENO)) &&
        (!o->err || append_to(o->err, STDERR_FILENO))) {
        for (const char *const *e = o->environment; e && *e; e++)
            putenv((char *)(uintptr_t)*e);
        execvp(o->words[0], (char *const *)(uintptr_t)o->words);
    }
    error = errno;
    if (write(failed, &error, sizeof error) != sizeof error)
        _exit(126);
    _exit(127);
}

/* ---- the parent ---- */

enum status subprocess_start(struct subprocess *p, const struct subprocess_order *order,
                             struct why *why)
{
    int failed[2], error = 0;
    pid_t us = getpid();
    ssize_t told;

    if (pipe2(failed, O_CLOEXEC))
        return fail(why, ST_IO, "'%s': pipe: %s", order->words[0], strerror(errno));
    p->pid = fork();
    if (p->pid == 0)
        become(order, us, failed[1]);
    close(failed[1]);
    if (p->pid < 0) {
        p->pid = 0;
        close(failed[0]);
        return fail(why, ST_IO, "'%s': fork: %s", order->words[0], strerror(errno));
    }
    setpgid(p->pid, p->pid); /* whoever is first; the other one fails */
    do
        told = read(failed[0], &error, sizeof error);
    while (told < 0 && errno == EINTR);
    close(failed[0]);
    if (told == 0) /* exec has closed it */
        return ST_OK;
    subprocess_kill(p);
    return fail(why, error == ENOENT ? ST_NOT_FOUND : ST_IO, "'%s': %s", order->words[0],
                strerror(error));
}

bool subprocess_runs(struct subprocess *p)
{
    if (p->pid && waitpid(p->pid, &p->outcome, WNOHANG) == p->pid)
        p->pid = 0;
    return p->pid != 0;
}

void subprocess_tell(const struct subprocess *p, int signal)
{
    if (p->pid)
        kill(p->pid, signal);
}

bool subprocess_await(struct subprocess *p, int64_t patience_ns)
{
    int64_t until_ns = clock_now_ns(clock_system()) + patience_ns;

    while (subprocess_runs(p) && clock_now_ns(clock_system()) < until_ns)
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    return !p->pid;
}

void subprocess_kill(struct subprocess *p)
{
    if (!p->pid)
        return;
    kill(-p->pid, SIGKILL);
    kill(p->pid, SIGKILL);
    while (waitpid(p->pid, &p->outcome, 0) < 0 && errno == EINTR)
        ;
    p->pid = 0;
}

void subprocess_adopt_orphans(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void subprocess_end_all(void)
{
    pid_t child;

    while ((child = subprocess_child_of(getpid())) != 0) { /* its own children are ours then */
        kill(child, SIGKILL);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
    }
}

void subprocess_outcome(char out[64], const struct subprocess *p)
{
    if (WIFSIGNALED(p->outcome))
        snprintf(out, 64, "was killed by SIG%s", sigabbrev_np(WTERMSIG(p->outcome)));
    else
        snprintf(out, 64, "ended with %d", WEXITSTATUS(p->outcome));
}

/* The parent of a process: what follows the name in parentheses, which may contain anything. */
static pid_t parent_of(const char *pid)
{
    char path[300], line[512];
    const char *after;
    size_t size = 0;
    int parent = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    f = fopen(path, "re");
    if (!f)
        return 0;
    size = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[size] = 0;
    after = strrchr(line, ')');
    return after && sscanf(after, ") %*c %d", &parent) == 1 ? parent : 0;
}

pid_t subprocess_child_of(pid_t parent)
{
    DIR *all = opendir("/proc");
    struct dirent *entry;
    pid_t found = 0;

    while (all && !found && (entry = readdir(all)))
        if (isdigit((unsigned char)entry->d_name[0]) && parent_of(entry->d_name) == parent)
            found = (pid_t)atol(entry->d_name);
    if (all)
        closedir(all);
    return found;
}
