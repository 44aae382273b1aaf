/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/judge_prover.h"

#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"
#include "prover/nxp.h"

struct guest {
    struct guest *next;
    char *program_id;
    struct nxp_program *program;
};

struct judge_prover {
    struct judge base;
    struct guest *guests;
};

static const struct guest *guest_of(const struct judge_prover *j, const char *program_id)
{
    const struct guest *g = j->guests;

    while (g && strcmp(g->program_id, program_id) != 0)
        g = g->next;
    return g;
}

static enum status verify_one(const struct guest *g, struct bytes input, struct bytes proof,
                              struct why *why)
{
    struct nxp_statement statement = {.exit_code = 0};
    struct buffer public_input;
    uint32_t triple[3];
    enum status st = wire_task_input(triple, input, why);

    if (st)
        return st;
    buffer_init(&public_input, 0);
    nxp_encode_u32s(&public_input, triple, 3);
    statement.public_input = buffer_bytes(&public_input);
    st = buffer_ok(&public_input) ? nxp_verify(g->program, &statement, proof, NULL, why)
                                  : fail(why, ST_NO_MEMORY, "public input: out of memory");
    buffer_fini(&public_input);
    return st;
}

static enum status prover_verify(struct judge *base, const struct judge_case *c, struct why *why)
{
    const struct guest *g = guest_of((const struct judge_prover *)base, c->program_id);
    enum status st = ST_OK;

    if (!g)
        return fail(why, ST_NOT_FOUND, "no guest is known as '%s' (--guest NAME=ELF)",
                    c->program_id);
    for (size_t i = 0; i < c->count && !st; i++) {
        st = verify_one(g, c->inputs[i], c->proofs[i], why);
        if (st)
            fail_within(why, st, "input %zu", i + 1);
    }
    return st;
}

enum status judge_prover_new(struct judge_prover **out, struct why *why)
{
    static const struct judge_ops ops = {.verify = prover_verify};
    struct judge_prover *j = calloc(1, sizeof *j);

    if (!j)
        return fail(why, ST_NO_MEMORY, "judge: out of memory");
    j->base.ops = &ops;
    *out = j;
    return ST_OK;
}

static void guest_free(struct guest *g)
{
    if (!g)
        return;
    free(g->program_id);
    nxp_program_free(g->program);
    free(g);
}

void judge_prover_free(struct judge_prover *j)
{
    if (!j)
        return;
    while (j->guests) {
        struct guest *next = j->guests->next;

        guest_free(j->guests);
        j->guests = next;
    }
    free(j);
}

enum status judge_prover_add(struct judge_prover *j, const char *program_id, struct bytes elf,
                             struct why *why)
{
    struct guest *g;
    enum status st = ST_OK;

    if (guest_of(j, program_id))
        return fail(why, ST_EXISTS, "guest '%s' is given twice", program_id);
    g = calloc(1, sizeof *g);
    if (g)
        g->program_id = strdup(program_id);
    if (!g || !g->program_id) {
        st = fail(why, ST_NO_MEMORY, "guest '%s': out of memory", program_id);
        goto out;
    }
    st = nxp_program_new(&g->program, elf, why);
    if (st) {
        fail_within(why, st, "guest '%s'", program_id);
        goto out;
    }
    g->next = j->guests;
    j->guests = g;
    g = NULL;
out:
    guest_free(g);
    return st;
}

struct judge *judge_prover_judge(struct judge_prover *j)
{
    return &j->base;
}
