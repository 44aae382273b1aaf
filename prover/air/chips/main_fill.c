/* SPDX-License-Identifier: Apache-2.0 */
/* All rows of the main trace: one sequential walk (past.c), then blocks of rows by all threads. */
#include "prover/air/chips/main_fill.h"

#include <string.h>

#include "prover/air/chips/count.h"
#include "prover/circle/order.h"

struct fill {
    struct matrix trace;
    unsigned log_rows;
    const struct run *run;
    const struct listing *listing;
    struct side_note *note;
    const struct past *past;
    const uint32_t *executed;
    m31 inverse[32];
};

static void fill_step(const struct row *row)
{
    cpu_fill(row);
    decode_fill(row);
    alu_fill(row);
    branch_fill(row);
    jump_fill(row);
    shift_fill(row);
    load_store_fill(row);
    syscall_fill(row);
    memory_check_fill(row);
}

static void fill_row(const struct fill *f, m31 *cell, size_t number, struct count *count)
{
    struct row row = {.cell = cell, .clk = (uint32_t)number + 1, .inverse = f->inverse};

    if (number < f->run->step_count) {
        row.step = &f->run->steps[number];
        row.past = &f->past[number];
        row.operand = operands_of(row.step);
        fill_step(&row);
    } else {
        padding_fill(&row);
    }
    timestamp_fill(&row);
    if (number < f->listing->count) /* 4.31 rule 2 belongs to the listing, not to the step */
        put_word(&row, FINAL_PRG_MEMORY_CTR, f->executed[number]);
    if (row.step)
        count_row(count, &row);
}

/* Blocks begin .. end-1: each is BLOCK_ROWS neighbours in the columns, which lie far apart in the
 * execution. */
static void fill_blocks(void *context, size_t begin, size_t end)
{
    const struct fill *f = context;
    struct count count = {0};
    m31 cells[MAIN_TRACE][BLOCK_ROWS];

    for (size_t block = begin; block < end; block++) {
        size_t first = block * BLOCK_ROWS;

        memset(cells, 0, sizeof cells);
        for (size_t i = 0; i < BLOCK_ROWS; i++)
            fill_row(f, &cells[0][i], order_row(f->log_rows, first + i), &count);
        count_block(&count, cells);
        for (size_t c = 0; c < MAIN_TRACE; c++)
            memcpy(matrix_column(&f->trace, c) + first, cells[c], sizeof cells[c]);
    }
    count_add(f->note, &count);
}

void main_fill_plan(struct arena_plan *plan, unsigned log_rows, size_t ram_entries)
{
    struct arena_mark mark;

    arena_plan_take(plan, ram_entries, sizeof(struct ram_entry));
    mark = arena_plan_mark(plan);
    past_plan(plan, (size_t)1 << log_rows, ram_entries);
    arena_plan_rewind(plan, mark);
}

enum status main_fill_listing(const struct exec *exec, struct matrix trace, unsigned log_rows,
                              const struct run *run, const struct listing *listing,
                              struct side_note *note, struct arena *arena, struct why *why)
{
    size_t rows = (size_t)1 << log_rows;
    struct side_note result = {
        .ram = arena_take(arena, run->ram_entries * sizeof *result.ram),
    };
    struct arena_mark mark = arena_mark(arena);
    struct past *past;
    uint32_t *executed;
    struct fill fill;
    enum status st;

    assert(log_rows >= MAIN_MIN_LOG && trace.columns == MAIN_TRACE);
    assert(run->step_count <= rows && listing->count <= rows);
    st = past_walk(&past, &executed, &result, run, listing, arena, why);
    if (st)
        goto out;
    fill = (struct fill){.trace = trace,
                         .log_rows = log_rows,
                         .run = run,
                         .listing = listing,
                         .note = &result,
                         .past = past,
                         .executed = executed};
    for (uint32_t i = 1; i < 32; i++)
        fill.inverse[i] = m31_inv((m31){i});
    pool_ranges(exec->pool, rows / BLOCK_ROWS, 4, fill_blocks, &fill);
    *note = result;
out:
    arena_rewind(arena, mark);
    return st;
}

enum status main_fill(const struct exec *exec, struct matrix trace, unsigned log_rows,
                      const struct run *run, struct side_note *note, struct arena *arena,
                      struct why *why)
{
    struct listing listing = listing_of(&run->view);

    return main_fill_listing(exec, trace, log_rows, run, &listing, note, arena, why);
}
