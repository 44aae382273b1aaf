/* SPDX-License-Identifier: Apache-2.0 */
/* The channel: everything sent goes into a digest, every random value comes out of it, so that
 * prover and verifier draw the same and neither can choose.
 *
 * Source:  components.md 2.
 * Owner:   plain value; a copy goes its own way from there (the search for a nonce uses that).
 */
#pragma once
#include "prover/field/qm31.h"
#include "prover/hash/blake2s.h"

struct channel {
    struct hash digest;
    uint32_t counter; /* draws since the last mix */
};

struct channel channel_start(void); /* zero digest, nothing drawn */

void channel_mix_root(struct channel *c, const struct hash *root);
void channel_mix_felts(struct channel *c, const qm31 *felts, size_t count); /* all in one hash */
void channel_mix_u64(struct channel *c, uint64_t value);

struct hash channel_draw_bytes(struct channel *c);
qm31 channel_draw_felt(struct channel *c);
/* Drawn together: a draw gives two values, so this differs from count single draws. */
void channel_draw_felts(struct channel *c, qm31 *out, size_t count);

/* Of the digest's first 128 bits as a little-endian number; 128 when all are zero. */
unsigned channel_trailing_zeros(const struct channel *c);

/* Whether mixing nonce would leave at least `bits` trailing zeros. The channel is not changed. */
bool channel_nonce_works(const struct channel *c, uint64_t nonce, unsigned bits);
/* The smallest nonce that works (stark.md 10.1); about 2^bits compressions. */
uint64_t channel_find_nonce(const struct channel *c, unsigned bits);
