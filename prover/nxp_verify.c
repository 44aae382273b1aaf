/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/machine/verify.h"
#include "prover/nxp_program.h"

/* Decodes, then verifies on the calling thread: a proof takes milliseconds. */
enum status nxp_verify(const struct nxp_program *program, const struct nxp_statement *statement,
                       struct bytes proof, const struct nxp_limits *limits, struct why *why)
{
    const struct machine_statement stated = {
        .public_input = statement->public_input,
        .exit_code = statement->exit_code,
        .output = statement->output,
        .associated_data = statement->associated_data,
    };
    struct machine_verify_limits verify_limits = {.max_log_rows = 0};
    struct exec exec = {.kernel = kernel_best()};
    struct proof decoded = {.storage = NULL};
    enum status st;

    if (limits) {
        verify_limits.max_log_rows = limits->max_log_rows;
        verify_limits.max_memory_bytes = limits->max_memory_bytes;
    }
    st = proof_decode(&decoded, proof, why);
    if (!st)
        st = pool_new(&exec.pool, 1, why);
    if (!st)
        st = machine_verify(&exec, &program->program, &stated, &decoded, &verify_limits, why);
    pool_free(exec.pool);
    proof_fini(&decoded);
    return st;
}
