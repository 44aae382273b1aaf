/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager (systemd, Type=notify) wants to hear: ready, what we do, that we are alive,
 * stopping. Where there is none (no NOTIFY_SOCKET), nothing is sent and no timer runs.
 *
 * With a watchdog (WATCHDOG_USEC) the descriptor becomes readable twice in its time; the loop that
 * comes by then says that we are alive, and a loop that hangs does not.
 *
 * Owner:   the caller's storage, notify_fini (safe on a zeroed one).
 * Threads: one owner.
 * Errors:  none that matter: a manager that does not listen is no reason not to prove.
 * Source:  sd_notify(3), sd_watchdog_enabled(3).
 */
#pragma once
#include <stdbool.h>

struct notify {
    bool listened_to;
    int watchdog_fd; /* to be watched; 0: there is no watchdog */
};

void notify_init(struct notify *n);
void notify_fini(struct notify *n);

void notify_ready(const struct notify *n);
void notify_status(const struct notify *n, const char *text); /* one line */
void notify_stopping(const struct notify *n);
void notify_alive(const struct notify *n); /* watchdog_fd is readable */
