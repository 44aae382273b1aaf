/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "prover/vm/memory.h"
#include "prover/vm/utf8.h"
#include "prover/vm/vm.h"

/* Limits of ours. The reference has none; a program of 2^24 words or an image of 2^26 bytes is far
 * beyond what can be proved. They keep a small hostile file from asking for a lot of time or
 * memory. */
#define MAX_SEGMENT_WORDS  (UINT64_C(1) << 24)
#define MAX_IMAGE_BYTES    (UINT64_C(1) << 26)
#define MAX_KNOWN_SECTIONS 256
#define MAX_NAME_BYTES     4096

#define TYPE_EXECUTABLE  2
#define MACHINE_RISCV    243
#define SEGMENT_LOAD     1
#define SEGMENT_NOTE     4
#define FLAG_EXECUTE     1
#define COUNT_ELSEWHERE  0xFFFF /* of program headers, or the index of the name table */

/* Where the fields are, in files of class 1 and 2. */
struct form {
    unsigned header_size, address_size;
    unsigned phoff, shoff, counts; /* counts: e_phentsize, five half-words follow one another */
    unsigned segment_size, section_size;
    unsigned section_bytes, section_info; /* sh_size, sh_info */
};

static const struct form form32 = {52, 4, 28, 32, 42, 32, 40, 20, 28};
static const struct form form64 = {64, 8, 32, 40, 54, 56, 64, 32, 44};

struct header {
    uint64_t phoff, shoff;
    uint32_t entry;
    unsigned type, machine;
    unsigned segment_size, segment_count, section_size, section_count, name_table;
    uint64_t segments, sections; /* counts after looking elsewhere */
};

enum section_kind { SECTION_TEXT, SECTION_RODATA, SECTION_NOTE, SECTION_DATA };

struct section {
    const char *name;
    enum section_kind kind;
    uint64_t begin, end; /* in the file */
};

struct loader {
    struct bytes file;
    struct header header;
    struct section known[MAX_KNOWN_SECTIONS];
    size_t known_count;
    uint64_t exec_end;
    bool has_text; /* an executable segment was seen */
    uint32_t base;
    struct buffer words; /* instructions, as in the file */
    uint64_t visited;    /* words of all segments */
    struct budget budget;
    struct image_maker {
        struct space space; /* marked where a word is */
        uint32_t low, high; /* addresses of words; low > high: none */
    } rom, ram;
};

/* ---- reading ---- */

static enum status need(const struct loader *l, uint64_t offset, uint64_t size, struct why *why)
{
    if (offset > l->file.size || size > l->file.size - offset)
        return fail(why, ST_INPUT,
                    "ELFError: SliceReadError: bytes %" PRIu64 " to %" PRIu64
                    " of a file of %zu bytes",
                    offset, offset + size, l->file.size);
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
static enum status need_table(const struct loader *l, uint64_t offset, uint64_t count,
                              unsigned entry_size, struct why *why)
{
    /* More entries than bytes can only be outside; the product of fewer fits into 64 bits. */
    if (count > l->file.size || offset > UINT64_MAX - count * entry_size)
        return need(l, l->file.size, 1, why);
    return need(l, offset, count * entry_size, why);
}

/* ---- header checks, 3.1 number 1 to 5 ---- */

static enum status check_identification(const struct loader *l, struct why *why)
{
    const uint8_t *d = l->file.data;
    enum status st = need(l, 0, 16, why);

    if (st)
        return st;
    if (memcmp(d, "\x7F" "ELF", 4) != 0)
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
static enum status read_tables(struct loader *l, const struct form *f, struct why *why)
{
    const uint8_t *d = l->file.data;
    struct header *h = &l->header;
    enum status st = need(l, 0, f->header_size, why);

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
            st = need(l, h->shoff, f->section_size, why);
            if (st)
                return st;
            h->sections = word(d + h->shoff + f->section_bytes, f->address_size);
        }
        if (h->section_size != f->section_size)
            return bad_entry_size(why, "section", h->section_size);
        st = need_table(l, h->shoff, h->sections, f->section_size, why);
        if (st)
            return st;
    }
    if (h->phoff) {
        if (h->segments == COUNT_ELSEWHERE) {
            st = need(l, h->shoff, f->section_size, why);
            if (st)
                return st;
            h->segments = load_le32(d + h->shoff + f->section_info);
        }
        if (h->segment_size != f->segment_size)
            return bad_entry_size(why, "program header", h->segment_size);
        st = need_table(l, h->phoff, h->segments, f->segment_size, why);
    }
    return st;
}

/* Number 9 to 13. */
static enum status check_kind(const struct loader *l, struct why *why)
{
    const struct header *h = &l->header;

    if (l->file.data[4] != 1)
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

static const uint8_t *section_header(const struct loader *l, uint64_t number)
{
    return l->file.data + l->header.shoff + number * form32.section_size;
}

static enum status find_names(const struct loader *l, struct bytes *names, struct why *why)
{
    uint64_t number = l->header.name_table;
    const uint8_t *table;
    enum status st;

    if (number == 0)
        return fail(why, ST_INPUT, "NoStringTable: no section names");
    if (number == COUNT_ELSEWHERE && l->header.sections)
        number = load_le32(section_header(l, 0) + 24);
    if (number >= l->header.sections)
        return fail(why, ST_INPUT, "ELFError: BadOffset: name table %" PRIu64 " of %" PRIu64
                    " sections", number, l->header.sections);
    table = section_header(l, number);
    st = need(l, load_le32(table + 16), load_le32(table + 20), why);
    if (!st)
        *names = bytes_of(l->file.data + load_le32(table + 16), load_le32(table + 20));
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
        {".text", SECTION_TEXT},  {".rodata", SECTION_RODATA},
        {".data", SECTION_DATA},  {".sdata", SECTION_DATA},
        {".init", SECTION_DATA},  {".fini", SECTION_DATA},
        {".bss", SECTION_DATA},   {".sbss", SECTION_DATA},
        {".got", SECTION_DATA},   {".note.nexus-precompiles", SECTION_NOTE},
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
        return fail(why, ST_INPUT, "BadSectionName: the name at %" PRIu32
                    " has no end in the name table", offset);
    if (!utf8_is_valid(bytes_of(start, (size_t)(end - start))))
        return fail(why, ST_INPUT, "BadSectionName: the name at %" PRIu32 " is not UTF-8",
                    offset);
    return ST_OK;
}

/* Of two sections with one name the later one counts. */
static enum status add_section(struct loader *l, struct section section, struct why *why)
{
    size_t i = 0;

    while (i < l->known_count && strcmp(l->known[i].name, section.name) != 0)
        i++;
    if (i == MAX_KNOWN_SECTIONS)
        return fail(why, ST_LIMIT, "SectionLimit: more than %d sections of text and data",
                    MAX_KNOWN_SECTIONS);
    l->known[i] = section;
    if (i == l->known_count)
        l->known_count++;
    return ST_OK;
}

static enum status map_sections(struct loader *l, struct why *why)
{
    struct bytes names = {0};
    enum status st = find_names(l, &names, why);

    for (uint64_t i = 0; !st && i < l->header.sections; i++) {
        const uint8_t *header = section_header(l, i);
        uint32_t at = load_le32(header);
        struct section s = {.begin = load_le32(header + 16)};

        st = check_name(names, at, why);
        if (st)
            break;
        s.name = (const char *)names.data + at;
        s.end = s.begin + load_le32(header + 20);
        if (known_kind(s.name, &s.kind))
            st = add_section(l, s, why);
    }
    for (size_t i = 0; i < l->known_count; i++) {
        const struct section *s = &l->known[i];
        bool code = begins_with(s->name, ".text") || begins_with(s->name, ".init") ||
                    begins_with(s->name, ".fini");

        if (code && s->end > l->exec_end)
            l->exec_end = s->end;
    }
    return st;
}

/* ---- segments, 3.3 ---- */

static bool inside(const struct loader *l, enum section_kind kind, uint64_t position)
{
    for (size_t i = 0; i < l->known_count; i++) {
        const struct section *s = &l->known[i];

        if (s->kind == kind && s->begin <= position && position < s->end)
            return true;
    }
    return false;
}

static enum status image_add(struct image_maker *m, uint32_t address, const uint8_t *bytes,
                             struct why *why)
{
    uint32_t low = address < m->low ? address : m->low;
    uint32_t high = address > m->high ? address : m->high;
    enum status st;

    if (space_is_marked(&m->space, address))
        return fail(why, ST_INPUT, "DuplicateMemoryAddress: 0x%" PRIx32, address);
    if ((uint64_t)high - low + 4 > MAX_IMAGE_BYTES)
        return fail(why, ST_LIMIT,
                    "ImageLimit: data at 0x%" PRIx32 " and at 0x%" PRIx32
                    " are more than %" PRIu64 " bytes apart",
                    low, high, MAX_IMAGE_BYTES);
    m->low = low;
    m->high = high;
    st = space_write(&m->space, address, bytes_of(bytes, 4), why);
    if (!st)
        page_mark(space_find(&m->space, address), address, 4);
    return st;
}

struct segment {
    uint32_t type, offset, address, file_size, memory_size, flags;
};

static enum status load_word(struct loader *l, const struct segment *s, uint64_t position,
                             uint32_t address, struct why *why)
{
    const uint8_t *bytes = l->file.data + position;

    if (s->flags & FLAG_EXECUTE && position < l->exec_end) {
        buffer_put(&l->words, bytes, 4);
        return buffer_ok(&l->words) ? ST_OK
                                    : fail(why, ST_NO_MEMORY, "program words: out of memory");
    }
    if (inside(l, SECTION_RODATA, position))
        return image_add(&l->rom, address, bytes, why);
    if (!inside(l, SECTION_NOTE, position) && inside(l, SECTION_DATA, position))
        return image_add(&l->ram, address, bytes, why);
    return ST_OK;
}

static enum status load_segment(struct loader *l, const struct segment *s, struct why *why)
{
    enum status st = ST_OK;

    if (s->flags & FLAG_EXECUTE) {
        l->base = l->has_text && l->base < s->address ? l->base : s->address;
        l->has_text = true;
    }
    if (s->address % 4)
        return fail(why, ST_INPUT, "UnalignedVirtualAddress: segment at 0x%" PRIx32, s->address);
    if (s->file_size > s->memory_size || (uint64_t)s->memory_size + s->offset >= UINT32_MAX)
        return fail(why, ST_INPUT,
                    "SegmentSizeExceedsMemorySize: %" PRIu32 " bytes in the file, %" PRIu32
                    " in memory",
                    s->file_size, s->memory_size);
    for (uint64_t k = 0; !st && k < s->memory_size; k += 4) {
        uint64_t address = s->address + k, position = s->offset + k;

        if (address > UINT32_MAX)
            return fail(why, ST_INPUT, "InvalidSegmentAddress: segment at 0x%" PRIx32
                        " reaches beyond 32 bits", s->address);
        if (position + 4 > l->file.size)
            return fail(why, ST_INPUT,
                        "SegmentOutsideFile: the segment at 0x%" PRIx32
                        " needs the bytes up to %" PRIu64
                        " of a file of %zu (zero-filled areas are read from the file, too)",
                        s->address, (uint64_t)s->offset + s->memory_size, l->file.size);
        if (++l->visited > MAX_SEGMENT_WORDS)
            return fail(why, ST_LIMIT, "SegmentLimit: segments of more than %" PRIu64 " words",
                        MAX_SEGMENT_WORDS);
        st = load_word(l, s, position, (uint32_t)address, why);
    }
    return st;
}

static enum status load_segments(struct loader *l, struct why *why)
{
    enum status st = ST_OK;

    if (l->header.phoff == 0)
        return fail(why, ST_INPUT, "NoSegmentAvailable: no program header table");
    for (uint64_t i = 0; !st && i < l->header.segments; i++) {
        const uint8_t *p = l->file.data + l->header.phoff + i * form32.segment_size;
        struct segment s = {
            .type = load_le32(p),
            .offset = load_le32(p + 4),
            .address = load_le32(p + 8),
            .file_size = load_le32(p + 16),
            .memory_size = load_le32(p + 20),
            .flags = load_le32(p + 24),
        };

        if (s.type == SEGMENT_LOAD || s.type == SEGMENT_NOTE)
            st = load_segment(l, &s, why);
    }
    if (!st && !l->has_text)
        return fail(why, ST_INPUT, "NoExecutableSegment: no segment has the flag X");
    return st;
}

/* ---- the result ---- */

static enum status make_image(struct image *out, struct image_maker *m, struct why *why)
{
    if (m->low > m->high)
        return ST_OK; /* no words: base 0, length 0 */
    out->base = m->low;
    out->size = m->high - m->low + 4;
    out->data = malloc(out->size);
    if (!out->data)
        return fail(why, ST_NO_MEMORY, "image of %" PRIu32 " bytes: out of memory", out->size);
    space_read(&m->space, out->data, out->base, out->size);
    return ST_OK;
}

static enum status make_program(struct program *out, struct loader *l, struct why *why)
{
    enum status st;

    out->entry = l->header.entry;
    out->base = l->base;
    out->word_count = l->words.size / 4;
    out->words = malloc(l->words.size + 4);
    if (!out->words)
        return fail(why, ST_NO_MEMORY, "program words: out of memory");
    for (size_t i = 0; i < out->word_count; i++)
        out->words[i] = load_le32(l->words.data + 4 * i);
    st = make_image(&out->rom, &l->rom, why);
    return st ? st : make_image(&out->ram, &l->ram, why);
}

static void image_maker_init(struct image_maker *m, struct budget *budget)
{
    space_init(&m->space, budget);
    m->low = UINT32_MAX;
    m->high = 0;
}

enum status program_load(struct program *out, struct bytes elf, struct why *why)
{
    struct loader *l = calloc(1, sizeof *l);
    struct program program = {0};
    enum status st;

    if (!l)
        return fail(why, ST_NO_MEMORY, "ELF loader: out of memory");
    l->file = elf;
    /* Two images and the pages at their edges: never reached. */
    l->budget.limit = l->budget.left = 2 * MAX_IMAGE_BYTES + 4 * PAGE_BYTES;
    buffer_init(&l->words, 0);
    image_maker_init(&l->rom, &l->budget);
    image_maker_init(&l->ram, &l->budget);

    st = check_identification(l, why);
    if (!st)
        st = read_tables(l, elf.data[4] == 1 ? &form32 : &form64, why);
    if (!st)
        st = check_kind(l, why);
    if (!st)
        st = map_sections(l, why);
    if (!st)
        st = load_segments(l, why);
    if (!st)
        st = make_program(&program, l, why);
    if (!st) {
        *out = program;
        program = (struct program){0};
    }
    program_fini(&program);
    space_fini(&l->rom.space);
    space_fini(&l->ram.space);
    buffer_fini(&l->words);
    free(l);
    return st;
}

void program_fini(struct program *p)
{
    free(p->words);
    free(p->rom.data);
    free(p->ram.data);
    *p = (struct program){0};
}
