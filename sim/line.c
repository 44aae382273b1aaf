/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/line.h"

#include "base/clock.h"
#include "mockorch/core/spread.h"

/* TCP sends a lost segment again after 1, 2, 4 … s (RFC 6298). */
#define RETRANSMIT_NS   NS_PER_S
#define RETRANSMIT_MOST 6

bool line_strikes(struct prng *prng, double chance, const char *place, bool healed)
{
    bool drawn;

    prng_place(prng, place);
    drawn = prng_chance(prng, chance);
    return drawn && !healed;
}

int64_t line_latency_ns(const struct scenario_network *plan, struct prng *prng)
{
    prng_place(prng, "jitter");
    return plan->latency_ns + spread_ns(prng, plan->spread, plan->jitter_ns);
}

int64_t line_retransmit_ns(const struct scenario_network *plan, struct prng *prng, bool healed)
{
    int64_t ns = 0;

    for (unsigned k = 0; plan->retransmit > 0 && k < RETRANSMIT_MOST; k++) {
        if (!line_strikes(prng, plan->retransmit, "retransmit", healed))
            break;
        ns += RETRANSMIT_NS << k;
    }
    return ns;
}

/* sizes stay below 2^30, so the product stays below 2^60 */
int64_t line_transfer_ns(uint64_t bytes_per_s, size_t size)
{
    return bytes_per_s ? (int64_t)((uint64_t)size * (uint64_t)NS_PER_S / bytes_per_s) : 0;
}
