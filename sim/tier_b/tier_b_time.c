/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_b/tier_b_time.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/prng.h"

/* What a monotonic clock shows at the start: not 0, which some take for "never". */
#define MONOTONIC_AT_ZERO_NS (1000 * NS_PER_S)

static struct {
    const int64_t *now_ns; /* NULL: the machine's time */
    int64_t wall_at_zero_ns, lag_ns;
    struct prng prng;
    uint64_t found;
} virtual;

void tier_b_time_begin(const int64_t *now_ns, int64_t wall_at_zero_ns, uint64_t seed)
{
    virtual.now_ns = now_ns;
    virtual.wall_at_zero_ns = wall_at_zero_ns;
    virtual.prng = prng_of(seed);
    virtual.found = 0;
}

void tier_b_time_end(void)
{
    virtual.now_ns = NULL;
}

void tier_b_time_lag(int64_t lag_ns)
{
    virtual.lag_ns = lag_ns;
}

uint64_t tier_b_time_found(void)
{
    return virtual.found;
}

/* ---- clocks ---- */

int clock_gettime(clockid_t id, struct timespec *out)
{
    int64_t ns;

    if (!virtual.now_ns)
        return (int)syscall(SYS_clock_gettime, id, out);
    ns = *virtual.now_ns - virtual.lag_ns +
         (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE ? virtual.wall_at_zero_ns
                                                              : MONOTONIC_AT_ZERO_NS);
    *out = (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
    return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec t;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &t);
    *out = (struct timeval){.tv_sec = t.tv_sec, .tv_usec = t.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    if (out)
        *out = t.tv_sec;
    return t.tv_sec;
}

/* ---- waits ---- */

static int looked(int found)
{
    virtual.found += found > 0;
    return found;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    struct timespec t = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * NS_PER_MS};

    if (!virtual.now_ns)
        return (int)syscall(SYS_ppoll, fds, count, timeout_ms < 0 ? NULL : &t, NULL, 0);
    t = (struct timespec){0};
    return looked((int)syscall(SYS_ppoll, fds, count, &t, NULL, 0));
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout_ms)
{
    if (!virtual.now_ns)
        return (int)syscall(SYS_epoll_pwait, epoll, events, most, timeout_ms, NULL, 0);
    return looked((int)syscall(SYS_epoll_pwait, epoll, events, most, 0, NULL, 0));
}

/* ---- chance ---- */

ssize_t getrandom(void *out, size_t size, unsigned flags)
{
    if (!virtual.now_ns)
        return syscall(SYS_getrandom, out, size, flags);
    prng_fill(&virtual.prng, out, size);
    return (ssize_t)size;
}

int getentropy(void *out, size_t size)
{
    if (size > 256) {
        errno = EIO;
        return -1;
    }
    return getrandom(out, size, 0) == (ssize_t)size ? 0 : -1;
}
