/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, combined hashes and signatures against the vectors of client.md 18 and OpenSSL. */
#include "tests/support/test.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "proto/keccak256.h"
#include "proto/signing.h"
#include "tests/support/support.h"

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void keccak_gives_the_digests_of_the_vectors(void **state)
{
    json_t *all = golden_json("client/keccak.json"), *vector;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(all, "vectors"), i, vector)
    {
        json_t *repeat = json_object_get(vector, "input_repeat");
        const char *hex = repeat ? text_of(repeat, "byte") : text_of(vector, "input_hex");
        size_t size = strlen(hex) / 2;
        size_t times = repeat ? (size_t)json_integer_value(json_object_get(repeat, "count")) : 1;
        uint8_t *piece = malloc(size + 1);
        struct buffer message;
        char digest[KECCAK256_HEX];

        assert_true(hex_decode(piece, size, hex));
        buffer_init(&message, 0);
        for (size_t t = 0; t < times; t++)
            buffer_put(&message, piece, size);
        keccak256_hex(digest, buffer_bytes(&message));
        assert_string_equal(digest, text_of(vector, "digest"));
        buffer_fini(&message);
        free(piece);
    }
    assert_int_equal(i, 10);
    json_decref(all);
}

/* SHA3-256 differs from Keccak-256 in the padding byte only, so OpenSSL checks the permutation and
 * the block handling at every length around two blocks. */
static void the_permutation_agrees_with_openssls_sha3(void **state)
{
    struct prng prng = prng_of(1);
    uint8_t message[300], ours[32], theirs[32];

    (void)state;
    for (size_t size = 0; size <= sizeof message; size++) {
        prng_fill(&prng, message, size);
        keccak256_padded(ours, bytes_of(message, size), 0x06);
        assert_int_equal(EVP_Digest(message, size, theirs, NULL, EVP_sha3_256(), NULL), 1);
        assert_memory_equal(ours, theirs, 32);
    }
}

static void hashes_combine_as_text_in_their_order(void **state)
{
    json_t *all = golden_json("client/combined-hashes.json"), *vector;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(all, "combine"), i, vector)
    {
        json_t *hashes = json_object_get(vector, "hashes");
        const char *list[100];
        size_t count = json_array_size(hashes);
        char combined[KECCAK256_HEX];

        if (json_is_object(hashes)) {
            count = (size_t)json_integer_value(json_object_get(hashes, "count"));
            for (size_t h = 0; h < count; h++)
                list[h] = text_of(hashes, "repeat");
        } else {
            for (size_t h = 0; h < count; h++)
                list[h] = json_string_value(json_array_get(hashes, h));
        }
        proof_hash_combine(combined, list, count);
        assert_string_equal(combined, text_of(vector, "combined"));
        if (text_of(vector, "wrong_if_hex_is_decoded_first"))
            assert_string_not_equal(combined, text_of(vector, "wrong_if_hex_is_decoded_first"));
    }
    assert_true(i >= 8);
    json_decref(all);
}

static void a_hash_on_the_wire_is_64_lower_case_digits(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } table[] = {
        {"bbe1552ca4e4631fd6d018fa277e3c6e4e657e3fcf8f4bfd55e14147c53d3bc4", true},
        {"BBE1552ca4e4631fd6d018fa277e3c6e4e657e3fcf8f4bfd55e14147c53d3bc4", false},
        {"0xe1552ca4e4631fd6d018fa277e3c6e4e657e3fcf8f4bfd55e14147c53d3bc4", false},
        {"bbe1552ca4e4631fd6d018fa277e3c6e4e657e3fcf8f4bfd55e14147c53d3bc", false},
        {"bbe1552ca4e4631fd6d018fa277e3c6e4e657e3fcf8f4bfd55e14147c53d3bc40", false},
        {"bbe1552ca4e4631fd6d018fa277e3c6e4e657e3fcf8f4bfd55e14147c53d3bc ", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(keccak256_hex_form(table[i].text), table[i].good);
}

static void signatures_are_those_of_the_vectors_and_verify(void **state)
{
    json_t *all = golden_json("client/signatures.json"), *vector;
    size_t i;

    (void)state;
    assert_int_equal(signing_start(NULL), ST_OK);
    json_array_foreach(json_object_get(all, "vectors"), i, vector)
    {
        const char *task_id = text_of(vector, "task_id");
        const char *proof_hash = text_of(vector, "proof_hash");
        uint8_t seed[SIGNING_SEED_SIZE], seed_again[SIGNING_SEED_SIZE];
        uint8_t public_key[SIGNING_PUBLIC_SIZE], expected[SIGNING_PUBLIC_SIZE];
        uint8_t signature[SIGNING_SIGNATURE_SIZE], expected_signature[SIGNING_SIGNATURE_SIZE];
        struct signing_key *key;
        struct buffer text;

        assert_true(hex_decode(seed, sizeof seed, text_of(vector, "seed")));
        assert_true(hex_decode(expected, sizeof expected, text_of(vector, "public_key")));
        assert_true(hex_decode(expected_signature, sizeof expected_signature,
                               text_of(vector, "signature")));
        assert_int_equal(signing_key_of_seed(&key, seed, NULL), ST_OK);
        signing_key_public(key, public_key);
        assert_memory_equal(public_key, expected, sizeof expected);
        signing_key_seed(key, seed_again);
        assert_memory_equal(seed_again, seed, sizeof seed);
        buffer_init(&text, 0);
        signing_text(&text, task_id, proof_hash);
        assert_true(
            bytes_equal(buffer_bytes(&text), bytes_of_text(text_of(vector, "message_utf8"))));
        signing_sign(key, signature, task_id, proof_hash);
        assert_memory_equal(signature, expected_signature, sizeof signature);
        assert_true(signing_verify(NULL, bytes_of(public_key, sizeof public_key),
                                   bytes_of(signature, sizeof signature), task_id, proof_hash));
        buffer_fini(&text);
        signing_key_free(key);
    }
    assert_int_equal(i, 8);
    json_decref(all);
}

static void a_signature_holds_for_one_key_task_and_hash_only(void **state)
{
    struct signing_key *key, *other;
    uint8_t public_key[SIGNING_PUBLIC_SIZE], foreign[SIGNING_PUBLIC_SIZE];
    uint8_t signature[SIGNING_SIGNATURE_SIZE];
    struct bytes pub = {public_key, sizeof public_key}, sig = {signature, sizeof signature};

    (void)state;
    assert_int_equal(signing_start(NULL), ST_OK);
    assert_int_equal(signing_key_random(&key, NULL), ST_OK);
    assert_int_equal(signing_key_random(&other, NULL), ST_OK);
    signing_key_public(key, public_key);
    signing_key_public(other, foreign);
    assert_memory_not_equal(public_key, foreign, sizeof foreign);
    signing_sign(key, signature, "task", "hash");
    assert_true(signing_verify(NULL, pub, sig, "task", "hash"));
    assert_false(signing_verify(NULL, pub, sig, "task2", "hash"));
    assert_false(signing_verify(NULL, pub, sig, "task", "hasi"));
    assert_false(signing_verify(NULL, bytes_of(foreign, sizeof foreign), sig, "task", "hash"));
    assert_false(signing_verify(NULL, bytes_of(public_key, 31), sig, "task", "hash"));
    assert_false(signing_verify(NULL, pub, bytes_of(signature, 63), "task", "hash"));
    signature[5] ^= 1;
    assert_false(signing_verify(NULL, pub, sig, "task", "hash"));
    signing_key_free(key);
    signing_key_free(other);
    signing_key_free(NULL);
}

static void a_wiped_secret_is_zero(void **state)
{
    uint8_t secret[4] = {1, 2, 3, 4}, zero[4] = {0};

    (void)state;
    signing_wipe(secret, sizeof secret);
    assert_memory_equal(secret, zero, sizeof zero);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keccak_gives_the_digests_of_the_vectors),
        cmocka_unit_test(the_permutation_agrees_with_openssls_sha3),
        cmocka_unit_test(hashes_combine_as_text_in_their_order),
        cmocka_unit_test(a_hash_on_the_wire_is_64_lower_case_digits),
        cmocka_unit_test(signatures_are_those_of_the_vectors_and_verify),
        cmocka_unit_test(a_signature_holds_for_one_key_task_and_hash_only),
        cmocka_unit_test(a_wiped_secret_is_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
