/* SPDX-License-Identifier: Apache-2.0 */
/* The one block of memory that proofs are made in. It is kept from proof to proof and only grows.
 *
 * Owner:   workspace_init, then workspace_fini; no memory is held before the first reserve.
 * Threads: one owner at a time.
 * Errors:  ST_NO_MEMORY when the system refuses; the workspace is empty then and can be used again.
 *
 * Pages are touched at their first use, so a block that was large once costs nothing later. Whether
 * the kernel is asked for huge pages is a switch because it depends on the machine (bench).
 */
#pragma once
#include <stdbool.h>

#include "base/arena.h"

struct workspace {
    void *memory;
    size_t size;
    bool huge_pages;
};

void workspace_init(struct workspace *w, bool huge_pages);
void workspace_fini(struct workspace *w);

/* An empty arena of `bytes` bytes; it is valid until the next reserve or fini. */
enum status MUST_USE workspace_reserve(struct workspace *w, size_t bytes, struct arena *out,
                                       struct why *why);
