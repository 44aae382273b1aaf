/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/herd.h"

#include "base/clock.h"

#define SPREAD_MOST_NS (30 * NS_PER_S)
#define WAVE_LEAST     100

void herd_told(struct herd *h, int64_t now_ns, int64_t wait_ns)
{
    int64_t spread_ns = wait_ns / 10 < SPREAD_MOST_NS ? wait_ns / 10 : SPREAD_MOST_NS;
    int64_t from_ns = now_ns + wait_ns, to_ns = from_ns + spread_ns;

    if (h->from_ns && now_ns >= h->from_ns)
        return; /* the wave is here */
    if (!h->from_ns || from_ns < h->from_ns)
        h->from_ns = from_ns;
    if (to_ns > h->to_ns)
        h->to_ns = to_ns;
}

void herd_sent(struct herd *h, int64_t now_ns)
{
    int64_t second = (now_ns - h->from_ns) / NS_PER_S;

    if (!h->from_ns || now_ns < h->from_ns || now_ns > h->to_ns || second >= HERD_SECONDS)
        return;
    h->sent[second]++;
    h->all++;
}

uint64_t herd_peak_percent(const struct herd *h)
{
    uint64_t seconds = (uint64_t)((h->to_ns - h->from_ns + NS_PER_S - 1) / NS_PER_S);
    uint32_t peak = 0;

    if (h->all < WAVE_LEAST)
        return 0;
    for (int i = 0; i < HERD_SECONDS; i++)
        peak = h->sent[i] > peak ? h->sent[i] : peak;
    return peak * seconds * 100 / h->all;
}
