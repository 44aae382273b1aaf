/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/vm/keccakf.h"

#define ROUNDS 24

static const uint64_t round_constants[ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
    0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
    0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

/* rho: lane x + 5 y turns left by this many bits */
static const unsigned rotations[25] = {
    0,  1,  62, 28, 27, /* y = 0 */
    36, 44, 6,  55, 20, /* y = 1 */
    3,  10, 43, 25, 39, /* y = 2 */
    41, 45, 15, 21, 8,  /* y = 3 */
    18, 2,  61, 56, 14, /* y = 4 */
};

static uint64_t rotate_left(uint64_t v, unsigned count)
{
    return count ? v << count | v >> (64 - count) : v;
}

void keccakf(uint64_t lanes[static 25])
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t parity[5], turned[25];

        for (unsigned x = 0; x < 5; x++) /* theta */
            parity[x] = lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20];
        for (unsigned i = 0; i < 25; i++)
            lanes[i] ^= parity[(i + 4) % 5] ^ rotate_left(parity[(i + 1) % 5], 1);
        for (unsigned y = 0; y < 5; y++) /* rho, pi */
            for (unsigned x = 0; x < 5; x++)
                turned[y + 5 * ((2 * x + 3 * y) % 5)] =
                    rotate_left(lanes[x + 5 * y], rotations[x + 5 * y]);
        for (unsigned y = 0; y < 25; y += 5) /* chi */
            for (unsigned x = 0; x < 5; x++)
                lanes[x + y] = turned[x + y] ^ (~turned[(x + 1) % 5 + y] & turned[(x + 2) % 5 + y]);
        lanes[0] ^= round_constants[round]; /* iota */
    }
}
