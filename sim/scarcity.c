/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/scarcity.h"

#include <jansson.h>
#include <stdlib.h>

#define AMONG 60 /* the first allocations of a call: few calls make more */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

static struct {
    bool on;       /* requests are counted */
    bool for_good; /* behind the one that fails, all fail */
    uint64_t left; /* so many are granted before it */
    bool struck;
    bool reads_json;
} scarcity;

bool scarcity_strikes(void)
{
    if (!scarcity.on || (scarcity.struck && !scarcity.for_good))
        return false;
    if (scarcity.struck || scarcity.left == 0) {
        scarcity.struck = true;
        return true;
    }
    scarcity.left--;
    return false;
}

void *__wrap_malloc(size_t size)
{
    return scarcity_strikes() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return scarcity_strikes() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return scarcity_strikes() ? NULL : __real_realloc(p, size);
}

static void *json_malloc(size_t size)
{
    return !scarcity.reads_json && scarcity_strikes() ? NULL : __real_malloc(size);
}

void scarcity_begin(struct prng *prng, bool reads_json)
{
    static bool told;

    if (!told) /* jansson is a library of its own: its calls are not wrapped */
        json_set_alloc_funcs(json_malloc, free);
    told = true;
    scarcity.left = prng_below(prng, AMONG);
    scarcity.for_good = prng_below(prng, 2);
    scarcity.struck = false;
    scarcity.reads_json = reads_json;
    scarcity.on = prng_below(prng, 4) > 0;
}

void scarcity_begin_once(struct prng *prng, uint64_t among)
{
    scarcity.left = prng_below(prng, among);
    scarcity.for_good = scarcity.struck = false;
    scarcity.reads_json = scarcity.on = true;
}

bool scarcity_struck(void)
{
    return scarcity.struck;
}

void scarcity_end(void)
{
    scarcity.on = false;
}

bool scarcity_pause(void)
{
    const bool was = scarcity.on;

    scarcity.on = false;
    return was;
}

void scarcity_resume(bool paused)
{
    scarcity.on = paused;
}
