/* SPDX-License-Identifier: Apache-2.0 */
/* Keccak-256 with the original padding (not SHA3-256), as the network hashes proofs, and the
 * combination of proof hashes.
 *
 * Source:  Keccak submission 3, client.md 4.4.
 */
#pragma once
#include "base/bytes.h"

#define KECCAK256_HEX 65 /* 64 digits and the end */

void keccak256(uint8_t out[static 32], struct bytes message);
void keccak256_hex(char out[static KECCAK256_HEX], struct bytes message);

/* C(h_1 … h_k): Keccak-256 over the joined ASCII hashes; "" for none. */
void proof_hash_combine(char out[static KECCAK256_HEX], const char *const *hashes, size_t count);
