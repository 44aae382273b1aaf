/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the waiting inputs start now, and with how many threads each.
 *
 * Inputs side by side use a machine better than threads inside one proof, which wait for each other:
 * so each core gets an input of its own while there are enough of them, and the cores are divided
 * among the inputs when there are fewer. Memory bounds how many: an input starts only when its need
 * and those of the running ones fit together. Inputs start in their order; one that must wait for
 * memory is not overtaken, or a large one might wait for ever.
 *
 * Threads: a function of its arguments.
 * Source:  performance.md 1 (proofs a second, one thread each), 11.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lane_plan_input {
    unsigned cores;        /* to be used at most; at least 1 */
    uint64_t memory_bytes; /* for all proofs together, those that run included */
    struct {
        unsigned inputs, threads;
        uint64_t bytes;
    } running;
    bool running_alone; /* what runs wants no neighbour */
};

struct lane_plan_wish {
    uint64_t need_bytes;
    bool alone; /* no neighbours, and half of the cores */
};

/* Threads for wishes 0 .. result - 1, which start now; result <= count. A wish that would not even
 * fit with nothing else running must not be among them (lane_plan_fits). */
size_t lane_plan(unsigned *threads, const struct lane_plan_input *in,
                 const struct lane_plan_wish *wishes, size_t count);

static inline bool lane_plan_fits(const struct lane_plan_input *in, uint64_t need_bytes)
{
    return need_bytes <= in->memory_bytes;
}

/* What a proof takes that plans a workspace of that size: the run's records (60 bytes a row of at
 * least 9056) and the first commitment that verifying recomputes (46 of 1261 columns, and a tree
 * over them) are less than a sixteenth of it, program and stacks less than 8 MiB. */
static inline uint64_t lane_plan_need_bytes(uint64_t workspace_bytes)
{
    return workspace_bytes + workspace_bytes / 16 + ((uint64_t)8 << 20);
}

/* Steps that can fit into that memory at most: committed columns alone take 9056 bytes a row. A run
 * is not followed beyond them, for the records of a run that will not fit take memory, too. */
static inline uint64_t lane_plan_most_steps(uint64_t memory_bytes)
{
    return memory_bytes / 9056 + 1;
}

/* Of the memory that is free, what is left to others: a sixteenth, and at least 64 MiB. */
static inline uint64_t lane_plan_share_bytes(uint64_t free_bytes)
{
    uint64_t reserve = free_bytes / 16 > (64 << 20) ? free_bytes / 16 : (64 << 20);

    return free_bytes > reserve ? free_bytes - reserve : 0;
}
