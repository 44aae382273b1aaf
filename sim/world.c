/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mix.h"
#include "sim/memory.h"
#include "base/print.h"

void world_init(struct world *w, uint64_t seed, FILE *trace)
{
    *w = (struct world){.trace = trace, .seeds = prng_of(seed)};
}

void world_fini(struct world *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->heap[i].drop)
            w->heap[i].drop(w->heap[i].payload);
    free(w->heap);
    w->heap = NULL;
    w->count = w->capacity = 0;
}

static bool earlier(const struct world_event *a, const struct world_event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void sift_up(struct world_event *heap, size_t i)
{
    struct world_event moved = heap[i];

    for (; i > 0 && earlier(&moved, &heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = moved;
}

static void sift_down(struct world_event *heap, size_t count)
{
    struct world_event moved = heap[0];
    size_t i = 0, child;

    for (; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count && earlier(&heap[child + 1], &heap[child]))
            child++;
        if (!earlier(&heap[child], &moved))
            break;
        heap[i] = heap[child];
    }
    heap[i] = moved;
}

void world_plan(struct world *w, const struct world_event *ev)
{
    assert(ev->at_ns >= w->now_ns);
    if (w->count == w->capacity) {
        w->capacity = w->capacity ? 2 * w->capacity : 64;
        w->heap = memory_grown(w->heap, w->capacity, sizeof *w->heap);
    }
    w->heap[w->count] = *ev;
    w->heap[w->count].order = w->planned++;
    sift_up(w->heap, w->count++);
}

bool world_step(struct world *w, int64_t until_ns)
{
    struct world_event ev;

    if (w->count == 0 || w->heap[0].at_ns > until_ns)
        return false;
    ev = w->heap[0];
    w->heap[0] = w->heap[--w->count];
    if (w->count)
        sift_down(w->heap, w->count);
    w->now_ns = ev.at_ns;
    w->events++;
    w->happened = ev.order;
    ev.fire(ev.context, ev.id, ev.payload);
    if (w->settle)
        w->settle(w->settle_context);
    return true;
}

uint64_t world_hash(struct bytes b)
{
    return mix_bytes(b.size, b);
}

void world_note(struct world *w, const char *format, ...)
{
    char line[512];
    va_list args;
    size_t length;

    va_start(args, format);
    length = print_list(line, sizeof line, format, args);
    va_end(args);
    w->hash = mix_word(mix_bytes(w->hash, bytes_of(line, length)), (uint64_t)w->now_ns);
    if (w->trace)
        fprintf(w->trace, "%" PRId64 ".%09" PRId64 " %s\n", w->now_ns / NS_PER_S,
                w->now_ns % NS_PER_S, line);
}

struct prng world_prng(struct world *w, uint64_t label)
{
    struct prng copy = w->seeds; /* labels, not the order of asking, tell parts apart */

    return prng_fork(&copy, label);
}
