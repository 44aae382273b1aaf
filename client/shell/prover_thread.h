/* SPDX-License-Identifier: Apache-2.0 */
/* A prover in a thread of this process. Each proof is verified before it is handed out.
 *
 * Errors:  prover_thread_new: ST_INPUT an unknown kernel, ST_IO no thread, ST_NO_MEMORY.
 *          Of a job: as nxp_prove; ST_NOT_FOUND the guest program is not installed; ST_GUEST it
 *          ended with another exit code than 0; ST_INVALID our own proof did not verify.
 *
 * prover_free stops a proof at its next stage. When that takes longer than PROVER_THREAD_GRACE_S
 * the thread is left behind, for the process is about to end.
 */
#pragma once
#include "client/shell/prover.h"
#include "prover/nxp.h"

#define PROVER_THREAD_GRACE_S 3

struct prover_thread_options {
    const char *guests; /* folder of the guest store; copied */
    unsigned threads;
    const char *kernel; /* NULL: the fastest */
    struct nxp_limits limits;
};

enum status MUST_USE prover_thread_new(struct prover **out, const struct prover_thread_options *o,
                                       struct why *why);

/* One proof in the calling thread, verified. want_no_output: as the network's own guests must end.
 * The caller releases out with nxp_result_fini. */
enum status MUST_USE prover_thread_prove(struct nxp_prover *prover, struct nxp_result *out,
                                         const struct nxp_program *program,
                                         const uint32_t input[static 3], bool want_no_output,
                                         const struct nxp_limits *limits, struct why *why);
