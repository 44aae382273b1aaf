/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "prover/vm/elf.h"
#include "prover/vm/memory.h"
#include "prover/vm/vm.h"

/* Limits of ours. The reference has none; a program of 2^24 words or an image of 2^26 bytes is far
 * beyond what can be proved. They keep a small hostile file from asking for a lot of time or
 * memory. */
#define MAX_SEGMENT_WORDS (UINT64_C(1) << 24)
#define MAX_IMAGE_BYTES   (UINT64_C(1) << 26)

struct loader {
    struct elf elf;
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

/* ---- segments, 3.3 ---- */

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
                    "ImageLimit: data at 0x%" PRIx32 " and at 0x%" PRIx32 " are more than %" PRIu64
                    " bytes apart",
                    low, high, MAX_IMAGE_BYTES);
    m->low = low;
    m->high = high;
    st = space_write(&m->space, address, bytes_of(bytes, 4), why);
    if (!st)
        page_mark(space_find(&m->space, address), address, 4);
    return st;
}

static enum status load_word(struct loader *l, enum word_class class, const uint8_t *bytes,
                             uint32_t address, struct why *why)
{
    switch (class) {
    case WORD_INSTRUCTION:
        buffer_put(&l->words, bytes, 4);
        return buffer_ok(&l->words) ? ST_OK
                                    : fail(why, ST_NO_MEMORY, "program words: out of memory");
    case WORD_READ_ONLY:
        return image_add(&l->rom, address, bytes, why);
    case WORD_READ_WRITE:
        return image_add(&l->ram, address, bytes, why);
    default:
        return ST_OK;
    }
}

static enum status load_segment(struct loader *l, const struct segment *s, struct why *why)
{
    enum word_class class = WORD_IGNORED;
    uint64_t until = 0;
    enum status st = ST_OK;

    if (s->flags & SEGMENT_EXECUTE) {
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
            return fail(why, ST_INPUT,
                        "InvalidSegmentAddress: segment at 0x%" PRIx32 " reaches beyond 32 bits",
                        s->address);
        if (position + 4 > l->elf.file.size)
            return fail(why, ST_INPUT,
                        "SegmentOutsideFile: the segment at 0x%" PRIx32
                        " needs the bytes up to %" PRIu64
                        " of a file of %zu (zero-filled areas are read from the file, too)",
                        s->address, (uint64_t)s->offset + s->memory_size, l->elf.file.size);
        if (++l->visited > MAX_SEGMENT_WORDS)
            return fail(why, ST_LIMIT, "SegmentLimit: segments of more than %" PRIu64 " words",
                        MAX_SEGMENT_WORDS);
        if (position >= until)
            class = elf_classify(&l->elf, s->flags & SEGMENT_EXECUTE, position, &until);
        st = load_word(l, class, l->elf.file.data + position, (uint32_t)address, why);
    }
    return st;
}

static enum status load_segments(struct loader *l, struct why *why)
{
    enum status st = ST_OK;

    for (uint64_t i = 0; !st && i < l->elf.header.segments; i++) {
        const struct segment s = elf_segment(&l->elf, i);

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

    out->entry = l->elf.header.entry;
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
    /* Two images and the pages at their edges: never reached. */
    l->budget.limit = l->budget.left = 2 * MAX_IMAGE_BYTES + 4 * PAGE_BYTES;
    buffer_init(&l->words, 0);
    image_maker_init(&l->rom, &l->budget);
    image_maker_init(&l->ram, &l->budget);

    st = elf_open(&l->elf, elf, why);
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
