/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

enum status interrupt_open(int *fd, struct why *why)
{
    sigset_t set;
    int made;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); /* a reader of our output that goes away is a write error */
    made = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (made < 0)
        return fail(why, ST_IO, "signals: %s", strerror(errno));
    *fd = made;
    return ST_OK;
}

bool interrupt_pending(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}
