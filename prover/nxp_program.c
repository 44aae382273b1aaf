/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/nxp_program.h"

#include <stdlib.h>
#include <string.h>

/* prover/guests/fib.elf (cmake/embed.cmake). */
extern const unsigned char nxp_guest_fib[];
extern const size_t nxp_guest_fib_size;

enum status nxp_program_new(struct nxp_program **out, struct bytes elf, struct why *why)
{
    struct nxp_program *p = calloc(1, sizeof *p);
    enum status st;

    if (!p)
        return fail(why, ST_NO_MEMORY, "program: out of memory");
    st = program_load(&p->program, elf, why);
    if (st) {
        nxp_program_free(p);
        return st;
    }
    *out = p;
    return ST_OK;
}

void nxp_program_free(struct nxp_program *p)
{
    if (!p)
        return;
    program_fini(&p->program);
    free(p);
}

size_t nxp_program_words(const struct nxp_program *p)
{
    return p->program.word_count;
}

struct bytes nxp_builtin_guest(const char *name)
{
    if (strcmp(name, "fib") != 0)
        return (struct bytes){.data = NULL, .size = 0};
    return bytes_of(nxp_guest_fib, nxp_guest_fib_size);
}

void nxp_encode_u32s(struct buffer *out, const uint32_t *values, size_t count)
{
    vm_encode_u32s(out, values, count);
}

const char *nxp_stage_name(enum nxp_stage stage)
{
    static const char *const names[NXP_STAGE_COUNT] = {
        "run", "trace", "commit", "interaction", "commit2", "composition", "opening", "fri"};

    return names[stage];
}
