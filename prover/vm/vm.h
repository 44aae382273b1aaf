/* SPDX-License-Identifier: Apache-2.0 */
/* The RV32 machine: an ELF and its inputs become step records and a view.
 *
 * Source:  vm.md (chapters in brackets below).
 * Owner:   struct program and struct run own heap memory (…_fini; safe on a zeroed value).
 * Threads: one owner at a time; a loaded program may be shared for reading.
 * Errors:  ST_INPUT   the ELF is not loadable (the reference's error name is in the words)
 *          ST_GUEST   the program failed, or its layout does not fit (vm.md 14, behaviour.md 2);
 *                     the words begin with the error's name and end with pc, step and pass
 *          ST_LIMIT   step or memory limit reached; an ELF far larger than anything provable
 *          ST_NO_MEMORY
 */
#pragma once
#include <stdbool.h>

#include "base/bytes.h"
#include "base/status.h"

#define VM_PROGRAM_START   ((uint32_t)0x88)
#define VM_INPUT_LOCATION  ((uint32_t)0x80)
#define VM_OUTPUT_LOCATION ((uint32_t)0x84)
#define VM_STACK_TOP       ((uint32_t)0x80400000)

/* ---- program (vm.md 3) ---- */

struct image { /* one contiguous block, whole words */
    uint32_t base;
    uint32_t size; /* bytes, a multiple of 4 */
    uint8_t *data;
};

struct program {
    uint32_t entry;
    uint32_t base;
    uint32_t *words;
    size_t word_count;
    struct image rom;
    struct image ram;
};

enum status MUST_USE program_load(struct program *out, struct bytes elf, struct why *why);
void program_fini(struct program *p);

/* ---- instructions (vm.md 4) ---- */

enum mnemonic {
    OP_ADD, OP_SUB, OP_SLL, OP_SLT, OP_SLTU, OP_XOR, OP_SRL, OP_SRA, OP_OR, OP_AND,
    OP_ADDI, OP_SLTI, OP_SLTIU, OP_XORI, OP_ORI, OP_ANDI, OP_SLLI, OP_SRLI, OP_SRAI,
    OP_LB, OP_LH, OP_LW, OP_LBU, OP_LHU, OP_SB, OP_SH, OP_SW,
    OP_BEQ, OP_BNE, OP_BLT, OP_BGE, OP_BLTU, OP_BGEU,
    OP_LUI, OP_AUIPC, OP_JAL, OP_JALR, OP_ECALL, OP_EBREAK,
    OP_MUL, OP_MULH, OP_MULHSU, OP_MULHU, OP_DIV, OP_DIVU, OP_REM, OP_REMU,
    OP_INPUT_READ, OP_OUTPUT_WRITE, OP_KECCAKF, OP_CUSTOM, OP_UNIMPL,
};

enum instruction_type { TYPE_R, TYPE_I, TYPE_I_SHAMT, TYPE_S, TYPE_B, TYPE_U, TYPE_J, TYPE_UNIMPL };

struct instruction {
    uint8_t mnemonic; /* enum mnemonic */
    uint8_t type;     /* enum instruction_type */
    uint8_t a, b;
    uint32_t c;
};

struct instruction instruction_decode(uint32_t word);
uint32_t instruction_encode(struct instruction i); /* 4.3; 0 for what is never executed */
uint32_t instruction_rewrite(uint32_t word);       /* 4.4: input and output become LW and SW */
const char *mnemonic_name(enum mnemonic m);

/* ---- system calls (vm.md 7.4, 10.3): the number in x17 on ECALL rows ---- */

enum system_call {
    SYSTEM_CALL_LOG = 0x200,
    SYSTEM_CALL_EXIT = 0x201,
    SYSTEM_CALL_PRIVATE_INPUT = 0x400,
    SYSTEM_CALL_CYCLE_COUNTER = 0x401,
    SYSTEM_CALL_STACK_POINTER = 0x402,
    SYSTEM_CALL_HEAP_POINTER = 0x403,
    SYSTEM_CALL_MEMORY_ADVISE = 0x405,
};

/* ---- step records of the second pass (vm.md 11) ----
 * The 32 registers are not repeated in every record: those that a row can read are. */

enum memory_access { MEMORY_NONE, MEMORY_LOAD, MEMORY_STORE, MEMORY_KECCAK };

struct step { /* record number i has timestamp i + 1 */
    uint32_t pc, next_pc;
    uint32_t word;               /* re-encoded */
    struct instruction instruction;
    uint32_t value_a;            /* register a before the step */
    uint32_t value_b;            /* register b; on ECALL rows x17 */
    uint32_t value_c;            /* register c for type R, else 0 */
    uint32_t result;             /* 0 when there is none */
    uint32_t address;            /* of the access */
    uint32_t value, previous;    /* of the access, zero-extended; previous is 0 for loads */
    uint8_t has_result;
    uint8_t memory;              /* enum memory_access */
    uint8_t size;                /* of the access: 1, 2, 4 */
};

/* ---- layout (vm.md 9) and view (vm.md 12) ---- */

struct memory_layout { /* the seven numbers of the proof, in its order */
    uint32_t public_input, exit_code, public_output, heap, stack_bottom, stack_top, end;
};

struct view {
    struct memory_layout layout;
    const uint32_t *words; /* rewritten program, word i at VM_PROGRAM_START + 4 i */
    size_t word_count;
    /* The public bytes in the order of vm.md 12: initial memory, exit code, output. */
    struct public_byte {
        uint32_t address;
        uint8_t value;
    } *initial;
    size_t initial_count;
    struct public_byte *output; /* 4 exit code entries, then the output entries */
    size_t output_count;
    struct bytes associated_data;
    uint32_t tracked_ram_size;
};

struct run_input {           /* raw bytes, as they lie in the guest's memory (vm.md 8) */
    struct bytes public_input;
    struct bytes private_input;
    struct bytes associated_data;
};

struct run_limits {
    uint64_t max_steps;       /* of each pass; 0: the default, 2^24 */
    uint64_t max_memory;      /* bytes of touched guest pages, log text and public bytes together;
                                 0: the default, 1 GiB */
};

struct run {
    struct view view;
    struct step *steps;
    size_t step_count;
    size_t ram_entries;       /* byte addresses in the RAM map after the run (components.md 3.4) */
    uint64_t first_pass_steps;
    uint32_t exit_code;       /* the four bytes, little endian */
    uint32_t exit_argument;   /* x10 at exit */
    uint32_t final_registers[32];
    struct buffer *logs;      /* first pass, one buffer an entry */
    size_t log_count;
    struct vm_sizes {         /* P, I, O, H, S, A of vm.md 9 */
        uint32_t program, input, output, heap, stack, associated;
    } sizes;
    void *storage;            /* what the pointers above point into */
};

/* Both passes. limits may be NULL. ST_INPUT as well when the public input passes 2^31 bytes. */
enum status MUST_USE vm_run(struct run *out, const struct program *program,
                            const struct run_input *input, const struct run_limits *limits,
                            struct why *why);
void run_fini(struct run *r);

/* A run can succeed and still be one that no proof can be made of: M extension, keccak, words with
 * ignored bits, an entry that is not the first instruction, output bytes never stored, public
 * addresses out of order, accesses to the text, misaligned pc (vm.md 12, 15). ST_GUEST with the
 * first reason. A run that passes satisfies every constraint. */
enum status MUST_USE vm_check_provable(const struct run *run, const struct program *program,
                                       struct why *why);

/* The verifier's view (vm.md 13.2): no execution, the layout comes from the proof. Its order, its
 * alignment and whether input, output and associated data fit are checked (ST_INVALID). The public
 * input is padded to whole words like the prover's; output is raw bytes. The result is freed with
 * run_fini; of the rest only exit_code is set. */
enum status MUST_USE vm_expected_view(struct run *out, const struct program *program,
                                      const struct memory_layout *layout, struct bytes public_input,
                                      uint32_t exit_code, struct bytes output,
                                      struct bytes associated_data, struct why *why);

/* Seven numbers from sizes (vm.md 9); ST_GUEST where the reference fails. */
enum status MUST_USE vm_layout(struct memory_layout *out, const struct vm_sizes *sizes,
                               struct why *why);

/* ---- SDK encodings (vm.md 8, 13.1) ---- */

/* COBS of the data, a zero, zeros to a multiple of 4; nothing for nothing. */
void vm_encode_input(struct buffer *out, struct bytes postcard);
/* Postcard of a tuple of u32 followed by vm_encode_input. */
void vm_encode_u32s(struct buffer *out, const uint32_t *values, size_t count);

/* What the SDK makes of an output region: cut at the first zero, COBS undone; the postcard bytes
 * are appended. ST_INPUT when that fails. */
enum status MUST_USE vm_decode_output(struct buffer *out, struct bytes region, struct why *why);
/* The u32 at the start of postcard bytes, and how many bytes it took. The SDK reads the four exit
 * code bytes this way, too: from 128 on wrongly (200 reads as 72). */
enum status MUST_USE vm_decode_u32(uint32_t *out, size_t *used, struct bytes postcard,
                                   struct why *why);
