/* SPDX-License-Identifier: Apache-2.0 */
/* The Ed25519 signature of a submission.
 *
 * Source:  client.md 4.5; RFC 8032.
 * Owner:   a signing key lives in guarded, locked memory and is readable only while it signs.
 * Threads: one owner at a time.
 */
#pragma once
#include <stdbool.h>

#include "base/bytes.h"

#define SIGNING_PUBLIC_SIZE    32
#define SIGNING_SEED_SIZE      32
#define SIGNING_SIGNATURE_SIZE 64

struct signing_key;

/* What signs and verifies instead of Ed25519: a simulation's. Keys are told apart by their public
 * half. */
struct signing_scheme {
    const struct signing_scheme_ops *ops;
};
struct signing_scheme_ops {
    void (*sign)(struct signing_scheme *s, uint8_t out[static SIGNING_SIGNATURE_SIZE],
                 const uint8_t public_key[static SIGNING_PUBLIC_SIZE], struct bytes text);
    bool (*verify)(struct signing_scheme *s, const uint8_t public_key[static SIGNING_PUBLIC_SIZE],
                   const uint8_t signature[static SIGNING_SIGNATURE_SIZE], struct bytes text);
};

/* Starts libsodium; safe to call again. */
enum status MUST_USE signing_start(struct why *why);

enum status MUST_USE signing_key_random(struct signing_key **out, struct why *why);
/* Takes a copy; the caller wipes its own (signing_wipe). */
enum status MUST_USE signing_key_of_seed(struct signing_key **out,
                                         const uint8_t seed[static SIGNING_SEED_SIZE],
                                         struct why *why);
/* One without a secret: the scheme, which outlives it, signs for it. */
enum status MUST_USE signing_key_of_scheme(struct signing_key **out, struct signing_scheme *scheme,
                                           const uint8_t public_key[static SIGNING_PUBLIC_SIZE],
                                           struct why *why);
void signing_key_free(struct signing_key *k); /* wipes */
void signing_key_public(const struct signing_key *k, uint8_t out[static SIGNING_PUBLIC_SIZE]);
/* For the key store only, which has no key of a scheme. */
void signing_key_seed(const struct signing_key *k, uint8_t out[static SIGNING_SEED_SIZE]);
void signing_wipe(void *secret, size_t size);

/* "0 | <task_id> | <proof_hash>" */
void signing_text(struct buffer *out, const char *task_id, const char *proof_hash);

void signing_sign(const struct signing_key *k, uint8_t out[static SIGNING_SIGNATURE_SIZE],
                  const char *task_id, const char *proof_hash);
/* scheme NULL: Ed25519. */
bool signing_verify(struct signing_scheme *scheme, struct bytes public_key, struct bytes signature,
                    const char *task_id, const char *proof_hash);

/* The same for any text, by Ed25519 alone. */
void signing_sign_text(const struct signing_key *k, uint8_t out[static SIGNING_SIGNATURE_SIZE],
                       struct bytes text);
bool signing_verify_text(const uint8_t public_key[static SIGNING_PUBLIC_SIZE],
                         const uint8_t signature[static SIGNING_SIGNATURE_SIZE], struct bytes text);
