/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl+C, SIGTERM and SIGHUP (a terminal that is closed; not under nohup) as a file descriptor: no
 * handler, no global flag.
 *
 * Call it before any thread is made: the signals are blocked in all of them.
 */
#pragma once
#include <stdbool.h>

#include "base/status.h"

enum status MUST_USE interrupt_open(int *fd, struct why *why);
/* From now on SIGHUP is no wish to stop but readable at *hangup_fd, nohup or not. */
enum status MUST_USE interrupt_split_hangup(int fd, int *hangup_fd, struct why *why);
bool interrupt_pending(int fd); /* leaves it pending */
