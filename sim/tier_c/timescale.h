/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario's times for real programs: a part of what is written.
 *
 * Divided are the times of the world: when faults, events, phases and clients begin and end, windows
 * of allowances, and every Retry-After (up to whole seconds). Left alone is what a client's own
 * patience and waits are measured against, which nobody may shorten from outside: latency and delays
 * of messages, bytes per second, and the life of a task.
 *
 * The tree is that of sim/outline.h: scalars are texts.
 *
 * Errors:  ST_INPUT: a time that is none.
 */
#pragma once
#include <jansson.h>
#include <stdint.h>

#include "base/status.h"

#define TIMESCALE_MOST 1000

enum status MUST_USE timescale_divide(json_t *tree, unsigned by, struct why *why);
