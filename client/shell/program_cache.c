/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/program_cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/shell/guest_store.h"

struct program {
    struct program *next;
    char name[PROGRAM_CACHE_NAME_SIZE];
    struct nxp_program *loaded;
};

static enum status load(struct nxp_program **out, const char *guests, const char *name,
                        struct why *why)
{
    struct buffer elf;
    enum status st;

    buffer_init(&elf, 0);
    st = guest_store_find(&elf, guests, name, why);
    if (!st)
        st = nxp_program_new(out, buffer_bytes(&elf), why);
    buffer_fini(&elf);
    return st;
}

enum status program_cache_find(struct program_cache *c, const struct nxp_program **out,
                               const char *guests, const char *name, struct why *why)
{
    struct program *p = c->first;
    enum status st;

    assert(strlen(name) < sizeof p->name);
    while (p && strcmp(p->name, name) != 0)
        p = p->next;
    if (p) {
        *out = p->loaded;
        return ST_OK;
    }
    p = calloc(1, sizeof *p);
    if (!p)
        return fail(why, ST_NO_MEMORY, "out of memory for the program");
    st = load(&p->loaded, guests, name, why);
    if (st) {
        free(p);
        return st;
    }
    strcpy(p->name, name);
    p->next = c->first;
    c->first = p;
    *out = p->loaded;
    return ST_OK;
}

void program_cache_fini(struct program_cache *c)
{
    while (c->first) {
        struct program *next = c->first->next;

        nxp_program_free(c->first->loaded);
        free(c->first);
        c->first = next;
    }
}
