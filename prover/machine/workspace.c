/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/machine/workspace.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)1 << 21)

void workspace_init(struct workspace *w, bool huge_pages)
{
    *w = (struct workspace){.huge_pages = huge_pages};
}

void workspace_fini(struct workspace *w)
{
    if (w->memory)
        munmap(w->memory, w->size);
    w->memory = NULL;
    w->size = 0;
}

/* Rounded to whole huge pages; a size near the end of the address space is left for mmap to refuse.
 */
static size_t round_up(size_t bytes)
{
    return bytes > SIZE_MAX - HUGE_PAGE ? bytes : (bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
}

enum status workspace_reserve(struct workspace *w, size_t bytes, struct arena *out, struct why *why)
{
    size_t size = round_up(bytes);

    if (size > w->size) {
        void *memory;

        workspace_fini(w);
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return fail(why, ST_NO_MEMORY, "workspace of %zu bytes: %s", bytes, strerror(errno));
        if (w->huge_pages)
            (void)madvise(memory, size, MADV_HUGEPAGE); /* a wish; the proof is the same without */
        w->memory = memory;
        w->size = size;
    }
    *out = arena_of(w->memory, bytes);
    return ST_OK;
}
