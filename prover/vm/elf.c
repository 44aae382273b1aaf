/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/vm/elf.h"

#include <inttypes.h>
#include <string.h>

#include "prover/vm/utf8.h"

/* Ours: the reference reads names of any length. */
#define MAX_NAME_BYTES 4096

#define TYPE_EXECUTABLE 2
#define MACHINE_RISCV   243
#define COUNT_ELSEWHERE 0xFFFF /* of program headers, or the index of the name table */

/* Where the fields are, in files of class 1 and 2. */
struct form {
    unsigned header_size, address_size;
    unsigned phoff, shoff, counts; /* counts: e_phentsize, five half-words follow one another */
    unsigned segment_size, section_size;
    unsigned section_bytes, section_info; /* sh_size, sh_info */
};

static const struct form form32 = {52, 4, 28, 32, 42, 32, 40, 20, 28};
static const struct form form64 = {64, 8, 32, 40, 54, 56, 64, 32, 44};

/* ---- reading ---- */

static enum status need(const struct elf *e, uint64_t offset, uint64_t size, struct why *why)
{
    if (offset > e->file.size || size > e->file.size - offset)
        return fail(why, ST_INPUT,
                    "ELFError: SliceReadError: bytes %" PRIu64 " to %" PRIu64
                    " of a file of %zu bytes",
                    offset, offset + size, e->file.size);
    return ST_OK;
}

static unsigned half(const uint8_t *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static uint64_t word(const uint8_t *p, unsigned size)
{
    return size == 4 ? load_le32(p) : load_le32(p) | (uint64_t)load_le32(p + 4) << 32;
}

static enum status bad_entry_size(struct why *why, const char *table, unsigned size)
{
    return fail(why, ST_INPUT, "ELFError: BadEntsize: entries of %u bytes in the %s table", size,
                table);
}

/* A count times the size of an entry from an offset on: inside the file? */
static enum status need_table(const struct elf *e, uint64_t offset, uint64_t count,
                              unsigned entry_size, struct why *why)
{
    /* More entries than bytes can only be outside; the product of fewer fits into 64 bits. */
    if (count > e->file.size || offset > UINT64_MAX - count * entry_size)
        return need(e, e->file.size, 1, why);
    return need(e, offset, count * entry_size, why);
}

/* ---- header checks, 3.1 number 1 to 5 ---- */

static enum status check_identification(const struct elf *e, struct why *why)
{
    const uint8_t *d = e->file.data;
    enum status st = need(e, 0, 16, why);

    if (st)
        return st;
    if (memcmp(d, "\177ELF", 4) != 0)
        return fail(why, ST_INPUT, "ELFError: BadMagic: not an ELF file");
    if (d[6] != 1)
        return fail(why, ST_INPUT, "ELFError: UnsupportedVersion: %u", d[6]);
    if (d[4] != 1 && d[4] != 2)
        return fail(why, ST_INPUT, "ELFError: UnsupportedElfClass: %u", d[4]);
    if (d[5] != 1)
        return fail(why, ST_INPUT, "ELFError: UnsupportedElfEndianness: %u", d[5]);
    return ST_OK;
}

/* Number 6 to 8, in the form of the file's class. */
static enum status read_tables(struct elf *e, const struct form *f, struct why *why)
{
    const uint8_t *d = e->file.data;
    struct elf_header *h = &e->header;
    enum status st = need(e, 0, f->header_size, why);

    if (st)
        return st;
    h->type = half(d + 16);
    h->machine = half(d + 18);
    h->entry = load_le32(d + 24);
    h->phoff = word(d + f->phoff, f->address_size);
    h->shoff = word(d + f->shoff, f->address_size);
    h->segment_size = half(d + f->counts);
    h->segment_count = half(d + f->counts + 2);
    h->section_size = half(d + f->counts + 4);
    h->section_count = half(d + f->counts + 6);
    h->name_table = half(d + f->counts + 8);
    h->sections = h->section_count;
    h->segments = h->segment_count;
    if (h->shoff) {
        if (h->sections == 0) {
            st = need(e, h->shoff, f->section_size, why);
            if (st)
                return st;
            h->sections = word(d + h->shoff + f->section_bytes, f->address_size);
        }
        if (h->section_size != f->section_size)
            return bad_entry_size(why, "section", h->section_size);
        st = need_table(e, h->shoff, h->sections, f->section_size, why);
        if (st)
            return st;
    }
    if (h->phoff) {
        if (h->segments == COUNT_ELSEWHERE) {
            st = need(e, h->shoff, f->section_size, why);
            if (st)
                return st;
            h->segments = load_le32(d + h->shoff + f->section_info);
        }
        if (h->segment_size != f->segment_size)
            return bad_entry_size(why, "program header", h->segment_size);
        st = need_table(e, h->phoff, h->segments, f->segment_size, why);
    }
    return st;
}

/* Number 9 to 13. */
static enum status check_kind(const struct elf *e, struct why *why)
{
    const struct elf_header *h = &e->header;

    if (e->file.data[4] != 1)
        return fail(why, ST_INPUT, "Not32Bit: the machine runs 32-bit programs");
    if (h->machine != MACHINE_RISCV)
        return fail(why, ST_INPUT, "NotRiscV: machine %u", h->machine);
    if (h->type != TYPE_EXECUTABLE)
        return fail(why, ST_INPUT, "NotExecutable: file type %u", h->type);
    if (h->segment_count == 0)
        return fail(why, ST_INPUT, "NoProgramHeader: no segments");
    if (h->shoff == 0)
        return fail(why, ST_INPUT, "NoSectionHeader: no section table; do not strip it");
    return ST_OK;
}

/* ---- section map, 3.1 number 14 and 15, 3.2 ---- */

static const uint8_t *section_header(const struct elf *e, uint64_t number)
{
    return e->file.data + e->header.shoff + number * form32.section_size;
}

static enum status find_names(const struct elf *e, struct bytes *names, struct why *why)
{
    uint64_t number = e->header.name_table;
    const uint8_t *table;
    enum status st;

    if (number == 0)
        return fail(why, ST_INPUT, "NoStringTable: no section names");
    if (number == COUNT_ELSEWHERE && e->header.sections)
        number = load_le32(section_header(e, 0) + 24);
    if (number >= e->header.sections)
        return fail(why, ST_INPUT,
                    "ELFError: BadOffset: name table %" PRIu64 " of %" PRIu64 " sections", number,
                    e->header.sections);
    table = section_header(e, number);
    st = need(e, load_le32(table + 16), load_le32(table + 20), why);
    if (!st)
        *names = bytes_of(e->file.data + load_le32(table + 16), load_le32(table + 20));
    return st;
}

static bool begins_with(const char *name, const char *start)
{
    return strncmp(name, start, strlen(start)) == 0;
}

static bool known_kind(const char *name, enum section_kind *kind)
{
    static const struct {
        const char *start;
        enum section_kind kind;
    } table[] = {
        {".text", SECTION_TEXT}, {".rodata", SECTION_RODATA},
        {".data", SECTION_DATA}, {".sdata", SECTION_DATA},
        {".init", SECTION_DATA}, {".fini", SECTION_DATA},
        {".bss", SECTION_DATA},  {".sbss", SECTION_DATA},
        {".got", SECTION_DATA},  {".note.nexus-precompiles", SECTION_NOTE},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (begins_with(name, table[i].start)) {
            *kind = table[i].kind;
            return true;
        }
    }
    return false;
}

static enum status check_name(struct bytes names, uint32_t offset, struct why *why)
{
    size_t left = offset < names.size ? names.size - offset : 0;
    size_t look = left < MAX_NAME_BYTES ? left : MAX_NAME_BYTES;
    const uint8_t *start = names.data + (left ? offset : 0);
    const uint8_t *end = look ? memchr(start, 0, look) : NULL;

    if (!end)
        return fail(why, ST_INPUT,
                    "BadSectionName: the name at %" PRIu32 " has no end in the name table", offset);
    if (!utf8_is_valid(bytes_of(start, (size_t)(end - start))))
        return fail(why, ST_INPUT, "BadSectionName: the name at %" PRIu32 " is not UTF-8", offset);
    return ST_OK;
}

/* Of two sections with one name the later one counts. */
static enum status add_section(struct elf *e, struct section section, struct why *why)
{
    size_t i = 0;

    while (i < e->known_count && strcmp(e->known[i].name, section.name) != 0)
        i++;
    if (i == ELF_KNOWN_SECTIONS)
        return fail(why, ST_LIMIT, "SectionLimit: more than %d sections of text and data",
                    ELF_KNOWN_SECTIONS);
    e->known[i] = section;
    if (i == e->known_count)
        e->known_count++;
    return ST_OK;
}

static enum status map_sections(struct elf *e, struct why *why)
{
    struct bytes names = {0};
    enum status st = find_names(e, &names, why);

    for (uint64_t i = 0; !st && i < e->header.sections; i++) {
        const uint8_t *header = section_header(e, i);
        uint32_t at = load_le32(header);
        struct section s = {.begin = load_le32(header + 16)};

        st = check_name(names, at, why);
        if (st)
            break;
        s.name = (const char *)names.data + at;
        s.end = s.begin + load_le32(header + 20);
        if (known_kind(s.name, &s.kind))
            st = add_section(e, s, why);
    }
    for (size_t i = 0; i < e->known_count; i++) {
        const struct section *s = &e->known[i];
        bool code = begins_with(s->name, ".text") || begins_with(s->name, ".init") ||
                    begins_with(s->name, ".fini");

        if (code && s->end > e->exec_end)
            e->exec_end = s->end;
    }
    return st;
}

/* ---- the door ---- */

enum status elf_open(struct elf *out, struct bytes file, struct why *why)
{
    struct elf elf = {.file = file};
    enum status st = check_identification(&elf, why);

    if (!st)
        st = read_tables(&elf, file.data[4] == 1 ? &form32 : &form64, why);
    if (!st)
        st = check_kind(&elf, why);
    if (!st)
        st = map_sections(&elf, why);
    if (!st && elf.header.phoff == 0)
        st = fail(why, ST_INPUT, "NoSegmentAvailable: no program header table");
    if (!st)
        *out = elf;
    return st;
}

struct segment elf_segment(const struct elf *e, uint64_t number)
{
    const uint8_t *p = e->file.data + e->header.phoff + number * form32.segment_size;

    return (struct segment){
        .type = load_le32(p),
        .offset = load_le32(p + 4),
        .address = load_le32(p + 8),
        .file_size = load_le32(p + 16),
        .memory_size = load_le32(p + 20),
        .flags = load_le32(p + 24),
    };
}

enum word_class elf_classify(const struct elf *e, bool executable, uint64_t position,
                             uint64_t *until)
{
    bool inside[SECTION_DATA + 1] = {false};

    *until = e->exec_end;
    if (executable && position < e->exec_end)
        return WORD_INSTRUCTION;
    *until = UINT64_MAX;
    for (size_t i = 0; i < e->known_count; i++) {
        const struct section *s = &e->known[i];

        if (position < s->begin && s->begin < *until)
            *until = s->begin;
        if (s->begin <= position && position < s->end) {
            inside[s->kind] = true;
            *until = s->end < *until ? s->end : *until;
        }
    }
    if (inside[SECTION_RODATA])
        return WORD_READ_ONLY;
    return inside[SECTION_DATA] && !inside[SECTION_NOTE] ? WORD_READ_WRITE : WORD_IGNORED;
}
