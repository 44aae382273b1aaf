/* SPDX-License-Identifier: Apache-2.0 */
/* A seeded generator for choices that must repeat: jitter, simulation, tests. Not for keys.
 *
 * Source:  xoshiro256** by D. Blackman and S. Vigna, seeded through splitmix64.
 * Owner:   plain value; a copy goes its own way from there.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prng {
    uint64_t s[4];
};

struct prng prng_of(uint64_t seed);
uint64_t prng_u64(struct prng *p);
uint64_t prng_below(struct prng *p, uint64_t bound); /* 0 .. bound-1, unbiased; bound >= 1 */
int64_t prng_between(struct prng *p, int64_t low, int64_t high); /* both ends possible */
double prng_unit(struct prng *p);                                /* 0 <= x < 1 */
bool prng_chance(struct prng *p, double probability);
void prng_fill(struct prng *p, void *out, size_t size);
/* A generator of its own for one part of a run: adding parts does not disturb the others. */
struct prng prng_fork(struct prng *p, uint64_t label);
