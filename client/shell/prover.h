/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever proves for the client: up to `slots` inputs at a time, away from its loop.
 *
 * begin -> (fd becomes readable) -> take gives the outcome, always exactly one for each begin, in any
 * order; a cancelled job ends with ST_CANCELLED, or as proved when it was too late. How many of the
 * begun jobs really run side by side, and with how many threads each, is the prover's own plan.
 *
 * Owner:   heap; prover_free. An outcome is valid until the next begin, take or prover_free.
 * Threads: the calls come from one thread, and return at once.
 */
#pragma once
#include <stdbool.h>

#include "base/bytes.h"

struct prover {
    const struct prover_ops *ops; /* prover_process.c */
    unsigned slots;               /* jobs that may be under way; at least 1, fixed */
};

struct prover_job {
    uint64_t id;
    const char *task_id, *program_id; /* copied */
    uint32_t input[3];
};

/* What a proof was: for the log. */
struct prover_facts {
    const char *task_id;
    uint32_t input[3];
    uint64_t steps;
    unsigned log_rows; /* of the main component */
    int64_t time_ns;   /* proved and verified */
};

struct prover_outcome {
    uint64_t id;
    enum status status; /* ST_OK: proved and verified */
    struct bytes proof;
    const char *text; /* why not */
    struct prover_facts facts;
};

struct prover_ops {
    void (*begin)(struct prover *p, const struct prover_job *job); /* when fewer than slots are under way */
    void (*cancel)(struct prover *p, uint64_t id);
    int (*fd)(const struct prover *p);
    bool (*take)(struct prover *p, struct prover_outcome *out);
    void (*free)(struct prover *p);
};

static inline void prover_free(struct prover *p)
{
    if (p)
        p->ops->free(p);
}
