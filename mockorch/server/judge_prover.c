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
    struct nxp_prover *runner; /* runs guests for their output; it never proves */
};

static const struct guest *guest_of(const struct judge_prover *j, const char *program_id)
{
    const struct guest *g = j->guests;

    while (g && strcmp(g->program_id, program_id) != 0)
        g = g->next;
    return g;
}

/* What an honest run of this input ends with. Whether it is a run worth a credit is a question to
 * the guest: it must end with exit code 0. Only the network's own guests have no output; others
 * may. */
static enum status run_guest(struct nxp_result *out, const struct judge_prover *j,
                             const struct guest *g, const struct nxp_input *input, struct why *why)
{
    enum status st = nxp_estimate(j->runner, out, g->program, input, why);

    if (st)
        return fail_within(why, st == ST_INPUT || st == ST_INVALID ? ST_GUEST : st,
                           "the guest itself cannot run");
    if (out->exit_code != 0) {
        st = fail(why, ST_INVALID, "the guest ends with exit code %u", out->exit_code);
        nxp_result_fini(out);
    }
    return st;
}

static enum status verify_one(const struct judge_prover *j, const struct guest *g,
                              struct bytes input, struct bytes proof, struct why *why)
{
    struct nxp_statement statement = {.exit_code = 0};
    struct nxp_result run = {.proof = NULL};
    struct buffer public_input;
    uint32_t triple[3];
    enum status st = wire_task_input(triple, input, why);

    if (st)
        return st;
    buffer_init(&public_input, 0);
    nxp_encode_u32s(&public_input, triple, 3);
    if (!buffer_ok(&public_input)) {
        st = fail(why, ST_NO_MEMORY, "public input: out of memory");
        goto out;
    }
    statement.public_input = buffer_bytes(&public_input);
    st = run_guest(&run, j, g, &(struct nxp_input){.public_input = statement.public_input}, why);
    if (st)
        goto out;
    statement.output = bytes_of(run.output, run.output_size);
    st = nxp_verify(g->program, &statement, proof, NULL, why);
out:
    nxp_result_fini(&run);
    buffer_fini(&public_input);
    return st;
}

static enum status prover_verify(struct judge *base, const struct judge_case *c, struct why *why)
{
    const struct judge_prover *j = (const struct judge_prover *)base;
    const struct guest *g = guest_of(j, c->program_id);
    enum status st = ST_OK;

    if (!g)
        return fail(why, ST_NOT_FOUND, "no guest is known as '%s' (--guest NAME=ELF)",
                    c->program_id);
    for (size_t i = 0; i < c->count && !st; i++) {
        st = verify_one(j, g, c->inputs[i], c->proofs[i], why);
        if (st)
            fail_within(why, st, "input %zu", i + 1);
    }
    return st;
}

enum status judge_prover_new(struct judge_prover **out, struct why *why)
{
    static const struct judge_ops ops = {.verify = prover_verify};
    static const struct nxp_prover_options options = {.threads = 1};
    struct judge_prover *j = calloc(1, sizeof *j);
    enum status st;

    if (!j)
        return fail(why, ST_NO_MEMORY, "judge: out of memory");
    j->base.ops = &ops;
    st = nxp_prover_new(&j->runner, &options, why);
    if (st) {
        judge_prover_free(j);
        return st;
    }
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
    nxp_prover_free(j->runner);
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
