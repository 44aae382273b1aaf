/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/keyring.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "sim/memory.h"
#include "sim/world.h"

#define REMEMBERED 1024 /* signatures; two of one place drive each other out */

struct key {
    uint8_t public_key[SIGNING_PUBLIC_SIZE];
    uint8_t seed[SIGNING_SEED_SIZE];
    struct signing_key *real; /* NULL: a stand-in */
    bool taken;
};

struct signed_text {
    uint8_t public_key[SIGNING_PUBLIC_SIZE];
    uint8_t signature[SIGNING_SIGNATURE_SIZE];
    uint8_t *text; /* NULL: a free place */
    size_t size;
};

struct keyring {
    struct signing_scheme scheme; /* first, so that a cast back is valid */
    bool stand_in;
    struct key *keys; /* places by public key, less than half of them taken */
    size_t capacity, count;
    struct signed_text *texts; /* REMEMBERED; NULL for stand-ins */
};

/* ---- keys ---- */

/* Of that key, or the free one where it belongs. */
static struct key *place_of(struct keyring *k, const uint8_t public_key[static SIGNING_PUBLIC_SIZE])
{
    uint64_t start;

    memcpy(&start, public_key, sizeof start); /* as good as random */
    for (size_t i = start & (k->capacity - 1);; i = (i + 1) & (k->capacity - 1))
        if (!k->keys[i].taken || memcmp(k->keys[i].public_key, public_key, SIGNING_PUBLIC_SIZE) == 0)
            return &k->keys[i];
}

static void make_room(struct keyring *k)
{
    struct key *old = k->keys;
    size_t old_capacity = k->capacity;

    if (2 * (k->count + 1) <= k->capacity)
        return;
    k->capacity *= 2;
    k->keys = memory_new(k->capacity * sizeof *k->keys);
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].taken)
            *place_of(k, old[i].public_key) = old[i];
    free(old);
}

enum status keyring_key(struct keyring *k, struct signing_key **out,
                        const uint8_t seed[static SIGNING_SEED_SIZE], struct why *why)
{
    struct key key = {.taken = true};
    struct key *place;
    enum status st = ST_OK;

    memcpy(key.seed, seed, SIGNING_SEED_SIZE);
    if (k->stand_in)
        crypto_generichash(key.public_key, SIGNING_PUBLIC_SIZE, seed, SIGNING_SEED_SIZE, NULL, 0);
    else
        st = signing_key_of_seed(&key.real, seed, why);
    if (st)
        return st;
    if (key.real)
        signing_key_public(key.real, key.public_key);
    st = signing_key_of_scheme(out, &k->scheme, key.public_key, why);
    if (st) {
        signing_key_free(key.real);
        return st;
    }
    make_room(k);
    place = place_of(k, key.public_key);
    k->count += !place->taken;
    signing_key_free(place->real);
    *place = key;
    return ST_OK;
}

/* ---- what was signed ---- */

static struct signed_text *text_of(struct keyring *k, const uint8_t *public_key, struct bytes text)
{
    uint64_t key;

    memcpy(&key, public_key, sizeof key);
    return &k->texts[(world_hash(text) ^ key) % REMEMBERED];
}

static bool is_it(const struct signed_text *t, const uint8_t *public_key, struct bytes text)
{
    return t->text && bytes_equal(bytes_of(t->text, t->size), text) &&
           memcmp(t->public_key, public_key, SIGNING_PUBLIC_SIZE) == 0;
}

static void stand_in(uint8_t out[static SIGNING_SIGNATURE_SIZE], const struct key *key,
                     struct bytes text)
{
    crypto_generichash(out, SIGNING_SIGNATURE_SIZE, text.data, text.size, key->seed,
                       SIGNING_SEED_SIZE);
}

static void sign(struct signing_scheme *s, uint8_t out[static SIGNING_SIGNATURE_SIZE],
                 const uint8_t public_key[static SIGNING_PUBLIC_SIZE], struct bytes text)
{
    struct keyring *k = (struct keyring *)s;
    const struct key *key = place_of(k, public_key); /* taken: keyring_key has made it */
    struct signed_text *t;

    if (k->stand_in) {
        stand_in(out, key, text);
        return;
    }
    t = text_of(k, public_key, text);
    if (!is_it(t, public_key, text)) {
        free(t->text);
        *t = (struct signed_text){.text = memory_bytes(text), .size = text.size};
        memcpy(t->public_key, public_key, SIGNING_PUBLIC_SIZE);
        signing_sign_text(key->real, t->signature, text);
    }
    memcpy(out, t->signature, SIGNING_SIGNATURE_SIZE);
}

static bool verify(struct signing_scheme *s, const uint8_t public_key[static SIGNING_PUBLIC_SIZE],
                   const uint8_t signature[static SIGNING_SIGNATURE_SIZE], struct bytes text)
{
    struct keyring *k = (struct keyring *)s;

    if (k->stand_in) {
        const struct key *key = place_of(k, public_key);
        uint8_t right[SIGNING_SIGNATURE_SIZE];

        if (!key->taken)
            return false;
        stand_in(right, key, text);
        return memcmp(right, signature, sizeof right) == 0;
    }
    const struct signed_text *t = text_of(k, public_key, text);

    if (is_it(t, public_key, text) && memcmp(t->signature, signature, SIGNING_SIGNATURE_SIZE) == 0)
        return true;
    return signing_verify_text(public_key, signature, text);
}

/* ---- the ring ---- */

struct keyring *keyring_new(bool stand_in)
{
    static const struct signing_scheme_ops ops = {.sign = sign, .verify = verify};
    struct keyring *k = memory_new(sizeof *k);

    k->scheme.ops = &ops;
    k->stand_in = stand_in;
    k->capacity = 8;
    k->keys = memory_new(k->capacity * sizeof *k->keys);
    if (!stand_in)
        k->texts = memory_new(REMEMBERED * sizeof *k->texts);
    return k;
}

void keyring_free(struct keyring *k)
{
    if (!k)
        return;
    for (size_t i = 0; i < k->capacity; i++)
        signing_key_free(k->keys[i].real);
    for (size_t i = 0; k->texts && i < REMEMBERED; i++)
        free(k->texts[i].text);
    free(k->keys);
    free(k->texts);
    free(k);
}

struct signing_scheme *keyring_scheme(struct keyring *k)
{
    return &k->scheme;
}
