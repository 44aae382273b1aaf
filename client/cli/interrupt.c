/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

static bool ignored(int signal_number)
{
    struct sigaction now;

    return sigaction(signal_number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static sigset_t set_of(bool stop, bool hangup)
{
    sigset_t set;

    sigemptyset(&set);
    if (stop) {
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
    }
    if (hangup)
        sigaddset(&set, SIGHUP);
    return set;
}

static enum status listen_to(int *fd, int former, const sigset_t *set, struct why *why)
{
    int made;

    pthread_sigmask(SIG_BLOCK, set, NULL);
    made = signalfd(former, set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (made < 0)
        return fail(why, ST_IO, "signals: %s", strerror(errno));
    *fd = made;
    return ST_OK;
}

enum status interrupt_open(int *fd, struct why *why)
{
    /* A blocked signal is queued even when it is ignored, so nohup must be asked for. */
    const sigset_t set = set_of(true, !ignored(SIGHUP));

    signal(SIGPIPE, SIG_IGN); /* a reader of our output that goes away is a write error */
    return listen_to(fd, -1, &set, why);
}

enum status interrupt_split_hangup(int fd, int *hangup_fd, struct why *why)
{
    const sigset_t stop = set_of(true, false), hangup = set_of(false, true);
    enum status st = listen_to(&fd, fd, &stop, why);

    return st ? st : listen_to(hangup_fd, -1, &hangup, why);
}

bool interrupt_pending(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}
