/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/keepalive.h"

#include <string.h>

#include "base/clock.h"

/* mockorch/server/server.c hangs up then, and libcurl notices before it sends. */
#define IDLE_NS (300 * NS_PER_S)

void keepalive_begin(struct keepalive *k, uint64_t life)
{
    *k = (struct keepalive){.life = life};
}

static void drop(struct keepalive *k, size_t i)
{
    k->count--;
    memmove(k->idle + i, k->idle + i + 1, (k->count - i) * sizeof *k->idle);
}

void keepalive_leave(struct keepalive *k, struct keepalive_connection c)
{
    if (k->count == KEEPALIVE_MOST)
        drop(k, 0);
    k->idle[k->count++] = c;
}

bool keepalive_take(struct keepalive *k, unsigned server_life, int64_t now_ns)
{
    for (size_t i = 0; i < k->count;) {
        struct keepalive_connection c = k->idle[i];

        if (c.free_ns > now_ns) {
            i++;
            continue;
        }
        drop(k, i);
        if (c.server_life == server_life && now_ns - c.free_ns < IDLE_NS)
            return true;
    }
    return false;
}
