/* SPDX-License-Identifier: Apache-2.0 */
/* Guests in a few lines: instruction words as constant expressions, and the ELF around them.
 *
 * Source: vm.md 3, 4. The encodings are written down here a second time on purpose.
 */
#pragma once
#include "base/bytes.h"

/* ---- registers ---- */

#define RA 1
#define SP 2
#define T0 5
#define T1 6
#define T2 7
#define S0 8
#define S1 9
#define A0 10
#define A1 11
#define A2 12
#define A7 17

/* ---- words ---- */

#define WORD_I(opcode, funct3, rd, rs1, imm)                                                     \
    ((uint32_t)(opcode) | (uint32_t)(rd) << 7 | (uint32_t)(funct3) << 12 | (uint32_t)(rs1) << 15 \
     | ((uint32_t)(imm) & 0xFFF) << 20)
#define WORD_S(opcode, funct3, rs1, rs2, imm)                                              \
    ((uint32_t)(opcode) | ((uint32_t)(imm) & 31) << 7 | (uint32_t)(funct3) << 12 |         \
     (uint32_t)(rs1) << 15 | (uint32_t)(rs2) << 20 | ((uint32_t)(imm) >> 5 & 0x7F) << 25)

#define ADDI(rd, rs1, imm)  WORD_I(0x13, 0, rd, rs1, imm)
#define LB(rd, rs1, imm)    WORD_I(0x03, 0, rd, rs1, imm)
#define LW(rd, rs1, imm)    WORD_I(0x03, 2, rd, rs1, imm)
#define JALR(rd, rs1, imm)  WORD_I(0x67, 0, rd, rs1, imm)
#define RIN(rd, rs1, imm)   WORD_I(0x2B, 0, rd, rs1, imm)
#define SW(rs1, rs2, imm)   WORD_S(0x23, 2, rs1, rs2, imm)
#define SB(rs1, rs2, imm)   WORD_S(0x23, 0, rs1, rs2, imm)
#define WOU(rs1, rs2, imm)  WORD_S(0x5B, 0, rs1, rs2, imm)
#define KECCAKF(rs1)        WORD_S(0x5A, 0, rs1, 0, 0)
#define LUI(rd, imm)        ((uint32_t)0x37 | (uint32_t)(rd) << 7 | (uint32_t)(imm) << 12)
#define AUIPC(rd, imm)      ((uint32_t)0x17 | (uint32_t)(rd) << 7 | (uint32_t)(imm) << 12)
#define ADD(rd, rs1, rs2) \
    ((uint32_t)0x33 | (uint32_t)(rd) << 7 | (uint32_t)(rs1) << 15 | (uint32_t)(rs2) << 20)
#define MUL(rd, rs1, rs2) (ADD(rd, rs1, rs2) | UINT32_C(1) << 25)
/* Offsets of at most 2 KiB either way. */
#define BNE(rs1, rs2, offset)                                                               \
    ((uint32_t)0x63 | UINT32_C(1) << 12 | (uint32_t)(rs1) << 15 | (uint32_t)(rs2) << 20 |   \
     ((uint32_t)(offset) >> 11 & 1) << 7 | ((uint32_t)(offset) >> 1 & 15) << 8 |            \
     ((uint32_t)(offset) >> 5 & 63) << 25 | ((uint32_t)(offset) >> 12 & 1) << 31)
#define JAL(rd, offset)                                                                        \
    ((uint32_t)0x6F | (uint32_t)(rd) << 7 | ((uint32_t)(offset) >> 12 & 255) << 12 |           \
     ((uint32_t)(offset) >> 11 & 1) << 20 | ((uint32_t)(offset) >> 1 & 1023) << 21 |           \
     ((uint32_t)(offset) >> 20 & 1) << 31)
#define ECALL ((uint32_t)0x73)

/* ---- phrases ---- */

/* Two words; v as a number of 32 bits. */
#define LI(rd, v) LUI(rd, (((v) + UINT32_C(0x800)) >> 12) & 0xFFFFF), ADDI(rd, rd, v)
#define CALL(code) ADDI(A7, 0, code), ECALL
/* Stack pointer as official guests set it. */
#define START LUI(SP, 0x80400), CALL(0x402)
/* Output word k from a register. */
#define OUTPUT(k, rs) LW(T0, 0, 0x84), WOU(T0, rs, 4 * (k))
#define EXIT OUTPUT(0, 0), ADDI(A0, 0, 0), CALL(0x201)

/* ---- files ---- */

struct assembly {
    const uint32_t *text;
    size_t count;
    uint32_t base;  /* 0: 0x88 */
    uint32_t entry; /* 0: base */
    struct bytes rodata, data;
    uint32_t rodata_address, data_address; /* 0: behind what comes before */
    const char *text_section;              /* NULL: ".text" */
    struct bytes tail;                     /* bytes behind the data, in no section */
};

/* One segment for each section: program headers at 52, then the contents, the name table, and the
 * section table (null, text, rodata, data, names) at the end. */
struct buffer assemble(const struct assembly *a);

/* Offsets of fields for tests that break them. */
#define ELF_SEGMENT(n)        (52 + 32 * (n))
#define ELF_SHOFF             32
#define ELF_SECTION(elf, n)   (load_le32((elf).data + ELF_SHOFF) + 40 * (n))
