/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/prover/air/chips/example.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "prover/air/chips/main_component.h"
#include "prover/circle/order.h"

static const char *const mnemonics[] = {
    "ADD",  "SUB",  "SLL",  "SLT",  "SLTU",  "XOR",  "SRL",  "SRA",   "OR",   "AND",
    "ADDI", "SLTI", "SLTIU", "XORI", "ORI",  "ANDI", "SLLI", "SRLI",  "SRAI", "LB",
    "LH",   "LW",   "LBU",  "LHU",  "SB",    "SH",   "SW",   "BEQ",   "BNE",  "BLT",
    "BGE",  "BLTU", "BGEU", "LUI",  "AUIPC", "JAL",  "JALR", "ECALL",
};
static const char *const types[] = {
    [TYPE_R] = "RType", [TYPE_I] = "IType", [TYPE_I_SHAMT] = "ITypeShamt", [TYPE_S] = "SType",
    [TYPE_B] = "BType", [TYPE_U] = "UType", [TYPE_J] = "JType",
};

static uint8_t find(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return (uint8_t)i;
    abort();
}

uint32_t csv_u32(const struct csv *c, size_t row, const char *column)
{
    return (uint32_t)strtoul(csv_cell(c, row, column), NULL, 0);
}

/* steps.csv names registers before the step only for a and b, so we keep our own. */
static void read_step(struct step *s, uint32_t registers[static 32], const struct csv *c, size_t row)
{
    const char *kind = csv_cell(c, row, "mem_kind");
    bool call;

    *s = (struct step){
        .pc = csv_u32(c, row, "pc"),
        .word = csv_u32(c, row, "word"),
        .instruction = {.mnemonic = find(mnemonics, sizeof mnemonics / sizeof *mnemonics,
                                         csv_cell(c, row, "mnemonic")),
                        .type = find(types, sizeof types / sizeof *types,
                                     csv_cell(c, row, "type")),
                        .a = (uint8_t)csv_u32(c, row, "a"),
                        .b = (uint8_t)csv_u32(c, row, "b"),
                        .c = csv_u32(c, row, "c")},
        .has_result = *csv_cell(c, row, "result") != '\0',
        .result = csv_u32(c, row, "result"),
        .memory = *kind == 'L' ? MEMORY_LOAD : *kind == 'S' ? MEMORY_STORE : MEMORY_NONE,
        .size = (uint8_t)csv_u32(c, row, "mem_size"),
        .address = csv_u32(c, row, "mem_address"),
        .value = csv_u32(c, row, "mem_value"),
    };
    call = s->instruction.mnemonic == OP_ECALL;
    s->value_a = registers[s->instruction.a];
    s->value_b = registers[call ? 17 : s->instruction.b];
    s->value_c = s->instruction.type == TYPE_R ? registers[s->instruction.c] : 0;
    if (s->has_result) {
        uint32_t a = !call ? s->instruction.a : s->value_b == 0x402 ? 2 : 10;

        registers[a] = a ? s->result : 0;
    }
}

void example_init(struct example *e)
{
    struct csv *program = golden_csv("air-main/program.csv");
    struct csv *memory = golden_csv("air-main/memory.csv");
    struct csv *steps = golden_csv("air-main/steps.csv");
    uint32_t registers[32] = {0};
    uint32_t *words = calloc(program->rows, sizeof *words);

    memset(e, 0, sizeof *e);
    for (size_t i = 0; i < program->rows; i++)
        words[i] = csv_u32(program, i, "word");
    e->listing = (struct listing){.entry = 0x1000,
                                  .base = 0x1000,
                                  .words = words,
                                  .count = program->rows};
    e->run.view.initial = calloc(memory->rows, sizeof *e->run.view.initial);
    e->run.view.initial_count = memory->rows;
    for (size_t i = 0; i < memory->rows; i++) {
        e->run.view.initial[i].address = csv_u32(memory, i, "address");
        e->run.view.initial[i].value = (uint8_t)csv_u32(memory, i, "initial_byte");
    }
    e->run.steps = calloc(steps->rows, sizeof *e->run.steps);
    e->run.step_count = steps->rows;
    for (size_t i = 0; i < steps->rows; i++)
        read_step(&e->run.steps[i], registers, steps, i);
    e->run.ram_entries = 99; /* the Ram lines of side.csv */
    csv_free(program);
    csv_free(memory);
    csv_free(steps);
}

void example_fini(struct example *e)
{
    free((uint32_t *)e->listing.words);
    free(e->run.view.initial);
    free(e->run.steps);
    free(e->memory);
}

enum status example_fill(struct example *e, struct pool *pool, struct why *why)
{
    struct exec exec = {.kernel = KERNEL_PORTABLE, .pool = pool};
    struct arena_plan plan = {0};
    size_t bytes;

    matrix_plan(&plan, MAIN_PREPROCESSED, EXAMPLE_LOG);
    matrix_plan(&plan, MAIN_TRACE, EXAMPLE_LOG);
    main_fill_plan(&plan, EXAMPLE_LOG, e->run.ram_entries);
    if (arena_plan_bytes(&plan, &bytes, why))
        abort();
    free(e->memory);
    e->memory = aligned_alloc(ARENA_ALIGN, bytes);
    memset(e->memory, 0xa5, bytes); /* nobody may count on zeros */
    e->arena = arena_of(e->memory, bytes);
    e->preprocessed = matrix_take(&e->arena, MAIN_PREPROCESSED, EXAMPLE_LOG);
    e->trace = matrix_take(&e->arena, MAIN_TRACE, EXAMPLE_LOG);
    main_preprocess_listing(&exec, e->preprocessed, EXAMPLE_LOG, &e->listing);
    return main_fill_listing(&exec, e->trace, EXAMPLE_LOG, &e->run, &e->listing, &e->note,
                             &e->arena, why);
}

struct pool *test_pool(unsigned threads)
{
    struct pool *pool;

    if (pool_new(&pool, threads, NULL))
        abort();
    return pool;
}

void columns_sha256(char *hex, struct matrix columns)
{
    size_t rows = matrix_rows(&columns);
    uint8_t *bytes = calloc(rows, 4), digest[32];
    EVP_MD_CTX *sha = EVP_MD_CTX_new();

    EVP_DigestInit_ex(sha, EVP_sha256(), NULL);
    for (size_t c = 0; c < columns.columns; c++) {
        for (size_t i = 0; i < rows; i++)
            store_le32(bytes + 4 * order_row(columns.log_rows, i), matrix_column(&columns, c)[i].v);
        EVP_DigestUpdate(sha, bytes, 4 * rows);
    }
    EVP_DigestFinal_ex(sha, digest, NULL);
    EVP_MD_CTX_free(sha);
    free(bytes);
    hex_encode(hex, digest, sizeof digest);
}
