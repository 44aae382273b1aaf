/* SPDX-License-Identifier: Apache-2.0 */
/* A seeded generator for choices that must repeat: jitter, simulation, tests. Not for keys.
 *
 * Source:  xoshiro256** by D. Blackman and S. Vigna, seeded through splitmix64.
 * Owner:   plain value; a copy goes its own way from there.
 *
 * Somebody may listen: each choice is told to him before it counts, as a number of which 0 is the
 * tamest (the lowest of a range; "no" of a chance), and what he answers is what was drawn. Words and
 * bytes that name things (prng_u64, prng_fill) are no choices.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prng_listener {
    /* drawn, or another number of 0 .. most; most >= 1 */
    uint64_t (*choose)(struct prng_listener *listener, uint64_t drawn, uint64_t most);
    const char *place; /* what is being decided, when the owner of the generator says so; or NULL */
};

struct prng {
    uint64_t s[4];
    struct prng_listener *listener; /* borrowed; NULL: nobody */
};

struct prng prng_of(uint64_t seed);
uint64_t prng_u64(struct prng *p);
uint64_t prng_below(struct prng *p, uint64_t bound); /* 0 .. bound-1, unbiased; bound >= 1 */
int64_t prng_between(struct prng *p, int64_t low, int64_t high); /* both ends possible */
double prng_unit(struct prng *p);                                /* 0 <= x < 1 */
bool prng_chance(struct prng *p, double probability);
void prng_fill(struct prng *p, void *out, size_t size);
/* A generator of its own for one part of a run: adding parts does not disturb the others. Who listens
 * here listens there. */
struct prng prng_fork(struct prng *p, uint64_t label);
/* What is decided next, for who listens. */
void prng_place(struct prng *p, const char *place);
