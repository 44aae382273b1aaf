/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a decoded proof holds for a program and what it is said to have read and written.
 *
 * Source:  components.md 8, stark.md 12, behaviour.md 3 and 6.
 * Owner:   borrows everything; what it allocates is freed before it returns.
 * Threads: the recomputation of tree 0 is divided among exec->pool.
 * Errors:  ST_INVALID the proof does not hold; the words begin with the reference's name of the
 *                     error: "InvalidStructure: …", "OodsNotMatching", "Merkle(RootMismatch)", …
 *          ST_LIMIT   not looked at: it claims more rows, or tree 0 needs more memory, than allowed
 *          ST_NO_MEMORY
 *
 * What is not bound: the layout words heap, stack_bottom, stack_top and end. Any values in order
 * and on whole words are accepted, and a nonce need not be the smallest. A proof that differs in
 * them has another hash. The soundness of the parameters is 8 bits (stark.md 10.3).
 *
 * Memory: tree 0 is rebuilt at the claimed sizes, which are checked against max_log_rows before,
 * from a view of the public bytes; everything else lives on the stack.
 */
#pragma once
#include "prover/kernel/kernel.h"
#include "prover/proof/proof.h"

struct machine_statement {
    struct bytes public_input; /* raw, as it lies in the guest's memory */
    uint32_t exit_code;
    struct bytes output; /* raw bytes after the exit code */
    struct bytes associated_data;
};

struct machine_verify_limits { /* 0: the default */
    unsigned max_log_rows;     /* largest log size that a proof may claim; 24 */
    size_t max_memory_bytes;   /* for recomputing tree 0; none */
};

/* limits may be NULL. */
enum status MUST_USE machine_verify(const struct exec *exec, const struct program *program,
                                    const struct machine_statement *statement,
                                    const struct proof *proof,
                                    const struct machine_verify_limits *limits, struct why *why);
