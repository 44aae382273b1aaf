/* SPDX-License-Identifier: Apache-2.0 */
/* Keccak-256 with the original padding (not SHA3-256), as the network hashes proofs, and the
 * combination of proof hashes.
 *
 * Source:  Keccak submission 3, client.md 4.4.
 */
#pragma once
#include <stdbool.h>

#include "base/bytes.h"

#define KECCAK256_HEX     65 /* 64 digits and the end */
#define KECCAK256_PADDING 0x01

void keccak256(uint8_t out[static 32], struct bytes message);
void keccak256_hex(char out[static KECCAK256_HEX], struct bytes message);

/* 64 lower-case hex digits and nothing else: the form of every hash on the wire. */
bool keccak256_hex_form(const char *text);

/* C(h_1 … h_k): Keccak-256 over the joined ASCII hashes; "" for none. */
/* Who hashes proofs instead of keccak256_hex: one who remembers, and so has the same hash sooner. */
struct proof_hasher {
    void (*hash)(struct proof_hasher *h, char out[static KECCAK256_HEX], struct bytes proof);
};
/* h NULL: keccak256_hex. */
void proof_hash(struct proof_hasher *h, char out[static KECCAK256_HEX], struct bytes proof);

void proof_hash_combine(char out[static KECCAK256_HEX], const char *const *hashes, size_t count);

/* The same sponge with another padding byte. 0x06 makes it SHA3-256, which is how the permutation
 * is checked against OpenSSL. */
void keccak256_padded(uint8_t out[static 32], struct bytes message, uint8_t padding);
