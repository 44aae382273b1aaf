/* SPDX-License-Identifier: Apache-2.0 */
#include "base/prng.h"

#include <assert.h>
#include <string.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

struct prng prng_of(uint64_t seed)
{
    struct prng p = {.listener = NULL};

    for (int i = 0; i < 4; i++)
        p.s[i] = splitmix(&seed);
    return p;
}

static uint64_t rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

uint64_t prng_u64(struct prng *p)
{
    uint64_t *s = p->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

void prng_place(struct prng *p, const char *place)
{
    if (p->listener)
        p->listener->place = place;
}

static uint64_t told(struct prng *p, uint64_t drawn, uint64_t most)
{
    return p->listener && most ? p->listener->choose(p->listener, drawn, most) : drawn;
}

uint64_t prng_below(struct prng *p, uint64_t bound)
{
    uint64_t threshold, x;

    assert(bound >= 1);
    /* Values below 2^64 mod bound would make the first residues more likely: drawn again. */
    threshold = (0 - bound) % bound;
    do {
        x = prng_u64(p);
    } while (x < threshold);
    return told(p, x % bound, bound - 1);
}

int64_t prng_between(struct prng *p, int64_t low, int64_t high)
{
    uint64_t span = (uint64_t)high - (uint64_t)low;

    assert(low <= high);
    if (span == UINT64_MAX)
        return (int64_t)((uint64_t)low + told(p, prng_u64(p) - (uint64_t)low, span));
    return (int64_t)((uint64_t)low + prng_below(p, span + 1));
}

double prng_unit(struct prng *p)
{
    return (double)told(p, prng_u64(p) >> 11, (UINT64_C(1) << 53) - 1) * 0x1.0p-53;
}

bool prng_chance(struct prng *p, double probability)
{
    bool drawn = (double)(prng_u64(p) >> 11) * 0x1.0p-53 < probability;

    return probability > 0 && probability < 1 ? told(p, drawn, 1) != 0 : drawn;
}

void prng_fill(struct prng *p, void *out, size_t size)
{
    uint8_t *at = out;

    while (size > 0) {
        uint64_t x = prng_u64(p);
        size_t n = size < 8 ? size : 8;

        memcpy(at, &x, n);
        at += n;
        size -= n;
    }
}

struct prng prng_fork(struct prng *p, uint64_t label)
{
    struct prng fork = prng_of(prng_u64(p) ^ label * 0x9e3779b97f4a7c15u);

    fork.listener = p->listener;
    return fork;
}
