/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>

#include "prover/hash/blake2s.h"

static void assert_hash(struct hash h, const char *want)
{
    char text[65];

    hex_encode(text, h.b, sizeof h.b);
    assert_string_equal(text, want);
}

/* RFC 7693, appendix B; the empty message and the 64 bytes 00 … 3f from the reference code. */
static void known_messages_have_known_hashes(void **state)
{
    uint8_t block[64];

    (void)state;
    for (int i = 0; i < 64; i++)
        block[i] = (uint8_t)i;
    assert_hash(blake2s_hash(bytes_of_text("abc")),
                "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
    assert_hash(blake2s_hash(bytes_of_text("")),
                "69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9");
    assert_hash(blake2s_hash(bytes_of(block, 64)),
                "56f34e8b96557e90c1f24b52d0c89d51086acf1b00f634cf1dde9233b8eaaa3e");
}

static void pieces_give_the_hash_of_the_whole(void **state)
{
    uint8_t message[300];

    (void)state;
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)(i * i + 3);
    for (size_t size = 0; size <= sizeof message; size += 13)
        for (size_t piece = 1; piece <= 130; piece += 43) {
            struct hash whole = blake2s_hash(bytes_of(message, size)), parts;
            struct blake2s s;

            blake2s_init(&s);
            for (size_t at = 0; at < size; at += piece)
                blake2s_update(&s, message + at, size - at < piece ? size - at : piece);
            parts = blake2s_final(&s);
            assert_memory_equal(whole.b, parts.b, 32);
        }
}

/* The first block of a hash is the bare compression with counter and final word. */
static void the_compression_is_that_of_a_hash(void **state)
{
    uint32_t h[8] = {0x6a09e667 ^ 0x01010020, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                     0x510e527f,              0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint32_t m[16] = {0x00636261};
    struct hash want = blake2s_hash(bytes_of_text("abc"));

    (void)state;
    blake2s_compress(h, m, 3, 0xffffffff);
    for (int i = 0; i < 8; i++)
        assert_int_equal(h[i], load_le32(want.b + 4 * i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_messages_have_known_hashes),
        cmocka_unit_test(pieces_give_the_hash_of_the_whole),
        cmocka_unit_test(the_compression_is_that_of_a_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
