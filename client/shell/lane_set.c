/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/lane_set.h"

#include <assert.h>
#include <malloc.h>
#include <stdlib.h>

struct lane {
    struct prover_lane *thread; /* NULL: not made yet */
    bool busy;
    uint64_t id;         /* of what runs or ran */
    uint64_t need_bytes; /* of it */
    uint64_t kept_bytes; /* largest need since it was released */
    unsigned threads;
};

enum status lane_set_init(struct lane_set *s, unsigned count, const struct prover_lane_options *o,
                          struct why *why)
{
    struct lane *lanes = calloc(count, sizeof *lanes);

    if (!lanes)
        return fail(why, ST_NO_MEMORY, "out of memory");
    *s = (struct lane_set){.count = count, .lanes = lanes, .options = *o};
    return ST_OK;
}

void lane_set_fini(struct lane_set *s)
{
    for (struct lane *l = s->lanes; l < s->lanes + s->count; l++)
        if (l->thread)
            prover_lane_free(l->thread);
    free(s->lanes);
}

/* ---- memory ---- */

static uint64_t kept_bytes(const struct lane_set *s)
{
    uint64_t sum = 0;

    for (struct lane *l = s->lanes; l < s->lanes + s->count; l++)
        sum += l->kept_bytes;
    return sum;
}

bool lane_set_keeps(const struct lane_set *s)
{
    return kept_bytes(s) > 0;
}

void lane_set_release(struct lane_set *s)
{
    for (struct lane *l = s->lanes; l < s->lanes + s->count; l++)
        if (!l->busy && l->kept_bytes) {
            prover_lane_release(l->thread);
            l->kept_bytes = 0;
        }
    malloc_trim(0);
}

/* ---- proofs ---- */

bool lane_set_busy(const struct lane_set *s)
{
    for (struct lane *l = s->lanes; l < s->lanes + s->count; l++)
        if (l->busy)
            return true;
    return false;
}

void lane_set_count(const struct lane_set *s, struct lane_plan_input *in)
{
    for (struct lane *l = s->lanes; l < s->lanes + s->count; l++)
        if (l->busy) {
            in->running.inputs++;
            in->running.threads += l->threads;
            in->running.bytes += l->need_bytes;
        }
}

/* The idle lane that keeps the most. */
static struct lane *idle_lane(struct lane_set *s)
{
    struct lane *best = NULL;

    for (struct lane *l = s->lanes; l < s->lanes + s->count; l++)
        if (!l->busy && (!best || l->kept_bytes > best->kept_bytes))
            best = l;
    assert(best); /* each uses a core at least */
    return best;
}

enum status lane_set_start(struct lane_set *s, uint64_t id, uint64_t need_bytes,
                           uint64_t free_bytes, const struct prover_lane_work *work,
                           struct why *why)
{
    struct lane *l = idle_lane(s);
    uint64_t grows = need_bytes > l->kept_bytes ? need_bytes - l->kept_bytes : 0;

    if (kept_bytes(s) + grows > free_bytes)
        lane_set_release(s);
    if (!l->thread) {
        enum status st = prover_lane_new(&l->thread, &s->options, why);

        if (st)
            return st;
    }
    l->busy = true;
    l->id = id;
    l->threads = work->threads;
    l->need_bytes = need_bytes;
    if (need_bytes > l->kept_bytes)
        l->kept_bytes = need_bytes;
    prover_lane_begin(l->thread, work);
    return ST_OK;
}

void lane_set_cancel(struct lane_set *s, uint64_t id)
{
    for (struct lane *l = s->lanes; l < s->lanes + s->count; l++)
        if (l->busy && l->id == id)
            prover_lane_cancel(l->thread);
}

bool lane_set_take(struct lane_set *s, uint64_t *id, struct prover_lane_result *out)
{
    for (struct lane *l = s->lanes; l < s->lanes + s->count; l++)
        if (l->busy && prover_lane_take(l->thread, out)) {
            l->busy = false;
            *id = l->id;
            return true;
        }
    return false;
}
