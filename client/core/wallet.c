/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/wallet.h"

#include <stdbool.h>
#include <string.h>

#include "proto/keccak256.h"

#define DIGITS 40

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'F';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'f';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Upper case exactly where the digest of the lower-case digits has a nibble of 8 or more. */
static bool checksum_holds(const char *digits)
{
    uint8_t digest[32];
    char lower[DIGITS];

    for (int i = 0; i < DIGITS; i++)
        lower[i] = is_upper(digits[i]) ? (char)(digits[i] - 'A' + 'a') : digits[i];
    keccak256(digest, bytes_of(lower, DIGITS));
    for (int i = 0; i < DIGITS; i++) {
        unsigned nibble = digest[i / 2] >> (i % 2 ? 0 : 4) & 15;

        if (!is_digit(digits[i]) && is_upper(digits[i]) != (nibble >= 8))
            return false;
    }
    return true;
}

enum status wallet_check(const char *address, struct why *why)
{
    size_t length = strlen(address);
    const char *digits = address + 2;
    bool upper = false, lower = false;

    if (length < 2 || address[0] != '0' || (address[1] != 'x' && address[1] != 'X'))
        return fail(why, ST_INPUT, "a wallet address starts with 0x");
    if (length != 2 + DIGITS)
        return fail(why, ST_INPUT, "a wallet address has 40 digits after 0x, not %zu", length - 2);
    for (int i = 0; i < DIGITS; i++) {
        if (!is_digit(digits[i]) && !is_upper(digits[i]) && !is_lower(digits[i]))
            return fail(why, ST_INPUT, "character %d of the wallet address is not a hex digit",
                        i + 3);
        upper |= is_upper(digits[i]);
        lower |= is_lower(digits[i]);
    }
    if (upper && lower && !checksum_holds(digits))
        return fail(why, ST_INPUT,
                    "the checksum of the wallet address is wrong (EIP-55): a typing mistake?");
    return ST_OK;
}
