/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/judge_prover.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "mockorch/server/judge_memory.h"
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
    struct judge_memory *memory;
    pthread_mutex_t proving; /* over prover */
    struct nxp_prover *prover;
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

/* ---- one proof ---- */

/* Raw bytes of the triple, as guest and proof know it. */
static enum status public_input_of(struct buffer *out, struct bytes input, struct why *why)
{
    uint32_t triple[3];
    enum status st = wire_task_input(triple, input, why);

    if (st)
        return st;
    nxp_encode_u32s(out, triple, 3);
    return buffer_ok(out) ? ST_OK : fail(why, ST_NO_MEMORY, "public input: out of memory");
}

/* BLAKE2b: a digest of our own, at less than half of Keccak's cost. */
static void ask(uint8_t question[static 32], const char *program_id, struct bytes input,
                struct bytes proof)
{
    uint8_t parts[3][32];

    crypto_generichash(parts[0], 32, (const uint8_t *)program_id, strlen(program_id), NULL, 0);
    crypto_generichash(parts[1], 32, input.data, input.size < 12 ? input.size : 12, NULL, 0);
    crypto_generichash(parts[2], 32, proof.data, proof.size, NULL, 0);
    crypto_generichash(question, 32, parts[0], sizeof parts, NULL, 0);
}

static enum status verify_now(const struct judge_prover *j, const struct guest *g,
                              struct bytes input, struct bytes proof, struct why *why)
{
    struct nxp_statement statement = {.exit_code = 0};
    struct nxp_result run = {.proof = NULL};
    struct buffer public_input;
    enum status st;

    buffer_init(&public_input, 0);
    st = public_input_of(&public_input, input, why);
    if (st)
        goto out;
    statement.public_input = buffer_bytes(&public_input);
    st = run_guest(&run, j, g, &(struct nxp_input){.public_input = statement.public_input}, why);
    if (st)
        goto out;
    statement.output = bytes_of(run.output, run.output_size);
    st = nxp_verify(g->program, &statement, proof, NULL, why);
    if (st == ST_LIMIT) /* an honest proof of a run that we could follow has honest sizes */
        st = ST_INVALID;
out:
    nxp_result_fini(&run);
    buffer_fini(&public_input);
    return st;
}

static bool is_finding(enum status st)
{
    return st == ST_OK || st == ST_INVALID || st == ST_INPUT;
}

static enum status verify_one(const struct judge_prover *j, const struct guest *g,
                              struct bytes input, struct bytes proof, struct why *why)
{
    struct judge_finding f = {.st = ST_OK};
    uint8_t question[32];

    ask(question, g->program_id, input, proof);
    if (!judge_memory_recall(j->memory, &f, question)) {
        f.st = verify_now(j, g, input, proof, &f.why);
        if (is_finding(f.st))
            judge_memory_keep(j->memory, question, &f);
    }
    return f.st ? fail(why, f.st, "%s", f.why.text) : ST_OK;
}

static enum status verify_proofs(const struct judge_prover *j, const struct guest *g,
                                 const struct judge_case *c, struct why *why)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < c->count && !st; i++) {
        st = verify_one(j, g, c->inputs[i], c->proofs[i], why);
        if (st)
            fail_within(why, st, "input %zu", i + 1);
    }
    return st;
}

/* ---- hashes only ---- */

static enum status prove_now(struct judge_prover *j, char hash[static KECCAK256_HEX],
                             const struct guest *g, struct bytes input, struct why *why)
{
    struct nxp_result result = {.proof = NULL};
    struct buffer public_input;
    enum status st;

    buffer_init(&public_input, 0);
    st = public_input_of(&public_input, input, why);
    if (!st) {
        pthread_mutex_lock(&j->proving);
        st = nxp_prove(j->prover, &result, g->program,
                       &(struct nxp_input){.public_input = buffer_bytes(&public_input)}, why);
        pthread_mutex_unlock(&j->proving);
    }
    if (!st)
        keccak256_hex(hash, bytes_of(result.proof, result.proof_size));
    nxp_result_fini(&result);
    buffer_fini(&public_input);
    return st;
}

/* The hash of the proof that every honest prover makes of this input. */
static enum status right_hash(struct judge_prover *j, char hash[static KECCAK256_HEX],
                              const struct guest *g, struct bytes input, struct why *why)
{
    struct judge_finding f = {.st = ST_OK};
    uint8_t question[32];

    ask(question, g->program_id, input, bytes_of(NULL, 0)); /* no proof has zero bytes */
    if (!judge_memory_recall(j->memory, &f, question) || !f.hash[0]) {
        f.st = prove_now(j, f.hash, g, input, why);
        if (f.st)
            return fail_within(why, f.st == ST_INVALID ? ST_GUEST : f.st,
                               "the judge cannot prove it");
        judge_memory_keep(j->memory, question, &f);
    }
    memcpy(hash, f.hash, sizeof f.hash);
    return ST_OK;
}

static enum status verify_hashes(struct judge_prover *j, const struct guest *g,
                                 const struct judge_case *c, struct why *why)
{
    char(*hashes)[KECCAK256_HEX] = calloc(c->input_count + 1, sizeof *hashes);
    const char **texts = calloc(c->input_count + 1, sizeof *texts);
    char combined[KECCAK256_HEX];
    enum status st = ST_OK;

    if (!hashes || !texts) {
        st = fail(why, ST_NO_MEMORY, "hashes: out of memory");
        goto out;
    }
    for (size_t i = 0; i < c->input_count && !st; i++) {
        texts[i] = hashes[i];
        st = right_hash(j, hashes[i], g, c->inputs[i], why);
        if (!st && c->type == TASK_ALL_PROOF_HASHES && strcmp(hashes[i], c->proof_hashes[i]) != 0)
            st = fail(why, ST_INVALID, "hash %s is not the one of the proof, %s",
                      c->proof_hashes[i], hashes[i]);
        if (st)
            fail_within(why, st, "input %zu", i + 1);
    }
    if (st)
        goto out;
    proof_hash_combine(combined, texts, c->input_count);
    if (strcmp(combined, c->proof_hash) != 0)
        st = fail(why, ST_INVALID, "proof_hash is %s, the proofs hash to %s", c->proof_hash,
                  combined);
out:
    free(hashes);
    free(texts);
    return st;
}

static enum status prover_verify(struct judge *base, const struct judge_case *c, struct why *why)
{
    struct judge_prover *j = (struct judge_prover *)base;
    const struct guest *g = guest_of(j, c->program_id);

    if (!g)
        return fail(why, ST_NOT_FOUND, "no guest is known as '%s' (--guest NAME=ELF)",
                    c->program_id);
    return c->type == TASK_PROOF_REQUIRED ? verify_proofs(j, g, c, why)
                                          : verify_hashes(j, g, c, why);
}

/* ---- life ---- */

enum status judge_prover_new(struct judge_prover **out, struct why *why)
{
    static const struct judge_ops ops = {.verify = prover_verify};
    static const struct nxp_prover_options options = {.threads = 1};
    struct judge_prover *j = calloc(1, sizeof *j);
    enum status st;

    if (!j)
        return fail(why, ST_NO_MEMORY, "judge: out of memory");
    j->base.ops = &ops;
    pthread_mutex_init(&j->proving, NULL);
    j->memory = judge_memory_new();
    st = j->memory ? nxp_prover_new(&j->runner, &options, why)
                   : fail(why, ST_NO_MEMORY, "judge: out of memory");
    if (!st)
        st = nxp_prover_new(&j->prover, &options, why);
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
    nxp_prover_free(j->prover);
    judge_memory_free(j->memory);
    pthread_mutex_destroy(&j->proving);
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
