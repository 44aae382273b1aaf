/* SPDX-License-Identifier: Apache-2.0 */
/* Preprocessed and trace columns of the extensions (components.md 6), in table order. */
#include <assert.h>
#include <string.h>

#include "prover/air/tables/tables.h"

#define GRAIN        ((size_t)1024)
#define RAM_COUNTED  9 /* columns of RAM whose values are range-checked: all but the flag */

static inline m31 byte_of(uint32_t word, unsigned i)
{
    return (m31){word >> (8 * i) & 0xff};
}

/* ---- preprocessed ---- */

struct public_rows {
    struct matrix columns;
    const struct view *view;
};

/* Initial memory, then exit code and output, then zeros (6.3). */
static void public_range(void *context, size_t begin, size_t end)
{
    const struct public_rows *p = context;
    const struct view *view = p->view;
    m31 *column[8];

    for (size_t i = 0; i < 8; i++)
        column[i] = matrix_column(&p->columns, i);
    for (size_t row = begin; row < end; row++) {
        bool is_initial = row < view->initial_count;
        bool is_output = !is_initial && row - view->initial_count < view->output_count;
        struct public_byte byte = {0};

        if (is_initial)
            byte = view->initial[row];
        if (is_output)
            byte = view->output[row - view->initial_count];
        for (unsigned i = 0; i < 4; i++)
            column[i][row] = byte_of(byte.address, i);
        column[4][row].v = is_initial;
        column[5][row].v = is_initial ? byte.value : 0;
        column[6][row].v = is_output;
        column[7][row].v = is_output ? byte.value : 0;
    }
}

static enum status preprocess_ram(const struct exec *exec, struct matrix columns,
                                  unsigned log_rows, const struct view *view, struct why *why)
{
    size_t rows = (size_t)1 << log_rows;
    struct public_rows p = {.columns = columns, .view = view};

    if (view->initial_count > rows || view->output_count > rows - view->initial_count)
        return fail(why, ST_INVALID, "%zu public bytes do not fit the 2^%u rows of RamInitFinal",
                    view->initial_count + view->output_count, log_rows);
    pool_ranges(exec->pool, rows, GRAIN, public_range, &p);
    return ST_OK;
}

static void preprocess_bit_op(struct matrix columns)
{
    for (uint32_t key = 0; key < 256; key++) {
        uint32_t b = key >> 4, c = key & 15;
        const uint32_t cells[5] = {b, c, b & c, b | c, b ^ c};

        for (size_t i = 0; i < 5; i++)
            matrix_column(&columns, i)[key].v = cells[i];
    }
}

/* 0, 1, ... values - 1, then zeros. */
static void preprocess_range(struct matrix columns, unsigned log_rows, uint32_t values)
{
    for (uint32_t row = 0; row < (uint32_t)1 << log_rows; row++)
        columns.cells[row].v = row < values ? row : 0;
}

/* How many values the range table checks. */
static uint32_t range_values(enum component_id id, unsigned log_rows)
{
    return id == COMPONENT_RANGE8 ? 8 : (uint32_t)1 << log_rows;
}

enum status table_preprocess(const struct exec *exec, enum component_id id,
                             struct matrix preprocessed, unsigned log_rows,
                             const struct view *view, struct why *why)
{
    unsigned fixed_log = component_shapes[id].fixed_log;

    assert(fixed_log == 0 || fixed_log == log_rows);
    switch (id) {
    case COMPONENT_RAM:
        return preprocess_ram(exec, preprocessed, log_rows, view, why);
    case COMPONENT_BIT_OP:
        preprocess_bit_op(preprocessed);
        return ST_OK;
    default: /* the register index counts up as well */
        assert(id != COMPONENT_MAIN);
        preprocess_range(preprocessed, log_rows, range_values(id, log_rows));
        return ST_OK;
    }
}

/* ---- trace ---- */

static void fill_final_reg(struct matrix trace, const struct side_note *note)
{
    for (size_t r = 0; r < 32; r++) {
        for (unsigned i = 0; i < 4; i++) {
            matrix_column(&trace, i)[r] = byte_of(note->register_timestamp[r], i);
            matrix_column(&trace, 4 + i)[r] = byte_of(note->register_value[r], i);
        }
    }
}

/* Counts of uses are below 2^32: 166 range checks and 9 RAM columns of at most 2^24 rows each. */
static void fill_counts(m31 *column, size_t rows, const uint32_t *counts, size_t values)
{
    for (size_t row = 0; row < rows; row++)
        column[row] = row < values ? m31_of(counts[row]) : M31_ZERO;
}

struct ram_rows {
    struct matrix trace;
    struct side_note *note;
};

/* Counters of one column each, so that equal bytes in a row do not wait for one another. */
struct byte_counts {
    uint32_t of[RAM_COUNTED][256];
};

static void add_counts(uint32_t *total, const struct byte_counts *counts, uint32_t padding_rows)
{
    for (size_t value = 0; value < 256; value++) {
        uint32_t sum = value == 0 ? RAM_COUNTED * padding_rows : 0;

        for (size_t i = 0; i < RAM_COUNTED; i++)
            sum += counts->of[i][value];
        __atomic_fetch_add(&total[value], sum, __ATOMIC_RELAXED);
    }
}

static void ram_range(void *context, size_t begin, size_t end)
{
    const struct ram_rows *r = context;
    size_t entries = r->note->ram_count, stop = end < entries ? end : entries;
    struct byte_counts counts = {0};
    m31 *column[10];
    size_t row;

    for (size_t i = 0; i < 10; i++)
        column[i] = matrix_column(&r->trace, i);
    for (row = begin; row < stop; row++) {
        struct ram_entry e = r->note->ram[row];

        for (unsigned i = 0; i < 4; i++) {
            m31 address = byte_of(e.address, i), counter = byte_of(e.counter, i);

            column[i][row] = address;
            column[6 + i][row] = counter;
            counts.of[i][address.v]++;
            counts.of[4 + i][counter.v]++;
        }
        column[4][row] = M31_ONE;
        column[5][row].v = e.value;
        counts.of[8][e.value]++;
    }
    for (size_t i = 0; i < 10 && row < end; i++)
        memset(column[i] + row, 0, (end - row) * sizeof *column[i]);
    add_counts(r->note->range256, &counts, (uint32_t)(end - row));
}

static void fill_ram(const struct exec *exec, struct matrix trace, unsigned log_rows,
                     struct side_note *note)
{
    struct ram_rows r = {.trace = trace, .note = note};

    assert(note->ram_count <= (size_t)1 << log_rows);
    pool_ranges(exec->pool, (size_t)1 << log_rows, GRAIN, ram_range, &r);
}

static const uint32_t *range_counts(enum component_id id, const struct side_note *note)
{
    switch (id) {
    case COMPONENT_RANGE8:
        return note->range8;
    case COMPONENT_RANGE16:
        return note->range16;
    case COMPONENT_RANGE32:
        return note->range32;
    case COMPONENT_RANGE128:
        return note->range128;
    default:
        assert(id == COMPONENT_RANGE256);
        return note->range256;
    }
}

void table_fill(const struct exec *exec, enum component_id id, struct matrix trace,
                unsigned log_rows, struct side_note *note)
{
    unsigned fixed_log = component_shapes[id].fixed_log;
    size_t rows = (size_t)1 << log_rows;

    assert(fixed_log == 0 || fixed_log == log_rows);
    switch (id) {
    case COMPONENT_FINAL_REG:
        fill_final_reg(trace, note);
        break;
    case COMPONENT_BIT_OP:
        for (size_t i = 0; i < 3; i++)
            fill_counts(matrix_column(&trace, i), rows, note->bit_op[i], rows);
        break;
    case COMPONENT_RAM:
        fill_ram(exec, trace, log_rows, note);
        break;
    default:
        fill_counts(trace.cells, rows, range_counts(id, note), range_values(id, log_rows));
    }
}
