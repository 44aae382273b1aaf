/* SPDX-License-Identifier: Apache-2.0 */
/* start --check-memory: which proofs fit into the memory that is free now.
 *
 * The reference compares 4 GiB a thread with what it uses already, so that it always warns
 * (client.md 10 and 17.8). Here runs of growing length are estimated, exactly as a proof is
 * planned, and compared with what this process may take.
 *
 * Errors:  ST_LIMIT: not even the shortest fits; ST_NO_MEMORY.
 */
#pragma once
#include "base/bytes.h"
#include "client/shell/resources.h"

/* One line of words about what fits. */
enum status MUST_USE memory_check(struct buffer *words, const struct resources *r, struct why *why);
