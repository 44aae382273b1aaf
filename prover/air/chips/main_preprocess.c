/* SPDX-License-Identifier: Apache-2.0 */
/* Preprocessed and program columns (components.md 5). */
#include "prover/air/chips/main_fill.h"

#include <assert.h>

#include "prover/air/chips/columns.h"
#include "prover/circle/order.h"

struct preprocess {
    struct matrix columns;
    unsigned log_rows;
    const struct listing *listing;
};

static void put_at(const struct preprocess *p, unsigned column, size_t stored, uint32_t value)
{
    matrix_column(&p->columns, column)[stored].v = value;
}

static void put_bytes(const struct preprocess *p, unsigned column, size_t stored, uint32_t word)
{
    for (unsigned i = 0; i < 4; i++)
        put_at(p, column + i, stored, word >> 8 * i & 255);
}

static void put_halves(const struct preprocess *p, unsigned column, size_t stored, uint32_t word)
{
    put_at(p, column, stored, word & 0xffff);
    put_at(p, column + 1, stored, word >> 16);
}

static void preprocess_rows(void *context, size_t begin, size_t end)
{
    const struct preprocess *p = context;
    const struct listing *l = p->listing;

    for (size_t stored = begin; stored < end; stored++) {
        size_t row = order_row(p->log_rows, stored);
        uint32_t clk = (uint32_t)row + 1;
        bool listed = row < l->count;

        put_at(p, IS_FIRST, stored, row == 0);
        put_at(p, IS_LAST, stored, row == ((size_t)1 << p->log_rows) - 1);
        put_bytes(p, CLK, stored, clk);
        put_bytes(p, REG1_TS_CUR, stored, 3 * clk + 1);
        put_bytes(p, REG2_TS_CUR, stored, 3 * clk + 2);
        put_bytes(p, REG3_TS_CUR, stored, 3 * clk + 3);
        put_halves(p, PRG_MEMORY_PC, stored, listed ? l->base + 4 * (uint32_t)row : 0);
        put_halves(p, PRG_MEMORY_WORD, stored, listed ? l->words[row] : 0);
        put_at(p, PRG_MEMORY_FLAG, stored, listed);
        put_bytes(p, PRG_INITIAL_PC, stored, row == 0 ? l->entry : 0);
    }
}

void main_preprocess_listing(const struct exec *exec, struct matrix preprocessed,
                             unsigned log_rows, const struct listing *listing)
{
    struct preprocess p = {preprocessed, log_rows, listing};

    /* 3 (2^30 + 1) < 2^32: timestamps fit (air-main.md 2.2). */
    assert(log_rows >= MAIN_MIN_LOG && log_rows <= 30 && listing->count <= (size_t)1 << log_rows);
    pool_ranges(exec->pool, (size_t)1 << log_rows, 64, preprocess_rows, &p);
}

void main_preprocess(const struct exec *exec, struct matrix preprocessed, unsigned log_rows,
                     const struct view *view)
{
    struct listing listing = listing_of(view);

    main_preprocess_listing(exec, preprocessed, log_rows, &listing);
}
