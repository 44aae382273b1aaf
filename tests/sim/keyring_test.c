/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "sim/keyring.h"

#define TASK "57-01K742SJDWVME45YHPCZHCWSGA"
#define HASH "00000000000000000000000000000000000000000000000000000000000000aa"

struct signer {
    struct signing_key *key;
    uint8_t public_key[SIGNING_PUBLIC_SIZE];
};

static struct signer signer_of(struct keyring *ring, uint8_t seed_byte)
{
    const uint8_t seed[SIGNING_SEED_SIZE] = {seed_byte};
    struct signer s;

    assert_int_equal(keyring_key(ring, &s.key, seed, NULL), ST_OK);
    signing_key_public(s.key, s.public_key);
    return s;
}

static bool verifies(struct keyring *ring, const uint8_t *public_key, const uint8_t *signature,
                     const char *task_id, const char *hash)
{
    return signing_verify(keyring_scheme(ring), bytes_of(public_key, SIGNING_PUBLIC_SIZE),
                          bytes_of(signature, SIGNING_SIGNATURE_SIZE), task_id, hash);
}

static void check_a_ring(bool stand_in)
{
    struct keyring *ring = keyring_new(stand_in);
    struct signer a = signer_of(ring, 1), b = signer_of(ring, 2);
    uint8_t signature[SIGNING_SIGNATURE_SIZE], again[SIGNING_SIGNATURE_SIZE];
    uint8_t stranger[SIGNING_PUBLIC_SIZE];

    signing_sign(a.key, signature, TASK, HASH);
    signing_sign(a.key, again, TASK, HASH);
    assert_memory_equal(signature, again, sizeof signature);
    for (int twice = 0; twice < 2; twice++)
        assert_true(verifies(ring, a.public_key, signature, TASK, HASH));

    assert_false(verifies(ring, b.public_key, signature, TASK, HASH));
    assert_false(verifies(ring, a.public_key, signature, TASK "X", HASH));
    assert_false(verifies(ring, a.public_key, signature, TASK, HASH "0"));
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        memcpy(again, signature, sizeof signature);
        again[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(verifies(ring, a.public_key, again, TASK, HASH));
    }
    memcpy(stranger, a.public_key, sizeof stranger);
    stranger[31] ^= 1;
    assert_false(verifies(ring, stranger, signature, TASK, HASH));
    stranger[0] ^= 1;
    assert_false(verifies(ring, stranger, signature, TASK, HASH));
    assert_false(signing_verify(keyring_scheme(ring), bytes_of(a.public_key, 31),
                                bytes_of(signature, sizeof signature), TASK, HASH));

    signing_key_free(a.key);
    signing_key_free(b.key);
    keyring_free(ring);
}

static void a_ring_of_real_keys_accepts_what_was_signed_and_nothing_else(void **state)
{
    (void)state;
    check_a_ring(false);
}

static void a_ring_of_stand_ins_accepts_what_was_signed_and_nothing_else(void **state)
{
    (void)state;
    check_a_ring(true);
}

static void a_real_ring_signs_as_ed25519_does_and_verifies_foreign_signatures(void **state)
{
    const uint8_t seed[SIGNING_SEED_SIZE] = {1}, foreign_seed[SIGNING_SEED_SIZE] = {3};
    struct keyring *ring = keyring_new(false);
    struct signer a = signer_of(ring, 1);
    struct signing_key *real, *foreign;
    uint8_t ours[SIGNING_SIGNATURE_SIZE], theirs[SIGNING_SIGNATURE_SIZE];
    uint8_t public_key[SIGNING_PUBLIC_SIZE];

    (void)state;
    assert_int_equal(signing_key_of_seed(&real, seed, NULL), ST_OK);
    assert_int_equal(signing_key_of_seed(&foreign, foreign_seed, NULL), ST_OK);
    signing_key_public(real, public_key);
    assert_memory_equal(public_key, a.public_key, sizeof public_key);
    signing_sign(a.key, ours, TASK, HASH);
    signing_sign(real, theirs, TASK, HASH);
    assert_memory_equal(ours, theirs, sizeof ours);

    signing_key_public(foreign, public_key);
    signing_sign(foreign, theirs, TASK, HASH);
    assert_true(verifies(ring, public_key, theirs, TASK, HASH));
    assert_false(verifies(ring, public_key, ours, TASK, HASH));

    signing_key_free(foreign);
    signing_key_free(real);
    signing_key_free(a.key);
    keyring_free(ring);
}

/* Far more than are remembered, by more keys than there was room for. */
static void what_is_forgotten_verifies_all_the_same(void **state)
{
    enum { KEYS = 40, TEXTS = 60 };
    static uint8_t signatures[KEYS][TEXTS][SIGNING_SIGNATURE_SIZE];

    (void)state;
    for (int stand_in = 0; stand_in < 2; stand_in++) {
        struct keyring *ring = keyring_new(stand_in);
        struct signer signers[KEYS];
        char task_id[16];

        for (int i = 0; i < KEYS; i++)
            signers[i] = signer_of(ring, (uint8_t)i);
        for (int i = 0; i < KEYS; i++)
            for (int k = 0; k < TEXTS; k++) {
                snprintf(task_id, sizeof task_id, "task %d", k);
                signing_sign(signers[i].key, signatures[i][k], task_id, HASH);
            }
        for (int i = 0; i < KEYS; i++)
            for (int k = 0; k < TEXTS; k++) {
                snprintf(task_id, sizeof task_id, "task %d", k);
                assert_true(verifies(ring, signers[i].public_key, signatures[i][k], task_id, HASH));
                snprintf(task_id, sizeof task_id, "task %d", k + 1);
                assert_false(
                    verifies(ring, signers[i].public_key, signatures[i][k], task_id, HASH));
            }
        for (int i = 0; i < KEYS; i++)
            signing_key_free(signers[i].key);
        keyring_free(ring);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_of_real_keys_accepts_what_was_signed_and_nothing_else),
        cmocka_unit_test(a_ring_of_stand_ins_accepts_what_was_signed_and_nothing_else),
        cmocka_unit_test(a_real_ring_signs_as_ed25519_does_and_verifies_foreign_signatures),
        cmocka_unit_test(what_is_forgotten_verifies_all_the_same),
    };

    return signing_start(NULL) ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
