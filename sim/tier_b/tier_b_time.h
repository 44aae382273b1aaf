/* SPDX-License-Identifier: Apache-2.0 */
/* The C library's clocks, waits and chance, so that libcurl, libevent, OpenSSL and SQLite,
 * unmodified, live in the time of a simulation.
 *
 * A program that links this defines clock_gettime, gettimeofday, time, poll, epoll_wait, getrandom
 * and getentropy itself; by the rules of symbol search the shared libraries then use these. Between
 * _begin and _end they read the simulation's clock, waits look once and never sleep, and chance
 * comes from a seed. At all other times they are the kernel's own calls.
 *
 * A wait that finds nothing returns at once, and time has not moved: the owner of the time asks
 * libcurl and libevent for their timers (sim/tier_b/tier_b.c).
 *
 * Source:  design.md decision 6; simulation.md 2.
 * Owner:   the process: there is one such time at most, hence the static state.
 * Threads: none while it lasts.
 */
#pragma once
#include <stdint.h>

/* now_ns: the simulation's clock, read each time. */
void tier_b_time_begin(const int64_t *now_ns, int64_t wall_at_zero_ns, uint64_t seed);
void tier_b_time_end(void);

/* Between two calls, the clocks show so much less: what begins then began earlier. 0: no more. */
void tier_b_time_lag(int64_t lag_ns);

/* How many waits have found something, so far. */
uint64_t tier_b_time_found(void);
