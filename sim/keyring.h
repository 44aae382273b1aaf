/* SPDX-License-Identifier: Apache-2.0 */
/* The signatures of a simulation, cheaper than Ed25519 and as hard to get wrong.
 *
 * Real ones are Ed25519's; what a key of the ring has signed is remembered, and verifying those very
 * bytes - key, text and signature - is a comparison. Everything else is verified for real.
 *
 * Stand-ins are keyed hashes: the ring knows the secrets of its keys, so it can tell whether one of
 * them has signed this text by signing it again. A signature of another text, by another key, or
 * with one bit changed does not verify; nor does anything of a key that is not in the ring.
 *
 * Source:  client.md 4.5.
 * Owner:   heap; outlives its keys and whoever verifies by it.
 * Threads: one owner.
 */
#pragma once
#include "proto/signing.h"

struct keyring;

struct keyring *keyring_new(bool stand_in);
void keyring_free(struct keyring *k);
/* A key that signs by the ring. ST_NO_MEMORY. */
enum status MUST_USE keyring_key(struct keyring *k, struct signing_key **out,
                                 const uint8_t seed[static SIGNING_SEED_SIZE], struct why *why);
struct signing_scheme *keyring_scheme(struct keyring *k);
