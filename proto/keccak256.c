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

/* Pi walks over all lanes but lane 0 in one cycle; rho turns each by its triangular number. */
static const uint8_t pi_lane[24] = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                    15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};
static const uint8_t rho_turn[24] = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                     27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};

static inline uint64_t rotate_left(uint64_t word, unsigned turn) /* 1 .. 63 */
{
    return word << turn | word >> (64 - turn);
}

/* Keccak-f[1600]; lane (x, y) is state[x + 5 y]. */
static void permute(uint64_t state[25])
{
    for (unsigned round = 0; round < 24; round++) {
        uint64_t column[5], carried;

        for (unsigned x = 0; x < 5; x++)
            column[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
        for (unsigned x = 0; x < 5; x++) {
            uint64_t theta = column[(x + 4) % 5] ^ rotate_left(column[(x + 1) % 5], 1);

            for (unsigned y = 0; y < 25; y += 5)
                state[x + y] ^= theta;
        }
        carried = state[1];
        for (unsigned i = 0; i < 24; i++) {
            uint64_t next = state[pi_lane[i]];

            state[pi_lane[i]] = rotate_left(carried, rho_turn[i]);
            carried = next;
        }
        for (unsigned y = 0; y < 25; y += 5) {
            uint64_t row[5];

            memcpy(row, state + y, sizeof row);
            for (unsigned x = 0; x < 5; x++)
                state[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
        }
        state[0] ^= round_constants[round];
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
