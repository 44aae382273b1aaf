/* SPDX-License-Identifier: Apache-2.0 */
/* From a run to the bytes of its proof.
 *
 * Source:  components.md 3.3, stark.md 11.
 * Owner:   the workspace is the caller's and kept from proof to proof; the proof is written into
 *          the caller's buffer.
 * Threads: one proof per workspace at a time; inside, work is divided among exec->pool.
 * Errors:  ST_GUEST     the run cannot be proved, or its constraints are not satisfied
 *          ST_LIMIT     rows or memory; the words say which limit to raise
 *          ST_NO_MEMORY the workspace; ST_CANCELLED asked for by progress
 *          Nothing else can fail once the workspace stands.
 */
#pragma once
#include "prover/machine/shape.h"
#include "prover/machine/workspace.h"
#include "prover/stark/stage_sink.h"

enum machine_stage {
    MACHINE_TRACE,       /* columns filled */
    MACHINE_COMMIT,      /* trees 0 and 1 */
    MACHINE_INTERACTION, /* logup columns */
    MACHINE_COMMIT2,     /* tree 2 */
    MACHINE_COMPOSITION, /* composition polynomial and tree 3 */
    MACHINE_OPENING,     /* sampled values, check of the constraints, quotients */
    MACHINE_FRI,         /* folding, proof of work, openings */
    MACHINE_STAGE_COUNT,
};

struct machine_options {
    unsigned max_log_rows;                                     /* 0: the default of shape.h */
    size_t max_memory_bytes;                                   /* of the workspace; 0: no limit */
    bool (*progress)(void *context, enum machine_stage stage); /* true: stop; may be NULL */
    void *context;
    struct stage_sink *sink; /* may be NULL */
};

struct machine_result {
    uint32_t log_sizes[COMPONENT_COUNT];
    size_t planned_bytes; /* of the workspace */
    size_t used_bytes;    /* as many, or the plan is wrong */
    int64_t stage_ns[MACHINE_STAGE_COUNT];
};

/* Log sizes and workspace of a run's proof; nothing is computed. */
enum status MUST_USE machine_estimate(struct machine_result *out, const struct run *run,
                                      const struct machine_options *options, struct why *why);

/* Appends the proof's bytes. */
enum status MUST_USE machine_prove(const struct exec *exec, struct workspace *workspace,
                                   struct buffer *proof, struct machine_result *out,
                                   const struct run *run, const struct machine_options *options,
                                   struct why *why);
