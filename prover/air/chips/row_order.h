/* SPDX-License-Identifier: Apache-2.0 */
/* Where a row of the execution lies in a column.
 *
 * Source:  air-main.md 2.6, components.md 1.2 (execution order).
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

static inline size_t reverse_bits(size_t x, unsigned bits)
{
    uint64_t v = __builtin_bswap64((uint64_t)x);

    v = (v & 0x0f0f0f0f0f0f0f0f) << 4 | (v >> 4 & 0x0f0f0f0f0f0f0f0f);
    v = (v & 0x3333333333333333) << 2 | (v >> 2 & 0x3333333333333333);
    v = (v & 0x5555555555555555) << 1 | (v >> 1 & 0x5555555555555555);
    return (size_t)(v >> (64 - bits));
}

/* The execution row at a stored position; log_rows >= 1. */
static inline size_t row_at(size_t stored, unsigned log_rows)
{
    size_t half = (size_t)1 << (log_rows - 1), e = reverse_bits(stored, log_rows);

    return e < half ? 2 * e : 2 * (2 * half - 1 - e) + 1;
}
