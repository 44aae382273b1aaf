/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/vm/machine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "prover/vm/keccakf.h"

enum status machine_init(struct machine *m, const struct machine_setup *setup, struct why *why)
{
    memset(m, 0, sizeof *m);
    m->ops = setup->ops;
    m->pass = setup->pass;
    m->words = setup->words;
    m->word_count = setup->word_count;
    m->base = setup->base;
    m->pc = setup->entry;
    m->tape = setup->private_input;
    memory_init(&m->memory, setup->budget, setup->open_memory);
    m->slots = calloc(setup->word_count + 1, sizeof *m->slots);
    if (!m->slots)
        return fail(why, ST_NO_MEMORY, "decoded program: out of memory");
    return ST_OK;
}

void machine_fini(struct machine *m)
{
    free(m->slots);
    memory_fini(&m->memory);
    memset(m, 0, sizeof *m);
}

/* ---- fetching (7.2) ---- */

static bool ends_block(enum mnemonic m)
{
    return (m >= OP_BEQ && m <= OP_BGEU) || m == OP_JAL || m == OP_JALR;
}

static void decode_block(struct machine *m, size_t number)
{
    for (size_t i = number; i < m->word_count; i++) {
        struct slot *slot = &m->slots[i];

        if (!slot->known) {
            slot->instruction = instruction_decode(m->words[i]);
            slot->word = instruction_encode(slot->instruction);
            slot->known = true;
        }
        if (ends_block(slot->instruction.mnemonic))
            break;
    }
}

/* The rule in its order: a known word is found from a misaligned pc as well. */
static enum status fetch(struct machine *m, const struct slot **out, struct why *why)
{
    size_t number = (uint32_t)(m->pc - m->base) / 4;

    if (m->pc < m->base)
        return fail(why, ST_GUEST, "JumpOutsideProgram: below the program at 0x%" PRIx32, m->base);
    if (number >= m->word_count || !m->slots[number].known) {
        if (m->pc % 4)
            return fail(why, ST_GUEST, "UnalignedProgramCounter: not a multiple of 4");
        if (number == m->word_count)
            return fail(why, ST_GUEST,
                        "VMOutOfInstructions: the program ends without the exit call");
        if (number > m->word_count)
            return fail(why, ST_GUEST, "JumpOutsideProgram: beyond the end of the program");
        decode_block(m, number);
    }
    *out = &m->slots[number];
    return ST_OK;
}

/* ---- arithmetic ---- */

static uint32_t shift_right_signed(uint32_t x, unsigned count)
{
    /* All ones above when the sign is set; a shift by 32 is not an expression of C. */
    return x >> count | (x >> 31 && count ? UINT32_MAX << (32 - count) : 0);
}

static bool less_signed(uint32_t x, uint32_t y)
{
    return (x ^ 0x80000000) < (y ^ 0x80000000);
}

static uint32_t high_word(int64_t product)
{
    return (uint32_t)((uint64_t)product >> 32);
}

static uint32_t divide_signed(uint32_t x, uint32_t y)
{
    if (y == 0)
        return UINT32_MAX;
    if (x == 0x80000000 && y == UINT32_MAX)
        return x;
    return (uint32_t)((int32_t)x / (int32_t)y);
}

static uint32_t remainder_signed(uint32_t x, uint32_t y)
{
    if (y == 0)
        return x;
    if (x == 0x80000000 && y == UINT32_MAX)
        return 0;
    return (uint32_t)((int32_t)x % (int32_t)y);
}

/* Everything with a result that depends on two numbers alone. */
static uint32_t compute(enum mnemonic m, uint32_t x, uint32_t y)
{
    switch (m) {
    case OP_ADD:
    case OP_ADDI:
        return x + y;
    case OP_SUB:
        return x - y;
    case OP_SLL:
    case OP_SLLI:
        return x << y % 32;
    case OP_SLT:
    case OP_SLTI:
        return less_signed(x, y);
    case OP_SLTU:
    case OP_SLTIU:
        return x < y;
    case OP_XOR:
    case OP_XORI:
        return x ^ y;
    case OP_SRL:
    case OP_SRLI:
        return x >> y % 32;
    case OP_SRA:
    case OP_SRAI:
        return shift_right_signed(x, y % 32);
    case OP_OR:
    case OP_ORI:
        return x | y;
    case OP_AND:
    case OP_ANDI:
        return x & y;
    case OP_MUL:
        return x * y;
    case OP_MULH:
        return high_word((int64_t)(int32_t)x * (int32_t)y);
    case OP_MULHSU:
        return high_word((int64_t)(int32_t)x * (int64_t)y);
    case OP_MULHU:
        return (uint32_t)((uint64_t)x * y >> 32);
    case OP_DIV:
        return divide_signed(x, y);
    case OP_DIVU:
        return y ? x / y : UINT32_MAX;
    case OP_REM:
        return remainder_signed(x, y);
    default: /* OP_REMU */
        return y ? x % y : x;
    }
}

static bool branch_taken(enum mnemonic m, uint32_t x, uint32_t y)
{
    switch (m) {
    case OP_BEQ:
        return x == y;
    case OP_BNE:
        return x != y;
    case OP_BLT:
        return less_signed(x, y);
    case OP_BGE:
        return !less_signed(x, y);
    case OP_BLTU:
        return x < y;
    default: /* OP_BGEU */
        return x >= y;
    }
}

/* ---- memory instructions ---- */

/* No wrap-around (6.1): the offset is a signed number. */
static enum status calculate_address(uint32_t *out, uint32_t from, uint32_t offset, struct why *why)
{
    int64_t sum = (int64_t)from + (int32_t)offset;

    if (sum < 0)
        return fail(why, ST_GUEST, "AddressCalculationUnderflow: 0x%" PRIx32 " - %" PRId64, from,
                    -(int64_t)(int32_t)offset);
    if (sum > UINT32_MAX)
        return fail(why, ST_GUEST, "AddressCalculationOverflow: 0x%" PRIx32 " + %" PRId32, from,
                    (int32_t)offset);
    *out = (uint32_t)sum;
    return ST_OK;
}

static uint8_t access_size(enum mnemonic m)
{
    switch (m) {
    case OP_LB:
    case OP_LBU:
    case OP_SB:
        return 1;
    case OP_LH:
    case OP_LHU:
    case OP_SH:
        return 2;
    default:
        return 4;
    }
}

static enum status execute_load(struct machine *m, struct step *s, struct why *why)
{
    enum mnemonic op = (enum mnemonic)s->instruction.mnemonic;
    enum status st = calculate_address(&s->address, s->value_b, s->instruction.c, why);

    if (st)
        return st;
    s->memory = MEMORY_LOAD;
    s->size = access_size(op);
    st = op == OP_INPUT_READ ? m->ops->input_read(m, &s->value, s->address, why)
                             : memory_load(&m->memory, &s->value, s->address, s->size, why);
    if (st)
        return st;
    s->has_result = 1;
    if (op == OP_LB)
        s->result = (uint32_t)(int8_t)s->value;
    else if (op == OP_LH)
        s->result = (uint32_t)(int16_t)s->value;
    else
        s->result = s->value;
    machine_write(m, s->instruction.a, s->result);
    return ST_OK;
}

static enum status execute_store(struct machine *m, struct step *s, struct why *why)
{
    enum mnemonic op = (enum mnemonic)s->instruction.mnemonic;
    enum status st = calculate_address(&s->address, s->value_a, s->instruction.c, why);

    if (st)
        return st;
    s->memory = MEMORY_STORE;
    s->size = access_size(op);
    s->value = s->size == 4 ? s->value_b : s->value_b & ((UINT32_C(1) << 8 * s->size) - 1);
    if (op == OP_OUTPUT_WRITE)
        return m->ops->output_write(m, s->address, why);
    return memory_store(&m->memory, &s->previous, s->address, s->size, s->value, why);
}

/* Fifty words from x[a], permuted in place; the addresses wrap. */
static enum status execute_keccak(struct machine *m, struct step *s, struct why *why)
{
    uint64_t lanes[25] = {0};
    uint32_t word, previous;
    enum status st = ST_OK;

    for (uint32_t k = 0; k < 50 && !st; k++) {
        st = memory_load(&m->memory, &word, s->value_a + 4 * k, 4, why);
        if (!st)
            lanes[k / 2] |= (uint64_t)word << 32 * (k % 2);
    }
    keccakf(lanes);
    for (uint32_t k = 0; k < 50 && !st; k++) {
        word = (uint32_t)(lanes[k / 2] >> 32 * (k % 2));
        st = memory_store(&m->memory, &previous, s->value_a + 4 * k, 4, word, why);
    }
    s->memory = MEMORY_KECCAK;
    s->address = s->value_a;
    return st;
}

/* ---- system calls that are the same in both passes (7.4, 10.3) ---- */

static enum status execute_call(struct machine *m, struct step *s, struct why *why)
{
    uint32_t code = m->x[17];

    s->value_b = code;
    switch (code) {
    case SYSTEM_CALL_EXIT:
        s->has_result = 1;
        s->result = m->x[10];
        s->next_pc = s->pc;
        m->exited = true;
        return ST_OK;
    case SYSTEM_CALL_PRIVATE_INPUT:
        s->has_result = 1;
        s->result = UINT32_MAX;
        if (m->tape.size) {
            s->result = m->tape.data[0];
            m->tape = bytes_of(m->tape.data + 1, m->tape.size - 1);
        }
        m->x[10] = s->result;
        return ST_OK;
    case SYSTEM_CALL_LOG:
    case SYSTEM_CALL_CYCLE_COUNTER:
    case SYSTEM_CALL_STACK_POINTER:
    case SYSTEM_CALL_HEAP_POINTER:
    case SYSTEM_CALL_MEMORY_ADVISE:
        return m->ops->call(m, s, code, why);
    default:
        return fail(why, ST_GUEST, "UnimplementedSyscall: code 0x%" PRIx32 " in x17", code);
    }
}

/* ---- one instruction ---- */

static enum status execute(struct machine *m, struct step *s, struct why *why)
{
    const struct instruction i = s->instruction;
    enum mnemonic op = (enum mnemonic)i.mnemonic;

    switch (op) {
    case OP_LB:
    case OP_LH:
    case OP_LW:
    case OP_LBU:
    case OP_LHU:
    case OP_INPUT_READ:
        return execute_load(m, s, why);
    case OP_SB:
    case OP_SH:
    case OP_SW:
    case OP_OUTPUT_WRITE:
        return execute_store(m, s, why);
    case OP_KECCAKF:
        return execute_keccak(m, s, why);
    case OP_ECALL:
        return execute_call(m, s, why);
    case OP_EBREAK:
        return fail(why, ST_GUEST, "InstructionNotSyscall: EBREAK");
    case OP_CUSTOM:
        return fail(why, ST_GUEST, "UndefinedInstruction: custom opcode 0x%" PRIx32,
                    m->words[(m->pc - m->base) / 4]);
    case OP_UNIMPL:
        return fail(why, ST_GUEST,
                    "UnimplementedInstruction: word 0x%08" PRIx32 "; build the guest for rv32i",
                    m->words[(m->pc - m->base) / 4]);
    case OP_BEQ:
    case OP_BNE:
    case OP_BLT:
    case OP_BGE:
    case OP_BLTU:
    case OP_BGEU:
        if (branch_taken(op, s->value_a, s->value_b))
            s->next_pc = s->pc + i.c;
        s->has_result = 1;
        s->result = s->next_pc; /* of branches alone it is not for a register */
        return ST_OK;
    case OP_LUI:
        s->result = i.c << 12;
        break;
    case OP_AUIPC:
        s->result = s->pc + (i.c << 12);
        break;
    case OP_JAL:
        s->result = s->pc + 4;
        s->next_pc = s->pc + i.c;
        break;
    case OP_JALR:
        s->result = s->pc + 4;
        s->next_pc = s->value_b + i.c; /* bit 0 stays */
        break;
    default:
        s->result = compute(op, s->value_b, i.type == TYPE_R ? s->value_c : i.c);
        break;
    }
    s->has_result = 1;
    machine_write(m, i.a, s->result);
    return ST_OK;
}

enum status machine_step(struct machine *m, struct step *step, struct why *why)
{
    struct why inner; /* written by whoever fails, and not cleared 512 bytes a step */
    const struct slot *slot = NULL;
    enum status st = fetch(m, &slot, &inner);

    if (!st) {
        const struct instruction i = slot->instruction;

        *step = (struct step){
            .pc = m->pc,
            .next_pc = m->pc + 4,
            .word = slot->word,
            .instruction = i,
            .value_a = m->x[i.a],
            .value_b = m->x[i.b],
            .value_c = i.type == TYPE_R ? m->x[i.c] : 0,
        };
        st = execute(m, step, &inner);
    }
    if (st)
        return fail(why, st, "%s, at pc 0x%" PRIx32 ", step %" PRIu64 " of the %s pass", inner.text,
                    m->pc, m->steps + 1, m->pass);
    m->pc = step->next_pc;
    m->steps++;
    return ST_OK;
}
