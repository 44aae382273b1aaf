/* SPDX-License-Identifier: Apache-2.0 */
/* The 4 GiB of a guest: pages that exist once they are touched, and regions that say what may be
 * done where.
 *
 * Source:  vm.md 6.
 * Owner:   struct space owns its pages; struct memory owns its space.
 * Errors:  ST_GUEST  an access that the regions refuse, overlapping regions
 *          ST_LIMIT  the budget is used up
 *          ST_NO_MEMORY
 */
#pragma once
#include <stdbool.h>

#include "base/bytes.h"
#include "base/status.h"

/* ---- budget: what a run may take from this machine on a guest's behalf ---- */

struct budget {
    uint64_t limit, left; /* bytes */
};

enum status MUST_USE budget_take(struct budget *b, uint64_t size, struct why *why);
void budget_give(struct budget *b, uint64_t size);

/* ---- space: bytes at 32-bit addresses, zero until written ---- */

#define PAGE_BYTES       ((uint32_t)4096)
#define PAGE_TABLE_PAGES ((uint32_t)1024)

struct page {
    uint8_t data[PAGE_BYTES];
    uint64_t marks[PAGE_BYTES / 64]; /* a bit a byte; what it means is the user's choice */
};

struct page_table {
    struct page *pages[PAGE_TABLE_PAGES];
};

struct space {
    struct budget *budget;
    struct page_table *tables[PAGE_TABLE_PAGES];
    struct page *recent; /* of the last page made or found, to skip the walk */
    uint32_t recent_number;
    uint64_t page_count;
};

void space_init(struct space *s, struct budget *budget);
void space_fini(struct space *s); /* gives its pages back to the budget */

/* The page of an address; NULL when nothing was written there. */
struct page *space_find(struct space *s, uint32_t address);
/* The same, made when missing. */
enum status MUST_USE space_page(struct space *s, uint32_t address, struct page **out,
                                struct why *why);
/* Addresses wrap at 2^32. */
enum status MUST_USE space_write(struct space *s, uint32_t address, struct bytes content,
                                 struct why *why);
void space_read(struct space *s, uint8_t *out, uint32_t address, size_t size);

/* Marks size <= 4 bytes that start at a multiple of size. */
static inline void page_mark(struct page *p, uint32_t address, uint32_t size)
{
    uint32_t at = address % PAGE_BYTES;

    p->marks[at / 64] |= ((UINT64_C(1) << size) - 1) << at % 64;
}

bool space_is_marked(struct space *s, uint32_t address);
enum status MUST_USE space_mark(struct space *s, uint32_t address, size_t size, struct why *why);
uint64_t space_count_marks(const struct space *s);

/* ---- memory: a space under regions ---- */

enum region_mode { REGION_READ_ONLY, REGION_WRITE_ONLY, REGION_READ_WRITE, REGION_NO_ACCESS };

struct region {
    uint32_t base, size; /* size > 0 */
    enum region_mode mode;
    const char *name;
};

#define MEMORY_REGIONS 9

struct memory {
    struct space space;
    struct region regions[MEMORY_REGIONS];
    unsigned region_count;
    unsigned recent; /* region of the last access */
    bool open;       /* first pass: no region means plain memory, and nothing is marked */
};

void memory_init(struct memory *m, struct budget *budget, bool open);
void memory_fini(struct memory *m);

/* Adds a region and writes content to its start. An empty one is left out. */
enum status MUST_USE memory_add(struct memory *m, struct region region, struct bytes content,
                                struct why *why);

/* size is 1, 2 or 4. Values are zero-extended. Closed memory marks the bytes of each access. */
enum status MUST_USE memory_load(struct memory *m, uint32_t *value, uint32_t address, uint32_t size,
                                 struct why *why);
/* Stores the low bytes of value; previous gets what was there. */
enum status MUST_USE memory_store(struct memory *m, uint32_t *previous, uint32_t address,
                                  uint32_t size, uint32_t value, struct why *why);
