/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/vm/vm.h"

#include <assert.h>

/* One row a mnemonic: how it is told apart, and therefore how it is put together again. */
struct coding {
    const char *name;
    uint8_t opcode, funct3, funct7, type;
};

static const struct coding codings[] = {
    [OP_ADD] = {"ADD", 0x33, 0, 0x00, TYPE_R},
    [OP_SUB] = {"SUB", 0x33, 0, 0x20, TYPE_R},
    [OP_SLL] = {"SLL", 0x33, 1, 0x00, TYPE_R},
    [OP_SLT] = {"SLT", 0x33, 2, 0x00, TYPE_R},
    [OP_SLTU] = {"SLTU", 0x33, 3, 0x00, TYPE_R},
    [OP_XOR] = {"XOR", 0x33, 4, 0x00, TYPE_R},
    [OP_SRL] = {"SRL", 0x33, 5, 0x00, TYPE_R},
    [OP_SRA] = {"SRA", 0x33, 5, 0x20, TYPE_R},
    [OP_OR] = {"OR", 0x33, 6, 0x00, TYPE_R},
    [OP_AND] = {"AND", 0x33, 7, 0x00, TYPE_R},
    [OP_ADDI] = {"ADDI", 0x13, 0, 0, TYPE_I},
    [OP_SLTI] = {"SLTI", 0x13, 2, 0, TYPE_I},
    [OP_SLTIU] = {"SLTIU", 0x13, 3, 0, TYPE_I},
    [OP_XORI] = {"XORI", 0x13, 4, 0, TYPE_I},
    [OP_ORI] = {"ORI", 0x13, 6, 0, TYPE_I},
    [OP_ANDI] = {"ANDI", 0x13, 7, 0, TYPE_I},
    [OP_SLLI] = {"SLLI", 0x13, 1, 0x00, TYPE_I_SHAMT},
    [OP_SRLI] = {"SRLI", 0x13, 5, 0x00, TYPE_I_SHAMT},
    [OP_SRAI] = {"SRAI", 0x13, 5, 0x20, TYPE_I_SHAMT},
    [OP_LB] = {"LB", 0x03, 0, 0, TYPE_I},
    [OP_LH] = {"LH", 0x03, 1, 0, TYPE_I},
    [OP_LW] = {"LW", 0x03, 2, 0, TYPE_I},
    [OP_LBU] = {"LBU", 0x03, 4, 0, TYPE_I},
    [OP_LHU] = {"LHU", 0x03, 5, 0, TYPE_I},
    [OP_SB] = {"SB", 0x23, 0, 0, TYPE_S},
    [OP_SH] = {"SH", 0x23, 1, 0, TYPE_S},
    [OP_SW] = {"SW", 0x23, 2, 0, TYPE_S},
    [OP_BEQ] = {"BEQ", 0x63, 0, 0, TYPE_B},
    [OP_BNE] = {"BNE", 0x63, 1, 0, TYPE_B},
    [OP_BLT] = {"BLT", 0x63, 4, 0, TYPE_B},
    [OP_BGE] = {"BGE", 0x63, 5, 0, TYPE_B},
    [OP_BLTU] = {"BLTU", 0x63, 6, 0, TYPE_B},
    [OP_BGEU] = {"BGEU", 0x63, 7, 0, TYPE_B},
    [OP_LUI] = {"LUI", 0x37, 0, 0, TYPE_U},
    [OP_AUIPC] = {"AUIPC", 0x17, 0, 0, TYPE_U},
    [OP_JAL] = {"JAL", 0x6F, 0, 0, TYPE_J},
    [OP_JALR] = {"JALR", 0x67, 0, 0, TYPE_I},
    [OP_ECALL] = {"ECALL", 0x73, 0, 0, TYPE_I},
    [OP_EBREAK] = {"EBREAK", 0x73, 0, 0, TYPE_I}, /* comes back as ECALL, like in the reference */
    [OP_MUL] = {"MUL", 0x33, 0, 0x01, TYPE_R},
    [OP_MULH] = {"MULH", 0x33, 1, 0x01, TYPE_R},
    [OP_MULHSU] = {"MULHSU", 0x33, 2, 0x01, TYPE_R},
    [OP_MULHU] = {"MULHU", 0x33, 3, 0x01, TYPE_R},
    [OP_DIV] = {"DIV", 0x33, 4, 0x01, TYPE_R},
    [OP_DIVU] = {"DIVU", 0x33, 5, 0x01, TYPE_R},
    [OP_REM] = {"REM", 0x33, 6, 0x01, TYPE_R},
    [OP_REMU] = {"REMU", 0x33, 7, 0x01, TYPE_R},
    [OP_INPUT_READ] = {"RIN", 0x2B, 0, 0, TYPE_I},
    [OP_OUTPUT_WRITE] = {"WOU", 0x5B, 0, 0, TYPE_S},
    [OP_KECCAKF] = {"KECCAKF", 0x5A, 0, 0, TYPE_S},
    /* Told apart by the opcode alone, and never encoded. */
    [OP_CUSTOM] = {.name = "CUSTOM"},
    [OP_UNIMPL] = {.name = "UNIMPL"},
};

const char *mnemonic_name(enum mnemonic m)
{
    assert(m <= OP_UNIMPL);
    return codings[m].name;
}

/* Bits low .. low + count - 1 of a word. */
static uint32_t bits(uint32_t word, unsigned low, unsigned count)
{
    return word >> low & ((UINT32_C(1) << count) - 1);
}

static uint32_t sign_extend(uint32_t v, unsigned width)
{
    uint32_t sign = UINT32_C(1) << (width - 1);

    return (v ^ sign) - sign;
}

static uint32_t immediate_s(uint32_t word)
{
    return bits(word, 25, 7) << 5 | bits(word, 7, 5);
}

static uint32_t immediate_b(uint32_t word)
{
    return sign_extend(bits(word, 31, 1) << 12 | bits(word, 7, 1) << 11 | bits(word, 25, 6) << 5 |
                           bits(word, 8, 4) << 1,
                       13);
}

static uint32_t immediate_j(uint32_t word)
{
    return sign_extend(bits(word, 31, 1) << 20 | bits(word, 12, 8) << 12 | bits(word, 20, 1) << 11 |
                           bits(word, 21, 10) << 1,
                       21);
}

/* The mnemonic of the word among those of an opcode, by funct3 and, where asked for, funct7. */
static enum mnemonic pick(uint32_t word, enum mnemonic first, enum mnemonic last, bool by_funct7)
{
    for (enum mnemonic m = first; m <= last; m++)
        if (codings[m].funct3 == bits(word, 12, 3) &&
            (!by_funct7 || codings[m].funct7 == bits(word, 25, 7)))
            return m;
    return OP_UNIMPL;
}

static enum mnemonic pick_register(uint32_t word)
{
    enum mnemonic m = pick(word, OP_ADD, OP_AND, true);

    return m != OP_UNIMPL ? m : pick(word, OP_MUL, OP_REMU, true);
}

static enum mnemonic pick_immediate(uint32_t word)
{
    if (bits(word, 12, 3) == codings[OP_SLLI].funct3)
        return OP_SLLI; /* funct7 is not examined */
    if (bits(word, 12, 3) == codings[OP_SRLI].funct3)
        return pick(word, OP_SRLI, OP_SRAI, true);
    return pick(word, OP_ADDI, OP_ANDI, false);
}

static enum mnemonic pick_system(uint32_t word)
{
    if (word == 0x00000073)
        return OP_ECALL;
    return word == 0x00100073 ? OP_EBREAK : OP_UNIMPL;
}

static enum mnemonic pick_any(uint32_t word)
{
    bool plain = bits(word, 12, 3) == 0;

    switch (bits(word, 0, 7)) {
    case 0x33:
        return pick_register(word);
    case 0x13:
        return pick_immediate(word);
    case 0x03:
        return pick(word, OP_LB, OP_LHU, false);
    case 0x23:
        return pick(word, OP_SB, OP_SW, false);
    case 0x63:
        return pick(word, OP_BEQ, OP_BGEU, false);
    case 0x37:
        return OP_LUI;
    case 0x17:
        return OP_AUIPC;
    case 0x6F:
        return OP_JAL;
    case 0x67:
        return OP_JALR; /* funct3 is not examined */
    case 0x73:
        return pick_system(word);
    case 0x2B:
        return plain ? OP_INPUT_READ : OP_CUSTOM;
    case 0x5B:
        return plain ? OP_OUTPUT_WRITE : OP_CUSTOM;
    case 0x5A:
        return plain ? OP_KECCAKF : OP_CUSTOM;
    case 0x0B:
        return OP_CUSTOM;
    default:
        return OP_UNIMPL;
    }
}

static enum instruction_type type_of(enum mnemonic m, uint32_t word)
{
    if (m == OP_UNIMPL)
        return TYPE_UNIMPL;
    if (m != OP_CUSTOM)
        return (enum instruction_type)codings[m].type;
    if (bits(word, 0, 7) == 0x0B)
        return TYPE_R;
    return bits(word, 0, 7) == 0x2B ? TYPE_I : TYPE_S;
}

struct instruction instruction_decode(uint32_t word)
{
    enum mnemonic m = pick_any(word);
    struct instruction i = {.mnemonic = (uint8_t)m, .type = (uint8_t)type_of(m, word)};
    /* The immediates of the custom opcodes are not sign-extended (4.1). */
    bool extended = m < OP_INPUT_READ;
    uint8_t rd = (uint8_t)bits(word, 7, 5);
    uint8_t rs1 = (uint8_t)bits(word, 15, 5), rs2 = (uint8_t)bits(word, 20, 5);

    switch ((enum instruction_type)i.type) {
    case TYPE_R:
    case TYPE_I_SHAMT:
        i.a = rd;
        i.b = rs1;
        i.c = rs2;
        break;
    case TYPE_I:
        if (m == OP_ECALL || m == OP_EBREAK)
            break;
        i.a = rd;
        i.b = rs1;
        i.c = extended ? sign_extend(bits(word, 20, 12), 12) : bits(word, 20, 12);
        break;
    case TYPE_S:
        i.a = rs1;
        i.b = rs2;
        i.c = extended ? sign_extend(immediate_s(word), 12) : immediate_s(word);
        break;
    case TYPE_B:
        i.a = rs1;
        i.b = rs2;
        i.c = immediate_b(word);
        break;
    case TYPE_U:
        i.a = rd;
        i.c = bits(word, 12, 20);
        break;
    case TYPE_J:
        i.a = rd;
        i.c = immediate_j(word);
        break;
    case TYPE_UNIMPL:
        break;
    }
    return i;
}

uint32_t instruction_encode(struct instruction i)
{
    const struct coding *k = &codings[i.mnemonic];
    uint32_t fixed, a = i.a, b = i.b, c = i.c;

    if (i.mnemonic == OP_UNIMPL || i.mnemonic == OP_CUSTOM)
        return 0;
    fixed = k->opcode | (uint32_t)k->funct3 << 12;
    switch ((enum instruction_type)i.type) {
    case TYPE_R:
    case TYPE_I_SHAMT:
        return fixed | a << 7 | b << 15 | bits(c, 0, 5) << 20 | (uint32_t)k->funct7 << 25;
    case TYPE_I:
        return fixed | a << 7 | b << 15 | bits(c, 0, 12) << 20;
    case TYPE_S:
        return fixed | bits(c, 0, 5) << 7 | a << 15 | b << 20 | bits(c, 5, 7) << 25;
    case TYPE_B:
        return fixed | bits(c, 11, 1) << 7 | bits(c, 1, 4) << 8 | a << 15 | b << 20 |
               bits(c, 5, 6) << 25 | bits(c, 12, 1) << 31;
    case TYPE_U:
        return fixed | a << 7 | c << 12;
    case TYPE_J:
        return fixed | a << 7 | bits(c, 12, 8) << 12 | bits(c, 11, 1) << 20 | bits(c, 1, 10) << 21 |
               bits(c, 20, 1) << 31;
    default:
        return 0;
    }
}

uint32_t instruction_rewrite(uint32_t word)
{
    /* opcode and funct3; everything else stays */
    const uint32_t fields = 0x707F;

    if ((word & fields) == 0x2B)
        return (word & ~fields) | 0x2003; /* LW */
    if ((word & fields) == 0x5B)
        return (word & ~fields) | 0x2023; /* SW */
    return word;
}
