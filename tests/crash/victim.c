/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crash/victim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/ptrace.h>

static void die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(2);
}

static void redirect(const char *path, int fd)
{
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

    if (file < 0 || dup2(file, fd) < 0)
        _exit(127);
    close(file);
}

static pid_t begin(const struct victim *v, bool traced)
{
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid > 0)
        return pid;
    redirect(v->out, STDOUT_FILENO);
    redirect(v->err, STDERR_FILENO);
    if (traced && ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
        _exit(126);
    execv(v->argv[0], (char *const *)(uintptr_t)v->argv); /* execv changes nothing */
    _exit(127);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- by steps ---- */

static bool is_step(const struct ptrace_syscall_info *s)
{
    switch (s->entry.nr) {
    case SYS_write:
    case SYS_writev:
        return s->entry.args[0] > STDERR_FILENO;
    case SYS_openat:
        return (s->entry.args[2] & O_CREAT) != 0;
    case SYS_pwrite64:
    case SYS_ftruncate:
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_unlink:
    case SYS_unlinkat:
    case SYS_rename:
    case SYS_mkdir:
    case SYS_connect:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_recvfrom:
    case SYS_recvmsg:
        return true;
    default:
        return false;
    }
}

/* One thread has stopped; true: at the beginning of a step. *signal is what it is to be given. */
static bool stopped_at_step(pid_t thread, int status, int *signal)
{
    struct ptrace_syscall_info info = {0};
    int what = WSTOPSIG(status);

    *signal = 0;
    if (what == (SIGTRAP | 0x80))
        return ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) > 0 &&
               info.op == PTRACE_SYSCALL_INFO_ENTRY && is_step(&info);
    if (status >> 8 != what) /* an event of ptrace: a new thread */
        return false;
    if (what != SIGSTOP && what != SIGTRAP) /* those are how a thread begins */
        *signal = what;
    return false;
}

struct victim_end victim_kill_at_step(const struct victim *v, unsigned step, int idle_ms)
{
    struct victim_end end = {0};
    pid_t pid = begin(v, true), thread;
    int64_t until_ms = now_ms() + 2 * idle_ms;
    int status, signal;

    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
        die("the program did not start");
    if (ptrace(PTRACE_SETOPTIONS, pid, 0,
               PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL) < 0 ||
        ptrace(PTRACE_SYSCALL, pid, 0, 0) < 0)
        die("ptrace");
    for (;;) {
        thread = waitpid(-1, &status, __WALL | WNOHANG);
        if (thread < 0)
            die("waitpid");
        if (!end.killed && now_ms() > until_ms) {
            end.killed = end.late = true;
            kill(pid, SIGKILL);
        }
        if (thread == 0) {
            nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
            continue;
        }
        if (thread == pid && !WIFSTOPPED(status))
            break;
        if (!WIFSTOPPED(status))
            continue;
        if (stopped_at_step(thread, status, &signal) && !end.killed) {
            until_ms = now_ms() + idle_ms;
            if (++end.steps == step) {
                end.killed = true;
                kill(pid, SIGKILL);
                continue;
            }
        }
        (void)ptrace(PTRACE_SYSCALL, thread, 0, signal); /* it may be gone: then we shall hear */
    }
    end.status = status;
    return end;
}

/* ---- by time ---- */

static void sleep_ms(int ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

/* The first child of that process that has the word in its command line; 0: none. */
static pid_t child_of(pid_t pid, const char *word)
{
    char path[80], command[512];
    FILE *children;
    long child;
    pid_t found = 0;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    children = fopen(path, "r");
    while (children && !found && fscanf(children, "%ld", &child) == 1) {
        FILE *f;
        size_t size = 0;

        snprintf(path, sizeof path, "/proc/%ld/cmdline", child);
        f = fopen(path, "r");
        if (f) {
            size = fread(command, 1, sizeof command - 1, f);
            fclose(f);
        }
        command[size] = '\0';
        for (size_t i = 0; i < size; i += strlen(command + i) + 1)
            if (strcmp(command + i, word) == 0)
                found = (pid_t)child;
    }
    if (children)
        fclose(children);
    return found;
}

struct victim_end victim_kill_after(const struct victim *v, int ms, const char *worker,
                                    int worker_ms, bool *worker_killed)
{
    struct victim_end end = {.killed = true};
    pid_t pid = begin(v, false), child = 0;

    *worker_killed = false;
    if (worker && worker_ms < ms) {
        sleep_ms(worker_ms);
        child = child_of(pid, worker);
        *worker_killed = child > 0 && kill(child, SIGKILL) == 0;
        ms -= worker_ms;
    }
    sleep_ms(ms);
    kill(pid, SIGKILL);
    if (waitpid(pid, &end.status, 0) != pid)
        die("waitpid");
    end.killed = WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGKILL;
    return end;
}

pid_t victim_begin(const struct victim *v)
{
    return begin(v, false);
}

struct victim_end victim_stop(pid_t pid)
{
    struct victim_end end = {0};

    kill(pid, SIGTERM);
    if (waitpid(pid, &end.status, 0) != pid)
        die("waitpid");
    return end;
}
