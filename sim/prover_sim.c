/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/prover_sim.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mix.h"
#include "prover/nxp.h"
#include "proto/keccak256.h"
#include "sim/memory.h"

#define STAND_IN_BYTES 160
#define PLACES         1024

struct made { /* a proof of ours */
    bool model; /* a stand-in for one */
    char program_id[SETTINGS_PROGRAM_SIZE];
    uint32_t input[3];
    uint8_t *proof;
    size_t size;
    uint8_t *output; /* what the guest wrote */
    size_t output_size;
    char hash[KECCAK256_HEX];
};

struct judged { /* a verdict of the judge's */
    char program_id[SETTINGS_PROGRAM_SIZE];
    uint32_t input[3];
    uint8_t *proof;
    size_t size;
    enum status status;
    struct why why;
};

struct program {
    char id[SETTINGS_PROGRAM_SIZE];
    struct nxp_program *program;
};

struct prover_sim {
    struct judge judge; /* first, so that a cast back is valid */
    struct proof_hasher hasher;
    bool model;
    struct nxp_prover *prover;
    struct program *programs;
    size_t program_count;
    struct made *made;
    size_t made_count;
    uint32_t by_proof[PLACES], by_input[PLACES]; /* numbers of `made`, from 1; the newest of a place */
    struct judged *judged;
    size_t judged_count;
};

static void hash(struct proof_hasher *h, char out[static KECCAK256_HEX], struct bytes proof);
static enum status judge_case(struct judge *j, const struct judge_case *c, struct why *why);

enum status prover_sim_new(struct prover_sim **out, struct why *why)
{
    static const struct judge_ops ops = {.verify = judge_case};
    struct nxp_prover_options options = {.threads = 1};
    struct prover_sim *p = memory_new(sizeof *p);
    enum status st = nxp_prover_new(&p->prover, &options, why);

    if (st) {
        prover_sim_free(p);
        return st;
    }
    p->judge.ops = &ops;
    p->hasher.hash = hash;
    *out = p;
    return ST_OK;
}

enum status prover_sim_use_kernel(struct prover_sim *p, const char *kernel, struct why *why)
{
    struct nxp_prover_options options = {.threads = 1, .kernel = kernel};
    struct nxp_prover *prover;
    enum status st = nxp_prover_new(&prover, &options, why);

    if (st)
        return st;
    nxp_prover_free(p->prover);
    p->prover = prover;
    return ST_OK;
}

void prover_sim_stand_in(struct prover_sim *p, bool model)
{
    p->model = model;
}

void prover_sim_free(struct prover_sim *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->program_count; i++)
        nxp_program_free(p->programs[i].program);
    for (size_t i = 0; i < p->made_count; i++) {
        free(p->made[i].proof);
        free(p->made[i].output);
    }
    for (size_t i = 0; i < p->judged_count; i++)
        free(p->judged[i].proof);
    nxp_prover_free(p->prover);
    free(p->programs);
    free(p->made);
    free(p->judged);
    free(p);
}

size_t prover_sim_proofs(const struct prover_sim *p)
{
    return p->made_count;
}

size_t prover_sim_checks(const struct prover_sim *p)
{
    return p->judged_count;
}

/* The official guest is not part of the product (design.md decision 10): here, as for the mock, the
 * built-in one stands for it. */
static enum status find_program(struct prover_sim *p, const struct nxp_program **out,
                                const char *id, struct why *why)
{
    struct bytes elf = nxp_builtin_guest(id);
    struct nxp_program *program;
    enum status st = ST_OK;

    for (size_t i = 0; i < p->program_count; i++) {
        if (strcmp(p->programs[i].id, id) == 0) {
            *out = p->programs[i].program;
            return ST_OK;
        }
    }
    if (!elf.data || strlen(id) >= SETTINGS_PROGRAM_SIZE)
        return fail(why, ST_NOT_FOUND, "there is no program '%.80s'", id);
    st = nxp_program_new(&program, elf, why);
    if (st)
        return st;
    p->programs = memory_grown(p->programs, p->program_count + 1, sizeof *p->programs);
    p->programs[p->program_count] = (struct program){.program = program};
    strcpy(p->programs[p->program_count++].id, id);
    *out = program;
    return ST_OK;
}

/* Success, and the output that the guest has for this input. */
static enum status verify(const struct nxp_program *program, const uint32_t input[3],
                          struct bytes output, struct bytes proof, struct why *why)
{
    struct nxp_statement statement = {.exit_code = 0, .output = output};
    struct nxp_limits limits = {0};
    struct buffer encoded;
    enum status st = ST_OK;

    buffer_init(&encoded, 0);
    nxp_encode_u32s(&encoded, input, 3);
    if (!buffer_ok(&encoded)) {
        st = fail(why, ST_NO_MEMORY, "input: out of memory");
        goto out;
    }
    statement.public_input = buffer_bytes(&encoded);
    st = nxp_verify(program, &statement, proof, &limits, why);
out:
    buffer_fini(&encoded);
    return st;
}

static enum status make(struct prover_sim *p, struct made *out, const char *program_id,
                        const uint32_t input[3], struct why *why)
{
    const struct nxp_program *program;
    struct nxp_result result = {0};
    struct buffer encoded;
    enum status st;

    buffer_init(&encoded, 0);
    st = find_program(p, &program, program_id, why);
    if (st)
        goto out;
    nxp_encode_u32s(&encoded, input, 3);
    st = nxp_prove(p->prover, &result, program,
                   &(struct nxp_input){.public_input = buffer_bytes(&encoded)}, why);
    if (st)
        goto out;
    st = verify(program, input, bytes_of(result.output, result.output_size),
                bytes_of(result.proof, result.proof_size), why);
    if (st)
        goto out;
    *out = (struct made){.proof = memory_bytes(bytes_of(result.proof, result.proof_size)),
                         .size = result.proof_size,
                         .output = memory_bytes(bytes_of(result.output, result.output_size)),
                         .output_size = result.output_size};
    strcpy(out->program_id, program_id); /* find_program knows its length */
    memcpy(out->input, input, sizeof out->input);
out:
    nxp_result_fini(&result);
    buffer_fini(&encoded);
    return st;
}

/* Bytes that nobody has for another program or input. */
static void stand_in(struct made *out, const char *program_id, const uint32_t input[3])
{
    uint8_t text[SETTINGS_PROGRAM_SIZE + 12] = {0}, *proof = memory_new(STAND_IN_BYTES);

    strcpy((char *)text, program_id); /* find_program knows its length */
    memcpy(text + SETTINGS_PROGRAM_SIZE, input, 12);
    for (size_t i = 0; i < STAND_IN_BYTES; i += 32) {
        keccak256(proof + i, bytes_of(text, sizeof text));
        text[SETTINGS_PROGRAM_SIZE - 1]++; /* ids end before it */
    }
    *out = (struct made){.model = true, .proof = proof, .size = STAND_IN_BYTES};
    strcpy(out->program_id, program_id);
    memcpy(out->input, input, sizeof out->input);
}

static bool is_input(const uint32_t a[3], const uint32_t b[3])
{
    return memcmp(a, b, 3 * sizeof *a) == 0;
}

static bool is_made(const struct prover_sim *p, const struct made *m, const char *program_id,
                    const uint32_t input[3])
{
    return m->model == p->model && is_input(m->input, input) &&
           strcmp(m->program_id, program_id) == 0;
}

static size_t place_of_input(const char *program_id, const uint32_t input[3])
{
    uint64_t hash = mix_bytes(0, bytes_of_text(program_id));

    return mix_bytes(hash, bytes_of(input, 3 * sizeof *input)) % PLACES;
}

/* They differ in their ends. */
static size_t place_of_proof(struct bytes proof)
{
    size_t end = proof.size < 64 ? proof.size : 64;

    return mix_bytes(proof.size, bytes_of(proof.data + proof.size - end, end)) % PLACES;
}

static enum status find_made(struct prover_sim *p, const struct made **out, const char *program_id,
                             const uint32_t input[3], struct why *why)
{
    uint32_t *place = &p->by_input[place_of_input(program_id, input)];
    enum status st;

    if (*place && is_made(p, &p->made[*place - 1], program_id, input)) {
        *out = &p->made[*place - 1];
        return ST_OK;
    }
    for (size_t i = 0; i < p->made_count; i++) {
        if (is_made(p, &p->made[i], program_id, input)) {
            *place = (uint32_t)i + 1;
            *out = &p->made[i];
            return ST_OK;
        }
    }
    p->made = memory_grown(p->made, p->made_count + 1, sizeof *p->made);
    if (p->model) {
        const struct nxp_program *program;

        st = find_program(p, &program, program_id, why);
        if (!st)
            stand_in(&p->made[p->made_count], program_id, input);
    } else {
        st = make(p, &p->made[p->made_count], program_id, input, why);
    }
    if (!st) {
        struct made *m = &p->made[p->made_count++];

        keccak256_hex(m->hash, bytes_of(m->proof, m->size));
        *place = p->by_proof[place_of_proof(bytes_of(m->proof, m->size))] = (uint32_t)p->made_count;
        *out = m;
    }
    return st;
}

enum status prover_sim_prove(struct prover_sim *p, struct bytes *proof, const char *program_id,
                             const uint32_t input[3], struct why *why)
{
    const struct made *m;
    enum status st = find_made(p, &m, program_id, input, why);

    if (!st)
        *proof = bytes_of(m->proof, m->size);
    return st;
}

static void hash(struct proof_hasher *h, char out[static KECCAK256_HEX], struct bytes proof)
{
    const struct prover_sim *p =
        (const struct prover_sim *)((char *)h - offsetof(struct prover_sim, hasher));

    uint32_t number = p->by_proof[place_of_proof(proof)];
    const struct made *m = number ? &p->made[number - 1] : NULL;

    if (m && bytes_equal(bytes_of(m->proof, m->size), proof))
        memcpy(out, m->hash, KECCAK256_HEX);
    else
        keccak256_hex(out, proof);
}

struct proof_hasher *prover_sim_hasher(struct prover_sim *p)
{
    return &p->hasher;
}

/* ---- ahead ---- */

static uint64_t choices(const struct settings_program *g)
{
    uint64_t n = (uint64_t)g->n.high - g->n.low + 1, a = (uint64_t)g->a.high - g->a.low + 1,
             b = (uint64_t)g->b.high - g->b.low + 1;

    /* each factor is at most 2^32: compared before it is multiplied */
    return n > PROVER_SIM_AHEAD || a > PROVER_SIM_AHEAD || b > PROVER_SIM_AHEAD ? UINT32_MAX
                                                                               : n * a * b;
}

static enum status program_ahead(struct prover_sim *p, const struct settings_program *g,
                                 struct why *why)
{
    uint64_t count = choices(g);
    uint64_t a_count = (uint64_t)g->a.high - g->a.low + 1;
    uint64_t b_count = (uint64_t)g->b.high - g->b.low + 1;
    enum status st = ST_OK;

    for (uint64_t i = 0; i < count && !st; i++) {
        uint32_t input[3] = {(uint32_t)(g->n.low + i / (a_count * b_count)),
                             (uint32_t)(g->a.low + i / b_count % a_count),
                             (uint32_t)(g->b.low + i % b_count)};
        struct bytes proof;

        st = prover_sim_prove(p, &proof, g->id, input, why);
    }
    return st;
}

enum status prover_sim_ahead(struct prover_sim *p, const struct settings *s, struct why *why)
{
    enum status st = ST_OK;

    for (uint32_t i = 0; i < s->program_count && !st; i++) {
        const struct settings_program *g = &s->programs[i];

        if (nxp_builtin_guest(g->id).data && choices(g) <= PROVER_SIM_AHEAD)
            st = program_ahead(p, g, why);
    }
    return st;
}

/* ---- the judge ---- */

static enum status judge_one(struct prover_sim *p, const char *program_id,
                             const uint32_t input[3], struct bytes proof, struct why *why)
{
    const struct nxp_program *program;
    const struct made *made;
    struct judged *j = p->judged;
    enum status st;

    if (p->model) {
        st = find_made(p, &made, program_id, input, why);
        if (!st && !bytes_equal(bytes_of(made->proof, made->size), proof))
            st = fail(why, ST_INVALID, "this stands in for no proof of that input");
        return st;
    }
    for (; j < p->judged + p->judged_count; j++) {
        if (is_input(j->input, input) && strcmp(j->program_id, program_id) == 0 &&
            bytes_equal(bytes_of(j->proof, j->size), proof)) {
            if (j->status && why)
                *why = j->why;
            return j->status;
        }
    }
    st = find_program(p, &program, program_id, why);
    if (!st)
        st = find_made(p, &made, program_id, input, why); /* for the output of the guest */
    if (st)
        return st;
    p->judged = memory_grown(p->judged, p->judged_count + 1, sizeof *p->judged);
    j = &p->judged[p->judged_count++];
    *j = (struct judged){.proof = memory_bytes(proof), .size = proof.size};
    strcpy(j->program_id, program_id);
    memcpy(j->input, input, sizeof j->input);
    j->status =
        verify(program, input, bytes_of(made->output, made->output_size), proof, &j->why);
    if (j->status && why)
        *why = j->why;
    return j->status;
}

/* ST_INVALID: a task that nobody can prove. */
static enum status triple_of(uint32_t out[static 3], const struct judge_case *c, size_t i,
                             struct why *why)
{
    if (c->inputs[i].size < 12)
        return fail(why, ST_INVALID, "input %zu has %zu bytes", i + 1, c->inputs[i].size);
    for (int k = 0; k < 3; k++)
        out[k] = load_le32(c->inputs[i].data + 4 * k);
    return ST_OK;
}

/* The task shows no proof: its hashes must be those of the right ones. */
static enum status judge_hashes(struct prover_sim *p, const struct judge_case *c, struct why *why)
{
    char(*hashes)[KECCAK256_HEX] = memory_grown(NULL, c->input_count + 1, sizeof *hashes);
    const char **texts = memory_grown(NULL, c->input_count + 1, sizeof *texts);
    char combined[KECCAK256_HEX];
    enum status st = ST_OK;

    for (size_t i = 0; i < c->input_count && !st; i++) {
        const struct made *made;
        uint32_t input[3];

        texts[i] = hashes[i];
        st = triple_of(input, c, i, why);
        if (!st)
            st = find_made(p, &made, c->program_id, input, why);
        if (!st)
            strcpy(hashes[i], made->hash);
        if (!st && c->type == TASK_ALL_PROOF_HASHES && strcmp(hashes[i], c->proof_hashes[i]) != 0)
            st = fail(why, ST_INVALID, "hash %zu is not the one of the proof", i + 1);
    }
    if (!st) {
        proof_hash_combine(combined, texts, c->input_count);
        if (strcmp(combined, c->proof_hash) != 0)
            st = fail(why, ST_INVALID, "proof_hash is not the one of the proofs");
    }
    free(hashes);
    free(texts);
    return st;
}

static enum status judge_case(struct judge *base, const struct judge_case *c, struct why *why)
{
    struct prover_sim *p = (struct prover_sim *)base;
    enum status st = ST_OK;

    if (c->type != TASK_PROOF_REQUIRED)
        return judge_hashes(p, c, why);
    for (size_t i = 0; i < c->count && !st; i++) {
        uint32_t input[3];

        st = triple_of(input, c, i, why);
        if (!st)
            st = judge_one(p, c->program_id, input, c->proofs[i], why);
    }
    return st;
}

struct judge *prover_sim_judge(struct prover_sim *p)
{
    return &p->judge;
}
