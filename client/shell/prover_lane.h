/* SPDX-License-Identifier: Apache-2.0 */
/* One proof at a time in a thread of its own; each proof is verified before it is handed out.
 *
 * begin -> (event_fd is written to) -> take gives the result, always exactly one.
 *
 * Owner:   heap; prover_lane_free, which needs the lane idle. A result is valid until the next begin
 *          or free. The program is the caller's and outlives the proof.
 * Threads: all calls come from one thread.
 * Errors:  of a proof: as nxp_prove; ST_GUEST the guest ended with another exit code than 0, or with
 *          output where none is expected; ST_INVALID our own proof did not verify.
 */
#pragma once
#include "prover/nxp.h"

struct prover_lane;

struct prover_lane_options {
    const char *kernel; /* NULL: the fastest; a known one */
    struct nxp_limits limits;
    int event_fd; /* of an eventfd, which several lanes may share */
};

enum status MUST_USE prover_lane_new(struct prover_lane **out, const struct prover_lane_options *o,
                                     struct why *why);
void prover_lane_free(struct prover_lane *l);

struct prover_lane_work {
    const struct nxp_program *program;
    uint32_t input[3];
    unsigned input_words; /* how many of them the program takes: 1 or 3 */
    bool want_no_output; /* as the network's own guests must end */
    unsigned threads;
};

void prover_lane_begin(struct prover_lane *l, const struct prover_lane_work *work);
void prover_lane_cancel(struct prover_lane *l); /* ends at its next stage, with ST_CANCELLED */

struct prover_lane_result {
    enum status status;
    const char *text;          /* why not */
    struct nxp_result *result; /* of a proof: borrowed */
    int64_t time_ns;
};

bool prover_lane_take(struct prover_lane *l, struct prover_lane_result *out);

/* Gives back the memory that is kept for the next proof. The lane is idle. */
void prover_lane_release(struct prover_lane *l);
