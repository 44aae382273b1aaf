/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/keccak256.h"

#include <string.h>

#define RATE 136 /* bytes of the state that take message: 1600 / 8 - 2 * 32 */

static const uint64_t round_constants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

static inline uint64_t rotate_left(uint64_t word, unsigned turn) /* 1 .. 63 */
{
    return word << turn | word >> (64 - turn);
}

/* One lane on its way through theta, rho and pi. */
#define TURNED(from, turn) rotate_left(a[from] ^ theta[(from) % 5], turn)

/* Chi on one row: each lane takes in the two that follow it. */
static inline void chi(uint64_t out[5], uint64_t b0, uint64_t b1, uint64_t b2, uint64_t b3,
                       uint64_t b4)
{
    out[0] = b0 ^ (~b1 & b2);
    out[1] = b1 ^ (~b2 & b3);
    out[2] = b2 ^ (~b3 & b4);
    out[3] = b3 ^ (~b4 & b0);
    out[4] = b4 ^ (~b0 & b1);
}

/* One round from a to e; lane (x, y) is a[x + 5 y]. Every place is a constant, so the compiler
 * keeps the lanes in registers: this is what makes it fast. */
static inline void round_of(uint64_t e[25], const uint64_t a[25], uint64_t constant)
{
    uint64_t column[5], theta[5];

    for (unsigned x = 0; x < 5; x++)
        column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    for (unsigned x = 0; x < 5; x++)
        theta[x] = column[(x + 4) % 5] ^ rotate_left(column[(x + 1) % 5], 1);

    chi(e, a[0] ^ theta[0], TURNED(6, 44), TURNED(12, 43),
        TURNED(18, 21), TURNED(24, 14));
    chi(e + 5, TURNED(3, 28), TURNED(9, 20), TURNED(10, 3),
        TURNED(16, 45), TURNED(22, 61));
    chi(e + 10, TURNED(1, 1), TURNED(7, 6), TURNED(13, 25),
        TURNED(19, 8), TURNED(20, 18));
    chi(e + 15, TURNED(4, 27), TURNED(5, 36), TURNED(11, 10),
        TURNED(17, 15), TURNED(23, 56));
    chi(e + 20, TURNED(2, 62), TURNED(8, 55), TURNED(14, 39),
        TURNED(15, 41), TURNED(21, 2));
    e[0] ^= constant;
}

/* Keccak-f[1600] */
static void permute(uint64_t state[25])
{
    uint64_t half[25];

    for (unsigned round = 0; round < 24; round += 2) {
        round_of(half, state, round_constants[round]);
        round_of(state, half, round_constants[round + 1]);
    }
}

static void absorb(uint64_t state[25], const uint8_t block[RATE])
{
    for (unsigned i = 0; i < RATE / 8; i++) {
        uint64_t low = load_le32(block + 8 * i), high = load_le32(block + 8 * i + 4);

        state[i] ^= low | high << 32;
    }
    permute(state);
}

struct sponge {
    uint64_t state[25];
    uint8_t block[RATE];
    size_t used; /* of block, always < RATE between calls */
};

static void sponge_put(struct sponge *s, struct bytes message)
{
    size_t at = 0;

    while (at < message.size) {
        size_t part = message.size - at;

        if (part > RATE - s->used)
            part = RATE - s->used;
        memcpy(s->block + s->used, message.data + at, part);
        at += part;
        s->used += part;
        if (s->used == RATE) {
            absorb(s->state, s->block);
            s->used = 0;
        }
    }
}

static void sponge_end(struct sponge *s, uint8_t out[static 32], uint8_t padding)
{
    memset(s->block + s->used, 0, RATE - s->used);
    s->block[s->used] = padding; /* used < RATE: there is a place */
    s->block[RATE - 1] |= 0x80;
    absorb(s->state, s->block);
    for (unsigned i = 0; i < 4; i++) {
        store_le32(out + 8 * i, (uint32_t)s->state[i]);
        store_le32(out + 8 * i + 4, (uint32_t)(s->state[i] >> 32));
    }
}

void keccak256_padded(uint8_t out[static 32], struct bytes message, uint8_t padding)
{
    struct sponge s = {.used = 0};

    sponge_put(&s, message);
    sponge_end(&s, out, padding);
}

void keccak256(uint8_t out[static 32], struct bytes message)
{
    keccak256_padded(out, message, KECCAK256_PADDING);
}

void keccak256_hex(char out[static KECCAK256_HEX], struct bytes message)
{
    uint8_t digest[32];

    keccak256(digest, message);
    hex_encode(out, digest, sizeof digest);
}

bool keccak256_hex_form(const char *text)
{
    return strspn(text, "0123456789abcdef") == KECCAK256_HEX - 1 && !text[KECCAK256_HEX - 1];
}

void proof_hash(struct proof_hasher *h, char out[static KECCAK256_HEX], struct bytes proof)
{
    if (h)
        h->hash(h, out, proof);
    else
        keccak256_hex(out, proof);
}

void proof_hash_combine(char out[static KECCAK256_HEX], const char *const *hashes, size_t count)
{
    struct sponge s = {.used = 0};
    uint8_t digest[32];

    for (size_t i = 0; i < count; i++)
        sponge_put(&s, bytes_of_text(hashes[i]));
    sponge_end(&s, digest, KECCAK256_PADDING);
    hex_encode(out, digest, sizeof digest);
    if (count == 0)
        out[0] = 0;
}
