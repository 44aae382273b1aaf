/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/prover/proof/heap.h"

#include <malloc.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void __wrap_free(void *p);

static size_t held, peak;
static long allowed = -1;

void heap_watch_start(void)
{
    held = peak = 0;
}

size_t heap_watch_peak(void)
{
    return peak;
}

size_t heap_watch_held(void)
{
    return held;
}

void heap_fail_after(long allocations)
{
    allowed = allocations;
}

static bool refused(void)
{
    if (allowed < 0)
        return false;
    return allowed == 0 || allowed-- == 0;
}

static void *took(void *p)
{
    held += p ? malloc_usable_size(p) : 0;
    peak = held > peak ? held : peak;
    return p;
}

static void gave(void *p)
{
    size_t size = p ? malloc_usable_size(p) : 0;

    held -= size < held ? size : held; /* what was taken before the start counts for nothing */
}

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : took(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : took(__real_calloc(count, size));
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
    return refused() ? NULL : took(__real_aligned_alloc(align, size));
}

void *__wrap_realloc(void *p, size_t size)
{
    if (refused())
        return NULL;
    gave(p);
    return took(__real_realloc(p, size));
}

void __wrap_free(void *p)
{
    gave(p);
    __real_free(p);
}
