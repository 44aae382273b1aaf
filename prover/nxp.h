/* SPDX-License-Identifier: Apache-2.0 */
/* libnxp: load a guest, prove a run, verify a proof. The only door of prover/.
 *
 * Owner:   objects made by nxp_…_new belong to the caller (nxp_…_free accepts NULL). A result is
 *          released with nxp_result_fini. Byte ranges passed in are borrowed for the call.
 * Threads: a program may be shared by any number of threads. A prover or verifier has one owner at
 *          a time; several of them may work side by side.
 * Errors:  ST_INPUT     the ELF, or an argument, is malformed
 *          ST_GUEST     the guest failed, or its run cannot be proved
 *          ST_LIMIT     a limit of struct nxp_limits was reached; the words say which to raise
 *          ST_INVALID   nxp_verify: the proof does not hold
 *          ST_IO        nxp_prove: the stage dump could not be written
 *          ST_NO_MEMORY, ST_CANCELLED
 *
 * A proof is an integrity check of 8 bits (stark.md 10.3) under the parameters of the network; its
 * bytes are a function of program and input alone.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

/* ---- guests ---- */

struct nxp_program;

enum status MUST_USE nxp_program_new(struct nxp_program **out, struct bytes elf, struct why *why);
void nxp_program_free(struct nxp_program *p);
size_t nxp_program_words(const struct nxp_program *p); /* instruction words */

/* The built-in guest `fib` (prover/guests): n, a, b -> term n of the Fibonacci sequence from a, b. */
struct bytes nxp_builtin_guest(const char *name); /* {NULL, 0} when there is none of that name */

/* ---- inputs ---- */

/* Raw bytes as they lie in the guest's memory. For the usual tuple of u32 numbers use
 * nxp_encode_u32s: postcard, COBS, padding (vm.md 8). */
struct nxp_input {
    struct bytes public_input;
    struct bytes private_input;
    struct bytes associated_data;
};

void nxp_encode_u32s(struct buffer *out, const uint32_t *values, size_t count);

/* ---- limits and progress ---- */

struct nxp_limits {           /* 0: the default */
    uint64_t max_steps;       /* 2^24 */
    unsigned max_log_rows;    /* 24: rows of the largest component, prover and verifier */
    size_t max_memory_bytes;  /* of the workspace; no limit */
};

enum nxp_stage {
    NXP_STAGE_RUN,         /* both passes of the guest */
    NXP_STAGE_TRACE,       /* columns filled */
    NXP_STAGE_COMMIT,      /* trees 0 and 1 */
    NXP_STAGE_INTERACTION, /* logup columns */
    NXP_STAGE_COMMIT2,     /* tree 2 */
    NXP_STAGE_COMPOSITION, /* composition polynomial and tree 3 */
    NXP_STAGE_OPENING,     /* sampled values, quotients */
    NXP_STAGE_FRI,         /* folding, proof of work, openings */
    NXP_STAGE_COUNT,
};

const char *nxp_stage_name(enum nxp_stage stage);

/* ---- proving ---- */

struct nxp_prover_options {
    unsigned threads;         /* 0: one */
    const char *kernel;       /* NULL or "auto": the fastest; "portable", "avx2", "avx512" */
    struct nxp_limits limits;
    /* Called at the start of each stage from the thread of nxp_prove; true stops the proof with
     * ST_CANCELLED. May be NULL. */
    bool (*progress)(void *context, enum nxp_stage stage);
    void *context;
    const char *stages_folder; /* not NULL: write every stage's values there as stages.json, in the
                                  form of the golden dumps */
};

struct nxp_prover; /* keeps threads, tables and workspace between proofs */

enum status MUST_USE nxp_prover_new(struct nxp_prover **out,
                                    const struct nxp_prover_options *options, struct why *why);
void nxp_prover_free(struct nxp_prover *p);
const char *nxp_prover_kernel(const struct nxp_prover *p);
unsigned nxp_prover_threads(const struct nxp_prover *p);

/* Between two proofs: other threads, everything else is kept. */
enum status MUST_USE nxp_prover_set_threads(struct nxp_prover *p, unsigned threads,
                                            struct why *why);

#define NXP_LOG_SIZES 9

struct nxp_result {
    uint8_t *proof; /* the bytes that the network hashes */
    size_t proof_size;
    uint64_t steps;
    uint32_t log_sizes[NXP_LOG_SIZES];
    uint32_t exit_code; /* output word 0, little endian */
    uint8_t *output;    /* public output after the exit code word */
    size_t output_size;
    char *logs; /* the guest's log text, entries joined; NUL at the end */
    size_t planned_bytes; /* workspace, known before the first column was computed */
    int64_t stage_ns[NXP_STAGE_COUNT];
};

enum status MUST_USE nxp_prove(struct nxp_prover *prover, struct nxp_result *out,
                               const struct nxp_program *program, const struct nxp_input *input,
                               struct why *why);
void nxp_result_fini(struct nxp_result *r);

/* Steps, log sizes, exit code and planned_bytes of a run without proving it. */
enum status MUST_USE nxp_estimate(const struct nxp_prover *prover, struct nxp_result *out,
                                  const struct nxp_program *program,
                                  const struct nxp_input *input, struct why *why);

/* ---- verifying ---- */

struct nxp_statement {
    struct bytes public_input; /* raw, as for proving */
    uint32_t exit_code;
    struct bytes output;       /* raw bytes; empty for a guest without output words */
    struct bytes associated_data;
};

/* ST_OK: the proof holds for program and statement. ST_INVALID: it does not; the words begin with
 * the reference's name of the error where there is one ("OodsNotMatching", "Merkle(RootMismatch)").
 * Memory: at most 4 times the proof plus what recomputing the first commitment takes. The layout
 * words heap, stack_bottom, stack_top and end are bound by nothing but their order (behaviour.md 6). */
enum status MUST_USE nxp_verify(const struct nxp_program *program,
                                const struct nxp_statement *statement, struct bytes proof,
                                const struct nxp_limits *limits, struct why *why);
