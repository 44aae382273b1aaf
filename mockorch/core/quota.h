/* SPDX-License-Identifier: Apache-2.0 */
/* At most so many events in any window of time, or out of a bucket that fills up evenly: the allowance
 * of a user, a node, a key or an address.
 *
 * Source:  client.md 13.2, 13.5.
 * Units:   nanoseconds on the orchestrator's clock.
 * Owner:   heap inside (quota_fini, safe on a zeroed value).
 */
#pragma once
#include <stdint.h>

#include "base/status.h"

enum quota_shape {
    QUOTA_WINDOW, /* sliding: no window_ns holds more than limit */
    QUOTA_BUCKET, /* limit at once, then one each window_ns / limit */
};

struct quota {
    enum quota_shape shape;
    uint32_t limit;  /* 0: everything is allowed, nothing is remembered */
    int64_t window_ns;
    /* window */
    int64_t *at;     /* ring of the last `limit` events, in their order */
    uint32_t count;  /* of the ring's places in use */
    uint32_t oldest; /* place of the oldest */
    /* bucket */
    int64_t full_ns; /* when it is full again */
};

enum status MUST_USE quota_init(struct quota *q, enum quota_shape shape, uint32_t limit,
                                int64_t window_ns, struct why *why);
void quota_fini(struct quota *q);

/* Time until one more event fits; 0 means now. */
int64_t quota_wait_ns(const struct quota *q, int64_t now_ns);
/* Books an event. Requires quota_wait_ns(q, now_ns) == 0. */
void quota_spend(struct quota *q, int64_t now_ns);
/* Books an event of the past again, if it fits: events come in their order. */
void quota_replay(struct quota *q, int64_t at_ns);
/* A bucket that was read back: what it lacks is never more than it holds, for its settings may have
 * changed meanwhile. */
void quota_settle(struct quota *q, int64_t now_ns);
/* How many events fit now without a wait; UINT32_MAX without a limit. */
uint32_t quota_left(const struct quota *q, int64_t now_ns);
/* Time until more events fit than now; 0 when all do. */
int64_t quota_more_ns(const struct quota *q, int64_t now_ns);
