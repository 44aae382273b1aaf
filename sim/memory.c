/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    return checked(calloc(1, size));
}

void *memory_grown(void *old, size_t count, size_t size)
{
    return checked(reallocarray(old, count, size));
}

char *memory_text(const char *text)
{
    return checked(strdup(text));
}

uint8_t *memory_bytes(struct bytes b)
{
    uint8_t *copy = checked(malloc(b.size + 1));

    if (b.size)
        memcpy(copy, b.data, b.size);
    return copy;
}
