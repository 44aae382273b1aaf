/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE2s-256 (RFC 7693), one message at a time, and its bare compression.
 *
 * Merkle trees hash many messages at once: prover/hash/merkle.h.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct hash {
    uint8_t b[32];
};

struct blake2s {
    uint32_t h[8];
    uint64_t length; /* bytes compressed so far */
    uint8_t block[64];
    size_t fill;
};

void blake2s_init(struct blake2s *s);
void blake2s_update(struct blake2s *s, const void *data, size_t size);
struct hash blake2s_final(struct blake2s *s);

struct hash blake2s_hash(struct bytes message);

/* The function F of RFC 7693, section 3.2, with counter t and finalisation word f. The channel
 * mixes 64-bit numbers with t = f = 0 (components.md 2.1). */
void blake2s_compress(uint32_t h[static 8], const uint32_t m[static 16], uint64_t t, uint32_t f);
