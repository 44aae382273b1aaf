/* SPDX-License-Identifier: Apache-2.0 */
/* The first pass: separate memories, to learn how much heap, stack and output a run uses and what
 * it logs.
 *
 * Source:  vm.md 7.
 * Owner:   first_pass_fini frees the logs that are still there.
 */
#pragma once
#include "prover/vm/memory.h"
#include "prover/vm/vm.h"

struct first_pass {
    uint32_t heap, stack, output; /* sizes H, S, O of vm.md 9 */
    uint64_t steps;
    struct buffer *logs;
    size_t log_count;
};

/* The budget keeps paying for the logs, no longer for the memory. */
enum status MUST_USE first_pass_run(struct first_pass *out, const struct program *program,
                                    const struct run_input *input, uint64_t max_steps,
                                    struct budget *budget, struct why *why);
void first_pass_fini(struct first_pass *p);
