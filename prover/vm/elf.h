/* SPDX-License-Identifier: Apache-2.0 */
/* An ELF file of RV32: its checks, its section map, its segments. What becomes of the segments'
 * words is load.c's.
 *
 * Source:  vm.md 3.1, 3.2.
 * Owner:   borrows the file; nothing to free.
 * Errors:  ST_INPUT with the reference's name of the error; ST_LIMIT for more known sections than
 *          we look at.
 */
#pragma once
#include "base/bytes.h"
#include "base/status.h"

#define ELF_KNOWN_SECTIONS 256

enum section_kind { SECTION_TEXT, SECTION_RODATA, SECTION_NOTE, SECTION_DATA };

struct elf {
    struct bytes file;
    struct elf_header {
        uint64_t phoff, shoff;
        uint32_t entry;
        unsigned type, machine;
        unsigned segment_size, segment_count, section_size, section_count, name_table;
        uint64_t segments, sections; /* counts, wherever they stand */
    } header;
    struct section {
        const char *name;
        enum section_kind kind;
        uint64_t begin, end; /* in the file */
    } known[ELF_KNOWN_SECTIONS];
    size_t known_count;
    uint64_t exec_end; /* of the sections that may hold instructions */
};

#define SEGMENT_LOAD    1
#define SEGMENT_NOTE    4
#define SEGMENT_EXECUTE 1 /* flag */

struct segment {
    uint32_t type, offset, address, file_size, memory_size, flags;
};

/* Checks 1 to 16, in their order. */
enum status MUST_USE elf_open(struct elf *out, struct bytes file, struct why *why);

/* number < header.segments */
struct segment elf_segment(const struct elf *e, uint64_t number);

/* What a word of a segment is, by its position in the file (vm.md 3.3). */
enum word_class { WORD_INSTRUCTION, WORD_READ_ONLY, WORD_READ_WRITE, WORD_IGNORED };

/* *until gets the position from which on the answer may be another one. */
enum word_class elf_classify(const struct elf *e, bool executable, uint64_t position,
                             uint64_t *until);
