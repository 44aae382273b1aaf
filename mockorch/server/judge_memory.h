/* SPDX-License-Identifier: Apache-2.0 */
/* What a judge has found out before: verdicts and hashes, by a digest of the question.
 *
 * A fixed number of places; a new finding takes the place of an old one.
 *
 * Owner:   heap (judge_memory_free accepts NULL).
 * Threads: any number may recall and keep.
 */
#pragma once
#include <stdbool.h>

#include "base/status.h"
#include "proto/keccak256.h"

struct judge_memory;

struct judge_finding {
    enum status st;
    struct why why;             /* unless ST_OK */
    char hash[KECCAK256_HEX];   /* of a proof that was made; "" otherwise */
};

/* NULL: no memory. */
struct judge_memory *judge_memory_new(void);
void judge_memory_free(struct judge_memory *m);

bool judge_memory_recall(struct judge_memory *m, struct judge_finding *out,
                         const uint8_t question[static 32]);
void judge_memory_keep(struct judge_memory *m, const uint8_t question[static 32],
                       const struct judge_finding *finding);
