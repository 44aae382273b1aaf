/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/vm/memory.h"

#include <inttypes.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- budget ---- */

enum status budget_take(struct budget *b, uint64_t size, struct why *why)
{
    if (size > b->left)
        return fail(why, ST_LIMIT,
                    "MemoryLimit: the guest needs more than %" PRIu64
                    " bytes of memory; raise the memory limit if it should",
                    b->limit);
    b->left -= size;
    return ST_OK;
}

void budget_give(struct budget *b, uint64_t size)
{
    b->left += size;
    assert(b->left <= b->limit);
}

/* ---- space ---- */

void space_init(struct space *s, struct budget *budget)
{
    memset(s, 0, sizeof *s);
    s->budget = budget;
}

void space_fini(struct space *s)
{
    for (size_t t = 0; t < PAGE_TABLE_PAGES; t++) {
        if (!s->tables[t])
            continue;
        for (size_t p = 0; p < PAGE_TABLE_PAGES; p++)
            free(s->tables[t]->pages[p]);
        free(s->tables[t]);
    }
    if (s->page_count)
        budget_give(s->budget, s->page_count * PAGE_BYTES);
    memset(s, 0, sizeof *s);
}

struct page *space_find(struct space *s, uint32_t address)
{
    uint32_t number = address / PAGE_BYTES;
    const struct page_table *table;

    if (s->recent && s->recent_number == number)
        return s->recent;
    table = s->tables[number / PAGE_TABLE_PAGES];
    if (!table || !table->pages[number % PAGE_TABLE_PAGES])
        return NULL;
    s->recent = table->pages[number % PAGE_TABLE_PAGES];
    s->recent_number = number;
    return s->recent;
}

static enum status make_page(struct space *s, uint32_t number, struct why *why)
{
    struct page_table **table = &s->tables[number / PAGE_TABLE_PAGES];
    struct page **page;
    enum status st;

    if (!*table)
        *table = calloc(1, sizeof **table);
    if (!*table)
        return fail(why, ST_NO_MEMORY, "guest memory: out of memory");
    st = budget_take(s->budget, PAGE_BYTES, why);
    if (st)
        return st;
    page = &(*table)->pages[number % PAGE_TABLE_PAGES];
    *page = calloc(1, sizeof **page);
    if (!*page) {
        budget_give(s->budget, PAGE_BYTES);
        return fail(why, ST_NO_MEMORY, "guest memory: out of memory");
    }
    s->page_count++;
    return ST_OK;
}

enum status space_page(struct space *s, uint32_t address, struct page **out, struct why *why)
{
    struct page *page = space_find(s, address);
    enum status st;

    if (!page) {
        st = make_page(s, address / PAGE_BYTES, why);
        if (st)
            return st;
        page = space_find(s, address);
    }
    *out = page;
    return ST_OK;
}

/* How much of size lies in the page of the address. */
static uint32_t part_of_page(uint32_t address, size_t size)
{
    uint32_t room = PAGE_BYTES - address % PAGE_BYTES;

    return size < room ? (uint32_t)size : room;
}

enum status space_write(struct space *s, uint32_t address, struct bytes content, struct why *why)
{
    while (content.size) {
        uint32_t part = part_of_page(address, content.size);
        struct page *page;
        enum status st = space_page(s, address, &page, why);

        if (st)
            return st;
        memcpy(page->data + address % PAGE_BYTES, content.data, part);
        content = bytes_of(content.data + part, content.size - part);
        address += part;
    }
    return ST_OK;
}

void space_read(struct space *s, uint8_t *out, uint32_t address, size_t size)
{
    while (size) {
        uint32_t part = part_of_page(address, size);
        const struct page *page = space_find(s, address);

        if (page)
            memcpy(out, page->data + address % PAGE_BYTES, part);
        else
            memset(out, 0, part);
        out += part;
        size -= part;
        address += part;
    }
}

bool space_is_marked(struct space *s, uint32_t address)
{
    const struct page *page = space_find(s, address);
    uint32_t at = address % PAGE_BYTES;

    return page && page->marks[at / 64] >> at % 64 & 1;
}

enum status space_mark(struct space *s, uint32_t address, size_t size, struct why *why)
{
    for (size_t i = 0; i < size; i++) {
        struct page *page;
        enum status st = space_page(s, address + (uint32_t)i, &page, why);

        if (st)
            return st;
        page_mark(page, address + (uint32_t)i, 1);
    }
    return ST_OK;
}

uint64_t space_count_marks(const struct space *s)
{
    uint64_t count = 0;

    for (size_t t = 0; t < PAGE_TABLE_PAGES; t++) {
        for (size_t p = 0; s->tables[t] && p < PAGE_TABLE_PAGES; p++) {
            const struct page *page = s->tables[t]->pages[p];

            for (size_t w = 0; page && w < PAGE_BYTES / 64; w++)
                count += (unsigned)__builtin_popcountll(page->marks[w]);
        }
    }
    return count;
}

/* ---- memory ---- */

void memory_init(struct memory *m, struct budget *budget, bool open)
{
    memset(m, 0, sizeof *m);
    space_init(&m->space, budget);
    m->open = open;
}

void memory_fini(struct memory *m)
{
    space_fini(&m->space);
}

enum status memory_add(struct memory *m, struct region region, struct bytes content,
                       struct why *why)
{
    uint64_t end = (uint64_t)region.base + region.size;

    if (region.size == 0)
        return ST_OK;
    assert(content.size <= region.size && m->region_count < MEMORY_REGIONS);
    for (unsigned i = 0; i < m->region_count; i++) {
        const struct region *other = &m->regions[i];

        if (region.base < (uint64_t)other->base + other->size && other->base < end)
            return fail(why, ST_GUEST,
                        "MemoryOverlap: %s [0x%" PRIx32 ", 0x%" PRIx64
                        ") overlaps %s that starts at 0x%" PRIx32
                        "; link the guest with its data right behind its text",
                        region.name, region.base, end, other->name, other->base);
    }
    m->regions[m->region_count++] = region;
    return space_write(&m->space, region.base, content, why);
}

static inline bool region_holds(const struct region *r, uint32_t address)
{
    return (uint32_t)(address - r->base) < r->size;
}

static const struct region *find_region(struct memory *m, uint32_t address)
{
    if (m->recent < m->region_count && region_holds(&m->regions[m->recent], address))
        return &m->regions[m->recent];
    for (unsigned i = 0; i < m->region_count; i++) {
        if (region_holds(&m->regions[i], address)) {
            m->recent = i;
            return &m->regions[i];
        }
    }
    return NULL;
}

static enum status no_region(const char *verb, uint32_t address, struct why *why)
{
    return fail(why, ST_GUEST,
                "InvalidMemoryAccess: %s 0x%" PRIx32
                ", where nothing is (the second pass has only the memory that the first one used)",
                verb, address);
}

enum status memory_load(struct memory *m, uint32_t *value, uint32_t address, uint32_t size,
                        struct why *why)
{
    const struct region *region = find_region(m, address);
    struct page *page;
    uint32_t v = 0;

    if (!region && !m->open)
        return no_region("reading", address, why);
    if (region && (region->mode == REGION_WRITE_ONLY || region->mode == REGION_NO_ACCESS))
        return fail(why, ST_GUEST, "UnauthorizedRead: address 0x%" PRIx32 " in %s", address,
                    region->name);
    if (address % size)
        return fail(why, ST_GUEST, "UnalignedMemoryRead: %u bytes at address 0x%" PRIx32,
                    (unsigned)size, address);
    page = space_find(&m->space, address);
    if (!m->open) {
        enum status st = page ? ST_OK : space_page(&m->space, address, &page, why);

        if (st)
            return st;
        page_mark(page, address, size);
    }
    if (page)
        for (uint32_t i = 0; i < size; i++)
            v |= (uint32_t)page->data[address % PAGE_BYTES + i] << 8 * i;
    *value = v;
    return ST_OK;
}

enum status memory_store(struct memory *m, uint32_t *previous, uint32_t address, uint32_t size,
                         uint32_t value, struct why *why)
{
    const struct region *region = find_region(m, address);
    struct page *page;
    uint32_t old = 0;
    enum status st;

    if (!region && !m->open)
        return no_region("writing", address, why);
    if (region && (region->mode == REGION_READ_ONLY || region->mode == REGION_NO_ACCESS))
        return fail(why, ST_GUEST, "UnauthorizedWrite: address 0x%" PRIx32 " in %s", address,
                    region->name);
    if (address % size)
        return fail(why, ST_GUEST, "UnalignedMemoryWrite: %u bytes at address 0x%" PRIx32,
                    (unsigned)size, address);
    if (!region && address >= UINT32_MAX - 3) /* 6.2: the last word of the open memory */
        return fail(why, ST_GUEST, "AddressCalculationOverflow: writing address 0x%" PRIx32,
                    address);
    st = space_page(&m->space, address, &page, why);
    if (st)
        return st;
    if (!m->open)
        page_mark(page, address, size);
    for (uint32_t i = 0; i < size; i++) {
        uint8_t *byte = &page->data[address % PAGE_BYTES + i];

        old |= (uint32_t)*byte << 8 * i;
        *byte = (uint8_t)(value >> 8 * i);
    }
    *previous = old;
    return ST_OK;
}
