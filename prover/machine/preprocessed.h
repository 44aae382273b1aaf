/* SPDX-License-Identifier: Apache-2.0 */
/* The first commitment, recomputed from what is public: program, layout, input and output.
 *
 * Source:  components.md 5, 6 and 8.2 (step 5).
 * Owner:   its memory lives for the call.
 * Threads: divided among exec->pool.
 * Errors:  ST_INVALID when the public bytes do not fit the claimed sizes; ST_LIMIT when that memory
 *          would pass max_memory_bytes (0: no limit); ST_NO_MEMORY.
 */
#pragma once
#include "prover/hash/blake2s.h"
#include "prover/kernel/kernel.h"
#include "prover/machine/shape.h"

/* What preprocessed_root allocates. */
enum status MUST_USE preprocessed_bytes(size_t *bytes, const struct shape *shape, struct why *why);

enum status MUST_USE preprocessed_root(const struct exec *exec, struct hash *root,
                                       const struct shape *shape, const struct view *view,
                                       size_t max_memory_bytes, struct why *why);
