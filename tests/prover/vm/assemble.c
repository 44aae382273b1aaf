/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "tests/prover/vm/assemble.h"

#include <stdlib.h>
#include <string.h>

struct part {
    const char *name;
    struct bytes content;
    uint32_t address, flags, offset;
};

static void put_half(struct buffer *b, uint32_t v)
{
    buffer_put_u8(b, (uint8_t)v);
    buffer_put_u8(b, (uint8_t)(v >> 8));
}

static void put_word(struct buffer *b, uint32_t v)
{
    put_half(b, v);
    put_half(b, v >> 16);
}

static void put_header(struct buffer *b, uint32_t entry, size_t parts, uint32_t shoff)
{
    static const uint8_t identification[16] = {0x7F, 'E', 'L', 'F', 1, 1, 1};

    buffer_put(b, identification, sizeof identification);
    put_half(b, 2);   /* executable */
    put_half(b, 243); /* RISC-V */
    put_word(b, 1);
    put_word(b, entry);
    put_word(b, 52);
    put_word(b, shoff);
    put_word(b, 0);
    put_half(b, 52);
    put_half(b, 32);
    put_half(b, (uint32_t)parts);
    put_half(b, 40);
    put_half(b, (uint32_t)parts + 2);
    put_half(b, (uint32_t)parts + 1);
}

static void put_segment(struct buffer *b, const struct part *p)
{
    uint32_t size = (uint32_t)p->content.size;
    const uint32_t words[] = {1, p->offset, p->address, p->address, size, size, p->flags, 4};

    for (size_t i = 0; i < 8; i++)
        put_word(b, words[i]);
}

static void put_section(struct buffer *b, uint32_t name, uint32_t address, uint32_t offset,
                        uint32_t size)
{
    const uint32_t words[] = {name, name ? 1 : 0, 2, address, offset, size, 0, 0, 4, 0};

    for (size_t i = 0; i < 10; i++)
        put_word(b, words[i]);
}

static void put_padded(struct buffer *b, struct bytes content)
{
    buffer_put(b, content.data, content.size);
    while (b->size % 4)
        buffer_put_u8(b, 0);
}

/* Where the parts lie, in memory and in the file. */
static size_t place(struct part parts[3], const struct assembly *a, struct bytes text)
{
    const struct part all[] = {
        {a->text_section ? a->text_section : ".text", text, a->base ? a->base : 0x88, 5, 0},
        {".rodata", a->rodata, a->rodata_address, 4, 0},
        {".data", a->data, a->data_address, 6, 0},
    };
    uint32_t address = all[0].address, offset;
    size_t count = 0;

    for (size_t i = 0; i < 3; i++)
        if (i == 0 || all[i].content.size)
            parts[count++] = all[i];
    offset = (uint32_t)(52 + 32 * count);
    for (size_t i = 0; i < count; i++) {
        parts[i].offset = offset;
        if (parts[i].address == 0)
            parts[i].address = address;
        offset += (uint32_t)(parts[i].content.size + 3) / 4 * 4;
        address = parts[i].address + (uint32_t)(parts[i].content.size + 3) / 4 * 4;
    }
    return count;
}

struct buffer assemble(const struct assembly *a)
{
    struct buffer text, names, elf;
    struct part parts[3];
    uint32_t at[3], names_at, names_offset, shoff;
    size_t count;

    buffer_init(&text, 0);
    buffer_init(&names, 0);
    buffer_init(&elf, 0);
    for (size_t i = 0; i < a->count; i++)
        put_word(&text, a->text[i]);
    count = place(parts, a, buffer_bytes(&text));

    buffer_put_u8(&names, 0);
    for (size_t i = 0; i < count; i++) {
        at[i] = (uint32_t)names.size;
        buffer_put(&names, parts[i].name, strlen(parts[i].name) + 1);
    }
    names_at = (uint32_t)names.size;
    buffer_put(&names, ".shstrtab", 10);

    names_offset = parts[count - 1].offset + (uint32_t)(parts[count - 1].content.size + 3) / 4 * 4 +
                   (uint32_t)(a->tail.size + 3) / 4 * 4;
    shoff = names_offset + (uint32_t)(names.size + 3) / 4 * 4;
    put_header(&elf, a->entry ? a->entry : parts[0].address, count, shoff);
    for (size_t i = 0; i < count; i++)
        put_segment(&elf, &parts[i]);
    for (size_t i = 0; i < count; i++)
        put_padded(&elf, parts[i].content);
    put_padded(&elf, a->tail);
    put_padded(&elf, buffer_bytes(&names));
    put_section(&elf, 0, 0, 0, 0);
    for (size_t i = 0; i < count; i++)
        put_section(&elf, at[i], parts[i].address, parts[i].offset,
                    (uint32_t)parts[i].content.size);
    put_section(&elf, names_at, 0, names_offset, (uint32_t)names.size);
    assert_true(buffer_ok(&elf));
    buffer_fini(&text);
    buffer_fini(&names);
    return elf;
}
