/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/spread.h"

#define PARTS 64

/* Quantiles at k / 64 in thousandths, between which a draw is linear; the last one stands for all
 * that lies beyond. */
static const int32_t lognormal[PARTS + 1] = {
    /* exp(N(0, 1)) */
    40,   116,  155,  187,  216,  242,  268,  292,  317,  340,  364,  388,  412,
    436,  460,  485,  509,  535,  560,  587,  613,  641,  669,  698,  727,  758,
    789,  821,  854,  889,  925,  962,  1000, 1040, 1082, 1125, 1170, 1218, 1268,
    1320, 1375, 1434, 1495, 1561, 1630, 1705, 1784, 1870, 1963, 2064, 2174, 2294,
    2428, 2577, 2746, 2937, 3159, 3421, 3736, 4128, 4637, 5344, 6441, 8618, 20000,
};
static const int32_t pareto[PARTS + 1] = {
    /* (1 / U)^(1 / 1.5) - 1 */
    0,    11,   21,   33,   44,   56,   68,   80,   93,   106,  120,  134,   148,
    163,  179,  195,  211,  229,  246,  265,  284,  304,  324,  346,  368,   391,
    416,  441,  468,  495,  525,  555,  587,  621,  657,  695,  735,  778,   823,
    871,  923,  978,  1038, 1102, 1172, 1247, 1330, 1420, 1520, 1631, 1754,  1894,
    2053, 2235, 2447, 2698, 3000, 3372, 3846, 4472, 5350, 6692, 9079, 15000, 100000,
};

static int64_t drawn_ns(const int32_t *quantiles, struct prng *prng, int64_t scale_ns)
{
    uint64_t place = prng_below(prng, PARTS * 1024), k = place / 1024;
    int64_t low = quantiles[k], high = quantiles[k + 1];
    int64_t times = low + (high - low) * (int64_t)(place % 1024) / 1024;

    return scale_ns / 1000 * times + scale_ns % 1000 * times / 1000; /* at most 100 * 2^50: no wrap */
}

int64_t spread_ns(struct prng *prng, enum fault_spread spread, int64_t scale_ns)
{
    if (scale_ns > SPREAD_MOST_NS)
        scale_ns = SPREAD_MOST_NS;
    switch (spread) {
    case FAULT_SPREAD_LOGNORMAL:
        return drawn_ns(lognormal, prng, scale_ns);
    case FAULT_SPREAD_PARETO:
        return drawn_ns(pareto, prng, scale_ns);
    case FAULT_SPREAD_UNIFORM:
        break;
    }
    return prng_between(prng, 0, scale_ns);
}
