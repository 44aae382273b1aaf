/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/signing.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(SIGNING_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "RFC 8032");
static_assert(SIGNING_SEED_SIZE == crypto_sign_SEEDBYTES, "RFC 8032");
static_assert(SIGNING_SIGNATURE_SIZE == crypto_sign_BYTES, "RFC 8032");

struct signing_key {
    uint8_t *secret; /* sodium_malloc: own pages between guards, locked, no access at rest */
    struct signing_scheme *scheme; /* instead of a secret; or NULL */
    uint8_t public_key[SIGNING_PUBLIC_SIZE];
};

enum status signing_start(struct why *why)
{
    if (sodium_init() < 0)
        return fail(why, ST_IO, "libsodium found no source of random numbers");
    return ST_OK;
}

static enum status key_new(struct signing_key **out, const uint8_t *seed, struct why *why)
{
    struct signing_key *k = calloc(1, sizeof *k);
    enum status st = ST_OK;

    if (k)
        k->secret = sodium_malloc(crypto_sign_SECRETKEYBYTES);
    if (!k || !k->secret) {
        st = fail(why, ST_NO_MEMORY, "signing key: out of memory");
        goto out;
    }
    if (seed)
        crypto_sign_seed_keypair(k->public_key, k->secret, seed);
    else
        crypto_sign_keypair(k->public_key, k->secret);
    sodium_mprotect_noaccess(k->secret);

    *out = k;
    k = NULL;
out:
    signing_key_free(k);
    return st;
}

enum status signing_key_random(struct signing_key **out, struct why *why)
{
    return key_new(out, NULL, why);
}

enum status signing_key_of_seed(struct signing_key **out,
                                const uint8_t seed[static SIGNING_SEED_SIZE], struct why *why)
{
    return key_new(out, seed, why);
}

enum status signing_key_of_scheme(struct signing_key **out, struct signing_scheme *scheme,
                                  const uint8_t public_key[static SIGNING_PUBLIC_SIZE],
                                  struct why *why)
{
    struct signing_key *k = calloc(1, sizeof *k);

    if (!k)
        return fail(why, ST_NO_MEMORY, "signing key: out of memory");
    k->scheme = scheme;
    memcpy(k->public_key, public_key, SIGNING_PUBLIC_SIZE);
    *out = k;
    return ST_OK;
}

void signing_key_free(struct signing_key *k)
{
    if (!k)
        return;
    sodium_free(k->secret); /* wipes */
    free(k);
}

void signing_key_public(const struct signing_key *k, uint8_t out[static SIGNING_PUBLIC_SIZE])
{
    memcpy(out, k->public_key, SIGNING_PUBLIC_SIZE);
}

void signing_key_seed(const struct signing_key *k, uint8_t out[static SIGNING_SEED_SIZE])
{
    assert(k->secret);
    sodium_mprotect_readonly(k->secret);
    crypto_sign_ed25519_sk_to_seed(out, k->secret);
    sodium_mprotect_noaccess(k->secret);
}

void signing_wipe(void *secret, size_t size)
{
    sodium_memzero(secret, size);
}

void signing_text(struct buffer *out, const char *task_id, const char *proof_hash)
{
    /* 0 is the version of the format; field by field, so that texts of any length stay exact */
    buffer_put_text(out, "0 | ");
    buffer_put_text(out, task_id);
    buffer_put_text(out, " | ");
    buffer_put_text(out, proof_hash);
}

void signing_sign_text(const struct signing_key *k, uint8_t out[static SIGNING_SIGNATURE_SIZE],
                       struct bytes text)
{
    assert(k->secret);
    sodium_mprotect_readonly(k->secret);
    crypto_sign_detached(out, NULL, text.data, text.size, k->secret);
    sodium_mprotect_noaccess(k->secret);
}

bool signing_verify_text(const uint8_t public_key[static SIGNING_PUBLIC_SIZE],
                         const uint8_t signature[static SIGNING_SIGNATURE_SIZE], struct bytes text)
{
    return crypto_sign_verify_detached(signature, text.data, text.size, public_key) == 0;
}

/* The text of any task there is fits without asking for memory: where that is scarce, a good signature
 * must not be called a bad one. */
struct signed_text {
    uint8_t small[640];
    struct buffer large;
    struct bytes bytes;
};

static bool signed_text_init(struct signed_text *t, const char *task_id, const char *proof_hash)
{
    int size = snprintf((char *)t->small, sizeof t->small, "0 | %s | %s", task_id, proof_hash);

    buffer_init(&t->large, 0);
    t->bytes = bytes_of(t->small, (size_t)size);
    if ((size_t)size < sizeof t->small)
        return true;
    signing_text(&t->large, task_id, proof_hash);
    t->bytes = buffer_bytes(&t->large);
    return buffer_ok(&t->large);
}

void signing_sign(const struct signing_key *k, uint8_t out[static SIGNING_SIGNATURE_SIZE],
                  const char *task_id, const char *proof_hash)
{
    struct signed_text text;
    const bool made = signed_text_init(&text, task_id, proof_hash);

    assert(made); /* some hundred bytes */
    if (k->scheme)
        k->scheme->ops->sign(k->scheme, out, k->public_key, text.bytes);
    else
        signing_sign_text(k, out, text.bytes);
    buffer_fini(&text.large);
}

bool signing_verify(struct signing_scheme *scheme, struct bytes public_key, struct bytes signature,
                    const char *task_id, const char *proof_hash)
{
    struct signed_text text;
    bool good = false;

    if (public_key.size != SIGNING_PUBLIC_SIZE || signature.size != SIGNING_SIGNATURE_SIZE)
        return false;
    if (signed_text_init(&text, task_id, proof_hash))
        good = scheme ? scheme->ops->verify(scheme, public_key.data, signature.data, text.bytes)
                      : signing_verify_text(public_key.data, signature.data, text.bytes);
    buffer_fini(&text.large);
    return good;
}
