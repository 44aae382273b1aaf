/* SPDX-License-Identifier: Apache-2.0 */
/* One block of memory, handed out from its start and taken back in the order of a stack.
 *
 * Owner:   the block is the caller's and outlives the arena.
 * Units:   bytes; every piece starts on a cache line (64).
 * Threads: one owner at a time; pieces may be used by any thread.
 * Errors:  none. Whoever makes an arena has computed its size beforehand (arena_plan_*), so
 *          running out is our own mistake and asserted.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define ARENA_ALIGN ((size_t)64)

struct arena {
    uint8_t *base;
    size_t size;
    size_t used;
    size_t peak; /* most ever used */
};

struct arena_mark {
    size_t used;
};

struct arena arena_of(void *memory, size_t size); /* memory is 64-byte aligned */
void *arena_take(struct arena *a, size_t size);   /* never NULL; contents undefined */
void *arena_take_zeroed(struct arena *a, size_t size);
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark mark);

/* The same walk without memory: a plan adds up what the takes will need and keeps the largest
 * sum. Overflow makes it fail for good. */
struct arena_plan {
    size_t used;
    size_t peak;
    int overflow;
};

void arena_plan_take(struct arena_plan *p, size_t count, size_t size); /* count * size bytes */
struct arena_mark arena_plan_mark(const struct arena_plan *p);
void arena_plan_rewind(struct arena_plan *p, struct arena_mark mark);
enum status MUST_USE arena_plan_bytes(const struct arena_plan *p, size_t *bytes, struct why *why);
