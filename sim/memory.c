/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scarcity.h"

static void *checked(void *p)
{
    if (!p) {
        fputs("nxp-sim: out of memory\n", stderr);
        exit(3);
    }
    return p;
}

void *memory_new(size_t size)
{
    const bool paused = scarcity_pause();
    void *p = calloc(1, size);

    scarcity_resume(paused);
    return checked(p);
}

void *memory_grown(void *old, size_t count, size_t size)
{
    const bool paused = scarcity_pause();
    void *p = reallocarray(old, count, size);

    scarcity_resume(paused);
    return checked(p);
}

char *memory_text(const char *text)
{
    return checked(strdup(text));
}

uint8_t *memory_bytes(struct bytes b)
{
    uint8_t *copy = memory_new(b.size + 1);

    if (b.size)
        memcpy(copy, b.data, b.size);
    return copy;
}
