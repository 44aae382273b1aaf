/* SPDX-License-Identifier: Apache-2.0 */
/* Do clients that were told the same time come back all at once? Watches the first wave: from the
 * earliest time that a Retry-After named to the latest one plus its spread (client/core/backoff.h).
 *
 * Units:   nanoseconds; counts per second.
 * Owner:   plain value.
 * Source:  simulation.md 3, rule 8.
 */
#pragma once
#include <stdint.h>

#define HERD_SECONDS 1024 /* longer waves are not watched to their end */

struct herd {
    int64_t from_ns, to_ns; /* from 0: nobody was told anything yet */
    uint32_t sent[HERD_SECONDS];
    uint64_t all;
};

void herd_told(struct herd *h, int64_t now_ns, int64_t wait_ns);
void herd_sent(struct herd *h, int64_t now_ns);
/* The fullest second against the mean of the wave, in percent; 0: no wave of 100 requests. */
uint64_t herd_peak_percent(const struct herd *h);
