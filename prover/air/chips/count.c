/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/air/chips/count.h"

#define END UINT16_MAX

/* 4.34 and 4.35: the cells of each type, ended by END. System calls have type I and count nothing. */
static const uint16_t range8_cells[][3] = {
    [TYPE_R] = {END},
    [TYPE_I] = {OP_C8_10, END},
    [TYPE_I_SHAMT] = {END},
    [TYPE_S] = {OP_C5_7, OP_C8_10, END},
    [TYPE_B] = {OP_C5_7, OP_C8_10, END},
    [TYPE_U] = {END},
    [TYPE_J] = {OP_C1_3, OP_C8_10, END},
};
static const uint16_t range16_cells[][5] = {
    [TYPE_R] = {OP_C0_3, OP_A1_4, OP_B1_4, END},
    [TYPE_I] = {OP_C0_3, OP_C4_7, OP_A1_4, OP_B1_4, END},
    [TYPE_I_SHAMT] = {OP_C0_3, OP_A1_4, OP_B1_4, END},
    [TYPE_S] = {OP_C1_4, OP_A1_4, OP_B0_3, END},
    [TYPE_B] = {OP_C1_4, OP_A1_4, OP_B0_3, END},
    [TYPE_U] = {OP_C12_15, OP_A1_4, END},
    [TYPE_J] = {OP_C4_7, OP_C12_15, OP_C16_19, OP_A1_4, END},
};
static const uint16_t range32_cells[] = {OP_A, OP_B, REG1_ADDRESS, REG2_ADDRESS, REG3_ADDRESS};

/* 6.3, F83 to F206: 29 words and 8 bytes. */
static const struct {
    uint16_t first, count;
} range256_cells[] = {
    {PC, 4},             {PC_NEXT_AUX, 4},    {INSTR_VAL, 4},      {PREV_CTR, 4},
    {VALUE_A, 4},        {VALUE_B, 4},        {VALUE_C, 4},        {REG1_TS_PREV, 12},
    {HELPER1, 4},        {PROG_CTR_PREV, 8},  {FINAL_PRG_MEMORY_CTR, 4},
    {C_REG1_TS_PREV, 12}, {RAM_BASE_ADDR, 4}, {RAM1_VAL_CUR, 4},   {RAM1_VAL_PREV, 4},
    {RAM1_TS_PREV, 16},  {RAM1_TS_PREV_AUX, 16}, {REM, 4},         {QT, 4},
    {REM_DIFF, 4},
};

static void count_cells(uint32_t *table, uint32_t size, const struct row *row,
                        const uint16_t *columns)
{
    for (; *columns != END; columns++) {
        uint32_t cell = cell_of(row, *columns);

        assert(cell < size);
        table[cell]++;
    }
}

/* 4.13: both nibbles of each byte of B and C. */
static void count_bit_op(uint32_t table[static 256], uint32_t vb, uint32_t vc)
{
    for (unsigned i = 0; i < 32; i += 4)
        table[16 * bits(vb, i, i + 3) + bits(vc, i, i + 3)]++;
}

void count_row(struct count *count, const struct row *row)
{
    static const uint16_t amount[] = {HELPER1, END}, signs[] = {HELPER2 + 3, HELPER3 + 3, END},
                          aux[] = {QT_AUX, END}, top[] = {HELPER2, END};
    enum instruction_type type = row->step->instruction.type;

    switch (row->step->instruction.mnemonic) {
    case OP_ECALL:
        return;
    case OP_SLL: case OP_SLLI: case OP_SRL: case OP_SRLI:
        count_cells(count->range8, 8, row, amount);
        break;
    case OP_SRA: case OP_SRAI:
        count_cells(count->range8, 8, row, amount);
        count_cells(count->range128, 128, row, top);
        break;
    case OP_SLT: case OP_SLTI: case OP_BGE: case OP_BLT:
        count_cells(count->range128, 128, row, signs);
        break;
    case OP_JALR: case OP_LH: case OP_LB:
        count_cells(count->range128, 128, row, aux);
        break;
    case OP_AND: case OP_ANDI:
        count_bit_op(count->bit_op[0], row->operand.vb, row->operand.vc);
        break;
    case OP_OR: case OP_ORI:
        count_bit_op(count->bit_op[1], row->operand.vb, row->operand.vc);
        break;
    case OP_XOR: case OP_XORI:
        count_bit_op(count->bit_op[2], row->operand.vb, row->operand.vc);
        break;
    default:
        break;
    }
    count_cells(count->range8, 8, row, range8_cells[type]);
    count_cells(count->range16, 16, row, range16_cells[type]);
    if (type == TYPE_U) {
        count->range256[0][cell_of(row, OP_C16_23)]++;
        count->range256[0][cell_of(row, OP_C24_31)]++;
    }
}

/* The rows of a block in one column. The tables have a lane each for rows 0, 1, 2, 3 mod 4. */
static void count_column(uint32_t *tables, uint32_t size, const m31 cells[static BLOCK_ROWS])
{
    uint32_t all = 0;

    for (unsigned i = 0; i < BLOCK_ROWS; i++)
        all |= cells[i].v;
    assert(all < size); /* a power of two */
    for (unsigned i = 0; i < BLOCK_ROWS; i += COUNT_LANES)
        for (unsigned lane = 0; lane < COUNT_LANES; lane++)
            tables[lane * size + cells[i + lane].v]++;
}

void count_block(struct count *count, m31 (*cells)[BLOCK_ROWS])
{
    for (size_t i = 0; i < sizeof range32_cells / sizeof *range32_cells; i++)
        count_column(count->range32[0], 32, cells[range32_cells[i]]);
    for (size_t i = 0; i < sizeof range256_cells / sizeof *range256_cells; i++)
        for (unsigned limb = 0; limb < range256_cells[i].count; limb++)
            count_column(count->range256[0], 256, cells[range256_cells[i].first + limb]);
}

static void add_table(uint32_t *out, const uint32_t *in, size_t size)
{
    for (size_t i = 0; i < size; i++)
        __atomic_fetch_add(&out[i], in[i], __ATOMIC_RELAXED);
}

void count_add(struct side_note *note, const struct count *count)
{
    add_table(note->range8, count->range8, 8);
    add_table(note->range16, count->range16, 16);
    add_table(note->range128, count->range128, 128);
    add_table(note->bit_op[0], count->bit_op[0], 3 * 256);
    for (unsigned lane = 0; lane < COUNT_LANES; lane++) {
        add_table(note->range32, count->range32[lane], 32);
        add_table(note->range256, count->range256[lane], 256);
    }
}
