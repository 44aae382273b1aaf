/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that divide one loop among themselves.
 *
 * Owner:   heap; pool_free accepts NULL.
 * Threads: one caller at a time; the caller works too and returns when all of the loop is done.
 *          A body must not call the same pool.
 * Errors:  pool_new only. A pool that got fewer threads than asked for is not an error:
 *          pool_threads tells.
 *
 * How work is split never shows in a result: bodies write to places of their own.
 */
#pragma once
#include <stddef.h>

#include "base/status.h"

struct pool;

/* threads >= 1 counts the caller. */
enum status MUST_USE pool_new(struct pool **out, unsigned threads, struct why *why);
void pool_free(struct pool *p);
unsigned pool_threads(const struct pool *p);

/* Calls body(context, i) once for every i < count, in any order. */
void pool_each(struct pool *p, size_t count, void (*body)(void *context, size_t index),
               void *context);

/* Cuts 0 .. count into ranges of a multiple of grain (the last may be shorter) and calls
 * body(context, begin, end) once for each. */
void pool_ranges(struct pool *p, size_t count, size_t grain,
                 void (*body)(void *context, size_t begin, size_t end), void *context);
