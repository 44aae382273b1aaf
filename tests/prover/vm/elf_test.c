/* SPDX-License-Identifier: Apache-2.0 */
/* Loading (vm.md 3, behaviour.md 1): what is refused, in which order and in which words. */
#include "tests/support/test.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

#include "tests/prover/vm/assemble.h"
#include "tests/prover/vm/guest.h"

static const uint32_t minimal[] = {START, EXIT};

static struct buffer good(void)
{
    return assemble(&(struct assembly){
        .text = minimal,
        .count = sizeof minimal / sizeof *minimal,
        .rodata = bytes_of_text("read"),
        .data = bytes_of_text("data"),
        .rodata_address = 0x1000,
        .data_address = 0x2000,
    });
}

static void assert_refused(const struct buffer *elf, enum status status, const char *words)
{
    struct program program = {0};
    struct why why = {.text = ""};
    enum status st = program_load(&program, buffer_bytes(elf), &why);

    if (st != status || strncmp(why.text, words, strlen(words)) != 0)
        print_error("status %s, '%s' instead of '%s'\n", status_name(st), why.text, words);
    assert_int_equal(st, status);
    assert_memory_equal(why.text, words, strlen(words));
    assert_null(program.words);
    /* No words wanted is as good. */
    assert_int_equal(program_load(&program, buffer_bytes(elf), NULL), status);
}

static void assert_loads(const struct buffer *elf, size_t words)
{
    struct program program;
    struct why why = {.text = ""};

    guest_assert_ok(program_load(&program, buffer_bytes(elf), &why), "load", &why);
    assert_int_equal(program.word_count, words);
    program_fini(&program);
}

static void put_word_at(struct buffer *elf, size_t offset, uint32_t word)
{
    assert_true(offset + 4 <= elf->size);
    store_le32(elf->data + offset, word);
}

/* ---- truncation ---- */

static void fib_cut_anywhere_is_refused(void **state)
{
    struct buffer elf = golden_read("guest/fib.elf");

    (void)state;
    for (size_t size = 0; size < elf.size; size++) {
        struct buffer cut = elf;

        /* A copy of exactly this size, so that sanitizers see a read behind it. */
        cut.data = malloc(size + !size);
        assert_non_null(cut.data);
        memcpy(cut.data, elf.data, size);
        cut.size = size;
        assert_refused(&cut, ST_INPUT, "ELFError: SliceReadError");
        free(cut.data);
    }
    buffer_fini(&elf);
}

static void bytes_behind_the_end_are_ignored(void **state)
{
    struct buffer elf = golden_read("guest/fib.elf");

    (void)state;
    buffer_put_text(&elf, "surplus");
    assert_loads(&elf, 102);
    buffer_fini(&elf);
}

/* ---- one field changed in a good file ---- */

static void one_wrong_field_is_named(void **state)
{
    static const struct {
        size_t offset, size;
        uint32_t value;
        enum status status; /* ST_OK: loads all the same */
        const char *words;
    } table[] = {
        {0, 1, 0x7E, ST_INPUT, "ELFError: BadMagic"},
        {3, 1, 'f', ST_INPUT, "ELFError: BadMagic"},
        {6, 1, 0, ST_INPUT, "ELFError: UnsupportedVersion"},
        {6, 1, 2, ST_INPUT, "ELFError: UnsupportedVersion"},
        {4, 1, 0, ST_INPUT, "ELFError: UnsupportedElfClass"},
        {4, 1, 3, ST_INPUT, "ELFError: UnsupportedElfClass"},
        {5, 1, 0, ST_INPUT, "ELFError: UnsupportedElfEndianness"},
        {5, 1, 2, ST_INPUT, "ELFError: UnsupportedElfEndianness"},
        {7, 1, 9, ST_OK, NULL},       /* ABI */
        {20, 4, 7, ST_OK, NULL},      /* header version */
        {36, 4, 0xFF, ST_OK, NULL},   /* flags */
        {40, 2, 1, ST_OK, NULL},      /* e_ehsize */
        {16, 2, 1, ST_INPUT, "NotExecutable"},
        {16, 2, 3, ST_INPUT, "NotExecutable"},
        {18, 2, 62, ST_INPUT, "NotRiscV"},
        {28, 4, 0, ST_INPUT, "NoSegmentAvailable"},
        {28, 4, 0xFFFFFF, ST_INPUT, "ELFError: SliceReadError"},
        {28, 4, 0xFFFFFFFF, ST_INPUT, "ELFError: SliceReadError"},
        {32, 4, 0, ST_INPUT, "NoSectionHeader"},
        {32, 4, 0xFFFFFFFF, ST_INPUT, "ELFError: SliceReadError"},
        {42, 2, 33, ST_INPUT, "ELFError: BadEntsize"},
        {42, 2, 0, ST_INPUT, "ELFError: BadEntsize"},
        {44, 2, 0, ST_INPUT, "NoProgramHeader"},
        {44, 2, 0xFFFE, ST_INPUT, "ELFError: SliceReadError"},
        {46, 2, 41, ST_INPUT, "ELFError: BadEntsize"},
        {48, 2, 0, ST_INPUT, "ELFError: BadOffset"},
        {48, 2, 0xFFFF, ST_INPUT, "ELFError: SliceReadError"},
        {50, 2, 0, ST_INPUT, "NoStringTable"},
        {50, 2, 5, ST_INPUT, "ELFError: BadOffset"},
        {50, 2, 0xFFFF, ST_INPUT, "BadSectionName"}, /* sh_link 0: the null section */
        /* the text segment */
        {ELF_SEGMENT(0) + 24, 4, 4, ST_INPUT, "NoExecutableSegment"},
        {ELF_SEGMENT(0) + 8, 4, 0x8A, ST_INPUT, "UnalignedVirtualAddress"},
        {ELF_SEGMENT(0) + 16, 4, 0xFFFF, ST_INPUT, "SegmentSizeExceedsMemorySize"},
        {ELF_SEGMENT(0) + 20, 4, 0xFFFFFF80, ST_INPUT, "SegmentSizeExceedsMemorySize"},
        {ELF_SEGMENT(0) + 20, 4, 0x10000, ST_INPUT, "SegmentOutsideFile"},
        {ELF_SEGMENT(0) + 4, 4, 0x10000, ST_INPUT, "SegmentOutsideFile"},
        {ELF_SEGMENT(0) + 0, 4, 4, ST_OK, NULL}, /* NOTE is loaded like LOAD */
        {ELF_SEGMENT(0) + 0, 4, 2, ST_INPUT, "NoExecutableSegment"},
        {ELF_SEGMENT(0) + 12, 4, 77, ST_OK, NULL}, /* physical address */
        /* the read-only segment, then the data segment */
        {ELF_SEGMENT(1) + 8, 4, 0x1002, ST_INPUT, "UnalignedVirtualAddress"},
        {ELF_SEGMENT(1) + 8, 4, 0xFFFFFFFC, ST_OK, NULL},
        {ELF_SEGMENT(2) + 4, 4, 0x7FFFFFFF, ST_INPUT, "SegmentOutsideFile"},
        {ELF_SEGMENT(2) + 4, 4, 0xFFFFFFFB, ST_INPUT, "SegmentSizeExceedsMemorySize"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct buffer elf = good();

        for (size_t k = 0; k < table[i].size; k++)
            elf.data[table[i].offset + k] = (uint8_t)(table[i].value >> 8 * k);
        if (table[i].status)
            assert_refused(&elf, table[i].status, table[i].words);
        else
            assert_loads(&elf, sizeof minimal / sizeof *minimal);
        buffer_fini(&elf);
    }
}

static void checks_come_in_the_reference_s_order(void **state)
{
    struct buffer elf = good();

    (void)state;
    /* All of these are wrong; each repair shows the next. */
    put_word_at(&elf, ELF_SEGMENT(0) + 8, 0x8A);
    elf.data[50] = elf.data[44] = elf.data[45] = elf.data[42] = 0;
    elf.data[18] = elf.data[16] = elf.data[46] = elf.data[5] = elf.data[4] = elf.data[6] = 0;
    assert_refused(&elf, ST_INPUT, "ELFError: UnsupportedVersion");
    elf.data[6] = 1;
    assert_refused(&elf, ST_INPUT, "ELFError: UnsupportedElfClass");
    elf.data[4] = 1;
    assert_refused(&elf, ST_INPUT, "ELFError: UnsupportedElfEndianness");
    elf.data[5] = 1;
    assert_refused(&elf, ST_INPUT, "ELFError: BadEntsize: entries of 0 bytes in the section");
    elf.data[46] = 40;
    assert_refused(&elf, ST_INPUT, "ELFError: BadEntsize: entries of 0 bytes in the program");
    elf.data[42] = 32;
    assert_refused(&elf, ST_INPUT, "NotRiscV");
    elf.data[18] = 243;
    assert_refused(&elf, ST_INPUT, "NotExecutable");
    elf.data[16] = 2;
    assert_refused(&elf, ST_INPUT, "NoProgramHeader");
    elf.data[44] = 3;
    assert_refused(&elf, ST_INPUT, "NoStringTable");
    elf.data[50] = 4;
    assert_refused(&elf, ST_INPUT, "UnalignedVirtualAddress");
    put_word_at(&elf, ELF_SEGMENT(0) + 8, 0x88);
    assert_loads(&elf, sizeof minimal / sizeof *minimal);
    buffer_fini(&elf);
}

/* ---- counts that stand in section header 0 ---- */

static void counts_may_stand_in_the_first_section_header(void **state)
{
    struct buffer elf = good();
    size_t null_section = ELF_SECTION(elf, 0);

    (void)state;
    elf.data[48] = 0; /* number of sections -> sh_size */
    put_word_at(&elf, null_section + 20, 5);
    assert_loads(&elf, sizeof minimal / sizeof *minimal);
    put_word_at(&elf, null_section + 20, 0xFFFFFFFF);
    assert_refused(&elf, ST_INPUT, "ELFError: SliceReadError");
    put_word_at(&elf, null_section + 20, 5);

    elf.data[44] = elf.data[45] = 0xFF; /* number of segments -> sh_info */
    put_word_at(&elf, null_section + 28, 3);
    assert_loads(&elf, sizeof minimal / sizeof *minimal);

    elf.data[50] = elf.data[51] = 0xFF; /* name table -> sh_link */
    put_word_at(&elf, null_section + 24, 4);
    assert_loads(&elf, sizeof minimal / sizeof *minimal);
    put_word_at(&elf, null_section + 24, 5);
    assert_refused(&elf, ST_INPUT, "ELFError: BadOffset");

    /* The first section header itself may be missing. */
    put_word_at(&elf, ELF_SHOFF, (uint32_t)elf.size - 39);
    assert_refused(&elf, ST_INPUT, "ELFError: SliceReadError");
    elf.data[48] = 1;
    put_word_at(&elf, ELF_SHOFF, 0);
    /* The number of segments is looked for all the same: at 28 of the file, which is e_phoff. */
    assert_refused(&elf, ST_INPUT, "ELFError: SliceReadError: bytes 52 to 1716");
    buffer_fini(&elf);
}

/* ---- class 2 ---- */

static struct buffer good64(void)
{
    static const uint8_t identification[16] = {0x7F, 'E', 'L', 'F', 2, 1, 1};
    struct buffer elf;

    buffer_init(&elf, 0);
    buffer_put(&elf, identification, sizeof identification);
    while (elf.size < 64 + 56 + 64)
        buffer_put_u8(&elf, 0);
    elf.data[16] = 2;
    elf.data[18] = 243;
    elf.data[32] = 64;      /* e_phoff */
    elf.data[40] = 64 + 56; /* e_shoff */
    elf.data[54] = 56;
    elf.data[56] = 1;
    elf.data[58] = 64;
    elf.data[60] = 1;
    return elf;
}

static void a_file_of_64_bits_is_read_as_such_and_then_refused(void **state)
{
    static const struct {
        size_t offset;
        uint8_t value;
        const char *words;
    } table[] = {
        {15, 0, "Not32Bit"},
        {54, 32, "ELFError: BadEntsize: entries of 32 bytes in the program"},
        {58, 40, "ELFError: BadEntsize: entries of 40 bytes in the section"},
        {39, 0x80, "ELFError: SliceReadError"}, /* e_phoff of 2^63 */
        {47, 0xFF, "ELFError: SliceReadError"},
        {61, 0xFF, "ELFError: SliceReadError"},
    };
    struct buffer elf;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        elf = good64();
        elf.data[table[i].offset] = table[i].value;
        assert_refused(&elf, ST_INPUT, table[i].words);
        buffer_fini(&elf);
    }
    elf = good64();
    elf.data[60] = 0; /* count in sh_size, of 64 bits */
    elf.data[64 + 56 + 32] = 1;
    assert_refused(&elf, ST_INPUT, "Not32Bit");
    elf.data[64 + 56 + 39] = 0xFF;
    assert_refused(&elf, ST_INPUT, "ELFError: SliceReadError");
    buffer_fini(&elf);
    /* A 32-bit body under a 64-bit class. */
    elf = golden_read("guest/fib.elf");
    elf.data[4] = 2;
    assert_refused(&elf, ST_INPUT, "ELFError: BadEntsize");
    buffer_fini(&elf);
}

/* ---- sections ---- */

static void section_names_must_be_terminated_utf8_in_the_table(void **state)
{
    struct buffer elf = good();
    size_t text = ELF_SECTION(elf, 1), names = ELF_SECTION(elf, 4);
    uint32_t names_at = load_le32(elf.data + names + 16);
    uint32_t names_size = load_le32(elf.data + names + 20);

    (void)state;
    put_word_at(&elf, text, names_size);
    assert_refused(&elf, ST_INPUT, "BadSectionName");
    put_word_at(&elf, text, 0xFFFFFFFF);
    assert_refused(&elf, ST_INPUT, "BadSectionName");
    put_word_at(&elf, text, 1);
    assert_loads(&elf, sizeof minimal / sizeof *minimal);

    put_word_at(&elf, names + 20, names_size - 1); /* the last name loses its end */
    assert_refused(&elf, ST_INPUT, "BadSectionName");
    put_word_at(&elf, names + 20, names_size);
    put_word_at(&elf, names + 20, 0x7FFFFFFF);
    assert_refused(&elf, ST_INPUT, "ELFError: SliceReadError");
    put_word_at(&elf, names + 20, names_size);

    elf.data[names_at + 2] = 0xFF; /* ".text" */
    assert_refused(&elf, ST_INPUT, "BadSectionName");
    buffer_fini(&elf);
}

static void a_segment_without_a_text_section_has_no_instructions(void **state)
{
    const struct assembly a = {
        .text = minimal,
        .count = sizeof minimal / sizeof *minimal,
        .text_section = ".code",
    };
    struct buffer elf = assemble(&a);
    struct program program;
    struct run run;
    struct why why;

    (void)state;
    assert_int_equal(program_load(&program, buffer_bytes(&elf), &why), ST_OK);
    assert_int_equal(program.word_count, 0);
    assert_int_equal(vm_run(&run, &program, &(struct run_input){0}, NULL, &why), ST_GUEST);
    assert_memory_equal(why.text, "VMOutOfInstructions", 19);
    program_fini(&program);
    buffer_fini(&elf);
}

static void init_and_fini_sections_count_as_text(void **state)
{
    static const char *const names[] = {".init", ".fini_array", ".text.startup"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct assembly a = {
            .text = minimal,
            .count = sizeof minimal / sizeof *minimal,
            .text_section = names[i],
        };
        struct buffer elf = assemble(&a);

        assert_loads(&elf, sizeof minimal / sizeof *minimal);
        buffer_fini(&elf);
    }
}

static void words_of_unknown_and_note_sections_are_left_out(void **state)
{
    struct buffer elf = good();
    uint32_t names = load_le32(elf.data + ELF_SECTION(elf, 4) + 16);
    struct program program;
    struct why why;

    (void)state;
    /* ".rodata" becomes ".xodata": known to nobody. */
    elf.data[names + 8] = 'x';
    assert_int_equal(program_load(&program, buffer_bytes(&elf), &why), ST_OK);
    assert_int_equal(program.rom.size, 0);
    assert_int_equal(program.ram.size, 4);
    assert_int_equal(program.ram.base, 0x2000);
    program_fini(&program);
    buffer_fini(&elf);
}

static void note_sections_of_precompiles_are_collected_by_nobody(void **state)
{
    const struct assembly a = {
        .text = minimal,
        .count = sizeof minimal / sizeof *minimal,
        .text_section = ".note.nexus-precompiles.x",
        .data = bytes_of_text("data"),
    };
    struct buffer elf = assemble(&a);
    struct program program;
    struct why why;

    (void)state;
    assert_int_equal(program_load(&program, buffer_bytes(&elf), &why), ST_OK);
    assert_int_equal(program.word_count, 0);
    assert_int_equal(program.rom.size, 0);
    assert_int_equal(program.ram.size, 4);
    program_fini(&program);
    buffer_fini(&elf);
}

static void of_two_sections_with_one_name_the_later_counts(void **state)
{
    struct buffer elf = good();
    size_t text = ELF_SECTION(elf, 1), data = ELF_SECTION(elf, 3);
    struct program program;
    struct why why;

    (void)state;
    /* The data section is called .text as well: the text has no range of its own any more, but
     * the end of executable bytes lies behind all of it, the data's word too. */
    put_word_at(&elf, data, load_le32(elf.data + text));
    assert_int_equal(program_load(&program, buffer_bytes(&elf), &why), ST_OK);
    assert_int_equal(program.word_count, sizeof minimal / sizeof *minimal);
    assert_int_equal(program.ram.size, 0);
    assert_int_equal(program.rom.size, 4);
    program_fini(&program);
    buffer_fini(&elf);
}

/* ---- segments ---- */

static void segments_beyond_32_bits_are_refused(void **state)
{
    struct buffer elf = good();

    (void)state;
    put_word_at(&elf, ELF_SEGMENT(1) + 8, 0xFFFFFFFC);
    put_word_at(&elf, ELF_SEGMENT(1) + 20, 8);
    assert_refused(&elf, ST_INPUT, "InvalidSegmentAddress");
    buffer_fini(&elf);
}

static void one_segment_may_hold_several_sections(void **state)
{
    struct buffer elf = good();
    uint32_t rodata = load_le32(elf.data + ELF_SEGMENT(1) + 4);
    struct program program;
    struct why why;

    (void)state;
    /* From one word before the read-only data, which no section holds when it is data, to the end
     * of the data; the data segment itself is of no known type. */
    put_word_at(&elf, ELF_SEGMENT(1) + 4, rodata - 4);
    put_word_at(&elf, ELF_SEGMENT(1) + 16, 12);
    put_word_at(&elf, ELF_SEGMENT(1) + 20, 12);
    put_word_at(&elf, ELF_SEGMENT(2), 0x6474E551);
    assert_int_equal(program_load(&program, buffer_bytes(&elf), &why), ST_OK);
    assert_int_equal(program.rom.base, 0x1004);
    assert_int_equal(program.rom.size, 4);
    assert_memory_equal(program.rom.data, "read", 4);
    assert_int_equal(program.ram.base, 0x1008);
    assert_int_equal(program.ram.size, 4);
    assert_memory_equal(program.ram.data, "data", 4);
    program_fini(&program);
    buffer_fini(&elf);
}

static void the_base_is_the_lowest_executable_segment(void **state)
{
    struct buffer elf = good();
    struct program program;
    struct why why;

    (void)state;
    /* All three executable; the bytes of .text alone are instructions. */
    put_word_at(&elf, ELF_SEGMENT(1) + 24, 5);
    put_word_at(&elf, ELF_SEGMENT(2) + 24, 7);
    put_word_at(&elf, ELF_SEGMENT(2) + 8, 0x40);
    assert_int_equal(program_load(&program, buffer_bytes(&elf), &why), ST_OK);
    assert_int_equal(program.base, 0x40);
    assert_int_equal(program.entry, 0x88);
    assert_int_equal(program.word_count, sizeof minimal / sizeof *minimal);
    assert_int_equal(program.rom.base, 0x1000);
    assert_int_equal(program.ram.base, 0x40);
    program_fini(&program);
    buffer_fini(&elf);
}

/* ---- limits of ours ---- */

static void images_with_a_huge_gap_are_refused(void **state)
{
    struct buffer elf = good();

    (void)state;
    /* The read-only segment becomes one of data as well: 4 GiB apart. */
    put_word_at(&elf, ELF_SECTION(elf, 2), load_le32(elf.data + ELF_SECTION(elf, 3)));
    put_word_at(&elf, ELF_SECTION(elf, 3), 0);
    put_word_at(&elf, ELF_SEGMENT(2) + 4, load_le32(elf.data + ELF_SEGMENT(1) + 4));
    put_word_at(&elf, ELF_SEGMENT(2) + 8, 0xF0000000);
    assert_refused(&elf, ST_LIMIT, "ImageLimit");
    put_word_at(&elf, ELF_SEGMENT(2) + 8, 0x1000);
    assert_refused(&elf, ST_INPUT, "DuplicateMemoryAddress: 0x1000");
    buffer_fini(&elf);
}

static void a_small_file_cannot_ask_for_endless_loading(void **state)
{
    enum { TAIL = 1 << 20, SEGMENTS = 80 };
    uint8_t *zeros = calloc(TAIL, 1);
    struct buffer elf, more;
    uint32_t tail;

    (void)state;
    assert_non_null(zeros);
    elf = assemble(&(struct assembly){
        .text = minimal,
        .count = sizeof minimal / sizeof *minimal,
        .tail = bytes_of(zeros, TAIL),
    });
    tail = 52 + 32 + (uint32_t)sizeof minimal;
    /* A table of 80 segments behind the end, each all of the tail, of which no section knows. */
    buffer_init(&more, 0);
    put_word_at(&elf, 28, (uint32_t)elf.size);
    elf.data[44] = SEGMENTS;
    buffer_put(&more, elf.data, elf.size);
    for (size_t i = 0; i < SEGMENTS; i++) {
        const uint32_t words[8] = {1, tail, 0x1000, 0, TAIL, TAIL, 4, 4};
        uint8_t bytes[32];

        for (size_t k = 0; k < 8; k++)
            store_le32(bytes + 4 * k, words[k]);
        buffer_put(&more, bytes, sizeof bytes);
    }
    assert_refused(&more, ST_LIMIT, "SegmentLimit");
    free(zeros);
    buffer_fini(&elf);
    buffer_fini(&more);
}

/* A file whose section table has count sections called ".text", ".text1", … */
static struct buffer many_sections(unsigned count)
{
    struct buffer elf = good(), names;
    uint32_t names_at = (uint32_t)elf.size, at[1024];

    assert_true(count <= 1024);
    buffer_init(&names, 0);
    buffer_put_u8(&names, 0);
    for (unsigned i = 0; i < count; i++) {
        at[i] = (uint32_t)names.size;
        buffer_put_format(&names, ".text%u", i);
        buffer_put_u8(&names, 0);
    }
    while (names.size % 4)
        buffer_put_u8(&names, 0);
    buffer_put(&elf, names.data, names.size);
    put_word_at(&elf, ELF_SHOFF, (uint32_t)elf.size);
    elf.data[48] = (uint8_t)(count + 1);
    elf.data[49] = (uint8_t)((count + 1) >> 8);
    elf.data[50] = 0;
    elf.data[51] = 0;
    for (unsigned i = 0; i <= count; i++) {
        bool table = i == count; /* the last one is the name table */
        const uint32_t words[10] = {
            table ? 0 : at[i],
            1,
            2,
            0,
            table ? names_at : load_le32(elf.data + ELF_SEGMENT(0) + 4),
            table ? (uint32_t)names.size : (uint32_t)sizeof minimal,
        };
        uint8_t bytes[40];

        for (size_t k = 0; k < 10; k++)
            store_le32(bytes + 4 * k, words[k]);
        buffer_put(&elf, bytes, sizeof bytes);
    }
    elf.data[50] = (uint8_t)count;
    elf.data[51] = (uint8_t)(count >> 8);
    assert_true(buffer_ok(&elf));
    buffer_fini(&names);
    return elf;
}

static void too_many_known_sections_are_refused(void **state)
{
    struct buffer elf = many_sections(256);

    (void)state;
    assert_loads(&elf, sizeof minimal / sizeof *minimal);
    buffer_fini(&elf);
    elf = many_sections(257);
    assert_refused(&elf, ST_LIMIT, "SectionLimit");
    buffer_fini(&elf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fib_cut_anywhere_is_refused),
        cmocka_unit_test(bytes_behind_the_end_are_ignored),
        cmocka_unit_test(one_wrong_field_is_named),
        cmocka_unit_test(checks_come_in_the_reference_s_order),
        cmocka_unit_test(counts_may_stand_in_the_first_section_header),
        cmocka_unit_test(a_file_of_64_bits_is_read_as_such_and_then_refused),
        cmocka_unit_test(section_names_must_be_terminated_utf8_in_the_table),
        cmocka_unit_test(a_segment_without_a_text_section_has_no_instructions),
        cmocka_unit_test(init_and_fini_sections_count_as_text),
        cmocka_unit_test(words_of_unknown_and_note_sections_are_left_out),
        cmocka_unit_test(note_sections_of_precompiles_are_collected_by_nobody),
        cmocka_unit_test(of_two_sections_with_one_name_the_later_counts),
        cmocka_unit_test(segments_beyond_32_bits_are_refused),
        cmocka_unit_test(one_segment_may_hold_several_sections),
        cmocka_unit_test(the_base_is_the_lowest_executable_segment),
        cmocka_unit_test(images_with_a_huge_gap_are_refused),
        cmocka_unit_test(a_small_file_cannot_ask_for_endless_loading),
        cmocka_unit_test(too_many_known_sections_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
