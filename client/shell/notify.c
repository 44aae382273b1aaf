/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/notify.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static int timer_of(uint64_t every_us)
{
    const struct timespec every = {.tv_sec = (time_t)(every_us / 1000000),
                                   .tv_nsec = (long)(every_us % 1000000) * 1000};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    if (fd < 0)
        return 0;
    timerfd_settime(fd, 0, &(struct itimerspec){.it_interval = every, .it_value = every}, NULL);
    return fd;
}

void notify_init(struct notify *n)
{
    uint64_t within_us = 0;

    *n = (struct notify){.listened_to = getenv("NOTIFY_SOCKET") != NULL};
    if (n->listened_to && sd_watchdog_enabled(0, &within_us) > 0 && within_us >= 2)
        n->watchdog_fd = timer_of(within_us / 2);
}

void notify_fini(struct notify *n)
{
    if (n->watchdog_fd > 0)
        close(n->watchdog_fd);
    *n = (struct notify){0};
}

void notify_ready(const struct notify *n)
{
    if (n->listened_to)
        (void)sd_notify(0, "READY=1");
}

void notify_status(const struct notify *n, const char *text)
{
    if (n->listened_to)
        (void)sd_notifyf(0, "STATUS=%s", text);
}

void notify_stopping(const struct notify *n)
{
    if (n->listened_to)
        (void)sd_notify(0, "STOPPING=1");
}

void notify_alive(const struct notify *n)
{
    uint64_t times;

    if (read(n->watchdog_fd, &times, sizeof times) == sizeof times)
        (void)sd_notify(0, "WATCHDOG=1");
}
