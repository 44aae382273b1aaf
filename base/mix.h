/* SPDX-License-Identifier: Apache-2.0 */
/* A quick hash for telling bytes apart: bodies, ids, lines of a trace. It protects against nobody who
 * wants two of them to have the same.
 */
#pragma once
#include "base/bytes.h"

/* Multiply and fold (the mixing step of wyhash). */
static inline uint64_t mix_word(uint64_t hash, uint64_t word)
{
    __extension__ unsigned __int128 product =
        (unsigned __int128)(hash ^ word ^ 0x9e3779b97f4a7c15u) * 0xa0761d6478bd642fu;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* start: where the hash stands so far; any number, for the first bytes. */
uint64_t mix_bytes(uint64_t start, struct bytes b);
