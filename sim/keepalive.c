/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/keepalive.h"

#include <string.h>

#include "base/clock.h"

/* Beyond the client's limit (client/shell/transport_curl.h), which libcurl compares in whole
 * seconds. The server would hang up ten seconds later (mockorch/server/server.c). */
#define IDLE_NS (601 * NS_PER_S)

void keepalive_begin(struct keepalive *k, uint64_t life)
{
    *k = (struct keepalive){.life = life};
}

static void drop(struct keepalive *k, size_t i)
{
    k->count--;
    memmove(k->idle + i, k->idle + i + 1, (k->count - i) * sizeof *k->idle);
}

static size_t longest_idle(const struct keepalive *k)
{
    size_t found = 0;

    for (size_t i = 1; i < k->count; i++)
        if (k->idle[i].free_ns < k->idle[found].free_ns)
            found = i;
    return found;
}

void keepalive_leave(struct keepalive *k, struct keepalive_connection c)
{
    size_t i;

    if (k->count == KEEPALIVE_MOST)
        drop(k, longest_idle(k));
    for (i = k->count++; i > 0 && k->idle[i - 1].number > c.number; i--)
        k->idle[i] = k->idle[i - 1];
    k->idle[i] = c;
}

uint64_t keepalive_take(struct keepalive *k, unsigned server_life, int64_t now_ns, bool *kept)
{
    *kept = true;
    for (size_t i = 0; i < k->count;) {
        struct keepalive_connection c = k->idle[i];

        if (c.free_ns > now_ns) {
            i++;
            continue;
        }
        drop(k, i);
        if (c.server_life == server_life && now_ns - c.free_ns < IDLE_NS)
            return c.number;
    }
    *kept = false;
    return ++k->opened;
}
