/* SPDX-License-Identifier: Apache-2.0 */
/* Watches what the code under test takes from the heap: link with HEAP_WATCH (CMakeLists.txt),
 * which sends malloc, calloc, realloc and free of our own objects through here.
 *
 * Threads: one.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

void heap_watch_start(void);
size_t heap_watch_peak(void);           /* most bytes held at one time since the start */
size_t heap_watch_held(void);           /* bytes held now that were taken since the start */
void heap_fail_after(long allocations); /* these succeed, the next ones get NULL; -1: all succeed */
