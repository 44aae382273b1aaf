/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/stark/channel.h"

#include <string.h>

struct channel channel_start(void)
{
    return (struct channel){.counter = 0};
}

static void take_digest(struct channel *c, struct hash digest)
{
    c->digest = digest;
    c->counter = 0;
}

void channel_mix_root(struct channel *c, const struct hash *root)
{
    uint8_t message[64];

    memcpy(message, c->digest.b, 32);
    memcpy(message + 32, root->b, 32);
    take_digest(c, blake2s_hash(bytes_of(message, sizeof message)));
}

void channel_mix_felts(struct channel *c, const qm31 *felts, size_t count)
{
    struct blake2s s;

    blake2s_init(&s);
    blake2s_update(&s, c->digest.b, sizeof c->digest.b);
    for (size_t i = 0; i < count; i++) {
        uint8_t coordinates[16];

        for (int k = 0; k < 4; k++)
            store_le32(coordinates + 4 * k, felts[i].c[k].v);
        blake2s_update(&s, coordinates, sizeof coordinates);
    }
    take_digest(c, blake2s_final(&s));
}

/* The bare compression with the digest as chaining value: neither length nor final flag. The
 * library's later revisions hash here instead; the network's does not (components.md 10.1). */
void channel_mix_u64(struct channel *c, uint64_t value)
{
    uint32_t m[16] = {(uint32_t)value, (uint32_t)(value >> 32)};
    uint32_t h[8];
    struct hash digest;

    for (int i = 0; i < 8; i++)
        h[i] = load_le32(c->digest.b + 4 * i);
    blake2s_compress(h, m, 0, 0);
    for (int i = 0; i < 8; i++)
        store_le32(digest.b + 4 * i, h[i]);
    take_digest(c, digest);
}

struct hash channel_draw_bytes(struct channel *c)
{
    uint8_t message[64] = {0};

    memcpy(message, c->digest.b, 32);
    store_le32(message + 32, c->counter);
    c->counter++;
    return blake2s_hash(bytes_of(message, sizeof message));
}

/* Eight M31 values. Words of 2p and more are refused with their whole draw, so that every value
 * is equally likely; word p counts as 0. */
static void draw_base(struct channel *c, m31 out[8])
{
    bool accepted;

    do {
        struct hash drawn = channel_draw_bytes(c);

        accepted = true;
        for (int i = 0; i < 8; i++) {
            uint32_t word = load_le32(drawn.b + 4 * i);

            accepted = accepted && word < 2 * M31_P;
            out[i] = m31_of(word);
        }
    } while (!accepted);
}

qm31 channel_draw_felt(struct channel *c)
{
    qm31 felt;

    channel_draw_felts(c, &felt, 1);
    return felt;
}

void channel_draw_felts(struct channel *c, qm31 *out, size_t count)
{
    m31 drawn[8];

    for (size_t i = 0; i < count; i++) {
        if (i % 2 == 0)
            draw_base(c, drawn);
        memcpy(out[i].c, drawn + 4 * (i % 2), sizeof out[i].c);
    }
}

unsigned channel_trailing_zeros(const struct channel *c)
{
    unsigned zeros = 0;

    for (int i = 0; i < 4; i++) {
        uint32_t word = load_le32(c->digest.b + 4 * i);

        if (word)
            return zeros + (unsigned)__builtin_ctz(word);
        zeros += 32;
    }
    return zeros;
}

bool channel_nonce_works(const struct channel *c, uint64_t nonce, unsigned bits)
{
    struct channel copy = *c;

    channel_mix_u64(&copy, nonce);
    return channel_trailing_zeros(&copy) >= bits;
}

uint64_t channel_find_nonce(const struct channel *c, unsigned bits)
{
    uint64_t nonce = 0;

    while (!channel_nonce_works(c, nonce, bits))
        nonce++;
    return nonce;
}
