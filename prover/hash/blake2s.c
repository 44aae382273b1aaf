/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/hash/blake2s.h"

#include <string.h>

static const uint32_t iv[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                               0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static const uint8_t sigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static uint32_t rotr(uint32_t x, int k)
{
    return x >> k | x << (32 - k);
}

static void mix(uint32_t v[16], int a, int b, int c, int d, uint32_t x, uint32_t y)
{
    v[a] += v[b] + x;
    v[d] = rotr(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotr(v[b] ^ v[c], 12);
    v[a] += v[b] + y;
    v[d] = rotr(v[d] ^ v[a], 8);
    v[c] += v[d];
    v[b] = rotr(v[b] ^ v[c], 7);
}

void blake2s_compress(uint32_t h[static 8], const uint32_t m[static 16], uint64_t t, uint32_t f)
{
    uint32_t v[16];

    for (int i = 0; i < 8; i++) {
        v[i] = h[i];
        v[i + 8] = iv[i];
    }
    v[12] ^= (uint32_t)t;
    v[13] ^= (uint32_t)(t >> 32);
    v[14] ^= f;
    for (int r = 0; r < 10; r++) {
        const uint8_t *s = sigma[r];

        mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
        mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
        mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
        mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
        mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
        mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
        mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
        mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (int i = 0; i < 8; i++)
        h[i] ^= v[i] ^ v[i + 8];
}

void blake2s_init(struct blake2s *s)
{
    memset(s, 0, sizeof *s);
    memcpy(s->h, iv, sizeof iv);
    s->h[0] ^= 0x01010020; /* 32 bytes out, no key, fan-out 1, depth 1 */
}

static void compress_block(struct blake2s *s, uint32_t f)
{
    uint32_t m[16];

    for (int i = 0; i < 16; i++)
        m[i] = load_le32(s->block + 4 * i);
    blake2s_compress(s->h, m, s->length, f);
}

void blake2s_update(struct blake2s *s, const void *data, size_t size)
{
    const uint8_t *at = data;

    while (size > 0) {
        size_t n = sizeof s->block - s->fill;

        /* A full block waits for the next byte: the last block is compressed differently. */
        if (n == 0) {
            s->length += sizeof s->block;
            compress_block(s, 0);
            s->fill = 0;
            continue;
        }
        n = size < n ? size : n;
        memcpy(s->block + s->fill, at, n);
        s->fill += n;
        at += n;
        size -= n;
    }
}

struct hash blake2s_final(struct blake2s *s)
{
    struct hash out;

    memset(s->block + s->fill, 0, sizeof s->block - s->fill);
    s->length += s->fill;
    compress_block(s, 0xffffffff);
    for (int i = 0; i < 8; i++)
        store_le32(out.b + 4 * i, s->h[i]);
    return out;
}

struct hash blake2s_hash(struct bytes message)
{
    struct blake2s s;

    blake2s_init(&s);
    blake2s_update(&s, message.data, message.size);
    return blake2s_final(&s);
}
