/* SPDX-License-Identifier: Apache-2.0 */
/* One row while it is filled: the step, what the rows before it left, and the cells.
 *
 * Source:  air-main.md 0 (helper functions), 3 (input of row filling).
 * Threads: a row has one owner; what it points to is read only.
 *
 * A filling file handles the chips of one idea; main_fill.c calls them in the order of table 5.1.
 * Chapter numbers in the filling files are those of air-main.md.
 */
#pragma once
#include <assert.h>

#include "prover/air/chips/columns.h"
#include "prover/air/chips/past.h"

/* Rows are filled in blocks of neighbours in a column, so that a block writes whole cache lines. */
#define BLOCK_ROWS 16

struct row {
    m31 *cell; /* of column c: cell[c * BLOCK_ROWS] */
    const struct step *step;
    const struct past *past;
    struct operands operand;
    uint32_t clk; /* row number + 1 */
    const m31 *inverse; /* of 1 .. 31 */
};

static inline uint32_t cell_of(const struct row *row, unsigned column)
{
    return row->cell[column * BLOCK_ROWS].v;
}

static inline void put_m31(const struct row *row, unsigned column, m31 value)
{
    row->cell[column * BLOCK_ROWS] = value;
}

/* value < p */
static inline void put(const struct row *row, unsigned column, uint32_t value)
{
    row->cell[column * BLOCK_ROWS].v = value;
}

static inline uint32_t byte_of(uint32_t word, unsigned i)
{
    return word >> 8 * i & 255;
}

static inline void put_word(const struct row *row, unsigned column, uint32_t word)
{
    for (unsigned i = 0; i < 4; i++)
        put(row, column + i, byte_of(word, i));
}

/* x[first .. last] */
static inline uint32_t bits(uint32_t x, unsigned first, unsigned last)
{
    return x >> first & ((2u << (last - first)) - 1);
}

static inline uint32_t sign_of(uint32_t x)
{
    return x >> 31;
}

static inline uint32_t without_sign(uint32_t x)
{
    return x & 0x7fffffff;
}

struct pair {
    uint32_t low, high;
};

static inline void put_pair(const struct row *row, unsigned column, struct pair value)
{
    put(row, column, value.low);
    put(row, column + 1, value.high);
}

/* Carries of x + y out of bits 15 and 31. */
static inline struct pair carries(uint32_t x, uint32_t y)
{
    return (struct pair){((x & 0xffff) + (y & 0xffff)) >> 16, (uint32_t)(((uint64_t)x + y) >> 32)};
}

/* Borrows of x - y at bits 15 and 31. */
static inline struct pair borrows(uint32_t x, uint32_t y)
{
    return (struct pair){(x & 0xffff) < (y & 0xffff), x < y};
}

/* x - 1 - y with its borrow at each byte, for y < x. */
struct gap {
    uint32_t word;
    uint32_t borrow[4];
};

static inline struct gap gap_of(uint32_t x, uint32_t y)
{
    struct gap g = {.word = x - 1 - y};

    assert(y < x);
    /* (x mod m) - 1 - (y mod m) < 0 */
    g.borrow[0] = (x & 0xff) <= (y & 0xff);
    g.borrow[1] = (x & 0xffff) <= (y & 0xffff);
    g.borrow[2] = (x & 0xffffff) <= (y & 0xffffff);
    g.borrow[3] = 0;
    return g;
}

/* The chips, in the order of table 5.1. Each leaves alone the rows that are not its own. */
void cpu_fill(const struct row *row);
void decode_fill(const struct row *row);
void alu_fill(const struct row *row);
void branch_fill(const struct row *row);
void jump_fill(const struct row *row);
void shift_fill(const struct row *row);
void load_store_fill(const struct row *row);
void syscall_fill(const struct row *row);
void memory_check_fill(const struct row *row);
void timestamp_fill(const struct row *row);
void padding_fill(const struct row *row);
