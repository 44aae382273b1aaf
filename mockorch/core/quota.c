/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/quota.h"

#include <assert.h>
#include <stdlib.h>

enum status quota_init(struct quota *q, enum quota_shape shape, uint32_t limit, int64_t window_ns,
                       struct why *why)
{
    int64_t *at = NULL;

    if (limit && shape == QUOTA_WINDOW) {
        at = calloc(limit, sizeof *at);
        if (!at)
            return fail(why, ST_NO_MEMORY, "allowance of %u: out of memory", limit);
    }
    /* a bucket is full since ever */
    *q = (struct quota){
        .shape = shape, .limit = limit, .window_ns = window_ns, .at = at, .full_ns = INT64_MIN / 2};
    return ST_OK;
}

void quota_fini(struct quota *q)
{
    free(q->at);
    *q = (struct quota){.limit = 0};
}

/* ---- buckets ---- */

/* settings_check: a window is at least 1 ns for each event. */
static int64_t gap_ns(const struct quota *q)
{
    return q->window_ns / q->limit;
}

/* How many events the bucket lacks now, rounded up. */
static uint32_t lacking(const struct quota *q, int64_t now_ns)
{
    int64_t gap = gap_ns(q);

    return q->full_ns <= now_ns ? 0 : (uint32_t)((q->full_ns - now_ns + gap - 1) / gap);
}

/* Until the bucket lacks at most so many. */
static int64_t until_lacking(const struct quota *q, uint32_t most, int64_t now_ns)
{
    int64_t at_ns = q->full_ns - most * gap_ns(q);

    return at_ns > now_ns ? at_ns - now_ns : 0;
}

/* ---- both ---- */

/* Events and windows are far below 2^62, so sums fit. */
int64_t quota_wait_ns(const struct quota *q, int64_t now_ns)
{
    int64_t free_ns;

    if (q->limit == 0)
        return 0;
    if (q->shape == QUOTA_BUCKET)
        return until_lacking(q, q->limit - 1, now_ns);
    if (q->count < q->limit)
        return 0;
    free_ns = q->at[q->oldest] + q->window_ns;
    return free_ns > now_ns ? free_ns - now_ns : 0;
}

void quota_spend(struct quota *q, int64_t now_ns)
{
    assert(quota_wait_ns(q, now_ns) == 0);
    if (q->limit == 0)
        return;
    if (q->shape == QUOTA_BUCKET) {
        q->full_ns = (q->full_ns > now_ns ? q->full_ns : now_ns) + gap_ns(q);
        return;
    }
    if (q->count < q->limit) {
        q->at[q->count++] = now_ns;
        return;
    }
    q->at[q->oldest] = now_ns;
    q->oldest = (q->oldest + 1) % q->limit;
}

void quota_replay(struct quota *q, int64_t at_ns)
{
    if (quota_wait_ns(q, at_ns) == 0)
        quota_spend(q, at_ns);
}

void quota_settle(struct quota *q, int64_t now_ns)
{
    int64_t latest_ns;

    assert(q->shape == QUOTA_BUCKET);
    if (q->limit == 0)
        return;
    latest_ns = now_ns + q->limit * gap_ns(q);
    if (q->full_ns > latest_ns)
        q->full_ns = latest_ns;
}

uint32_t quota_left(const struct quota *q, int64_t now_ns)
{
    uint32_t left = q->limit - q->count;

    if (q->limit == 0)
        return UINT32_MAX;
    if (q->shape == QUOTA_BUCKET)
        return q->limit - lacking(q, now_ns);
    for (uint32_t i = 0; i < q->count; i++)
        left += q->at[i] + q->window_ns <= now_ns;
    return left;
}

int64_t quota_more_ns(const struct quota *q, int64_t now_ns)
{
    uint32_t lacks;

    if (q->limit == 0)
        return 0;
    if (q->shape == QUOTA_BUCKET) {
        lacks = lacking(q, now_ns);
        return lacks ? until_lacking(q, lacks - 1, now_ns) : 0;
    }
    for (uint32_t i = 0; i < q->count; i++) { /* from the oldest on */
        int64_t free_ns = q->at[(q->oldest + i) % q->limit] + q->window_ns;

        if (free_ns > now_ns)
            return free_ns - now_ns;
    }
    return 0;
}
