/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/quota.h"

#include <assert.h>
#include <stdlib.h>

enum status quota_init(struct quota *q, uint32_t limit, int64_t window_ns, struct why *why)
{
    int64_t *at = NULL;

    if (limit) {
        at = calloc(limit, sizeof *at);
        if (!at)
            return fail(why, ST_NO_MEMORY, "allowance of %u: out of memory", limit);
    }
    *q = (struct quota){.at = at, .limit = limit, .window_ns = window_ns};
    return ST_OK;
}

void quota_fini(struct quota *q)
{
    free(q->at);
    *q = (struct quota){0};
}

/* Every event of the ring is at most now and window_ns is far below 2^62, so sums fit. */
int64_t quota_wait_ns(const struct quota *q, int64_t now_ns)
{
    int64_t free_ns;

    if (q->count < q->limit || q->limit == 0)
        return 0;
    free_ns = q->at[q->oldest] + q->window_ns;
    return free_ns > now_ns ? free_ns - now_ns : 0;
}

void quota_spend(struct quota *q, int64_t now_ns)
{
    assert(quota_wait_ns(q, now_ns) == 0);
    if (q->limit == 0)
        return;
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

uint32_t quota_left(const struct quota *q, int64_t now_ns)
{
    uint32_t left = q->limit - q->count;

    if (q->limit == 0)
        return UINT32_MAX;
    for (uint32_t i = 0; i < q->count; i++)
        left += q->at[i] + q->window_ns <= now_ns;
    return left;
}
