/* SPDX-License-Identifier: Apache-2.0 */
/* The lanes of a worker: which one proves which job, and what each keeps for later proofs.
 *
 * A lane keeps the memory of its largest proof, touched, until it is released. Before a proof starts
 * that does not fit beside what is kept, all idle lanes give theirs back.
 *
 * Owner:   lane_set_init, then lane_set_fini with nothing running.
 * Threads: all calls come from one thread.
 * Errors:  ST_IO no thread; ST_NO_MEMORY.
 */
#pragma once
#include "client/shell/lane_plan.h"
#include "client/shell/prover_lane.h"

struct lane;

struct lane_set {
    unsigned count;
    struct lane *lanes;
    struct prover_lane_options options; /* kernel is borrowed */
};

enum status MUST_USE lane_set_init(struct lane_set *s, unsigned count,
                                   const struct prover_lane_options *o, struct why *why);
void lane_set_fini(struct lane_set *s);

/* need_bytes: of the proof; free_bytes: for all proofs. A lane is idle. */
enum status MUST_USE lane_set_start(struct lane_set *s, uint64_t id, uint64_t need_bytes,
                                    uint64_t free_bytes, const struct prover_lane_work *work,
                                    struct why *why);
void lane_set_cancel(struct lane_set *s, uint64_t id);

/* One that has ended: its id and result, valid until the next start. */
bool lane_set_take(struct lane_set *s, uint64_t *id, struct prover_lane_result *out);

bool lane_set_busy(const struct lane_set *s);
bool lane_set_keeps(const struct lane_set *s); /* memory, busy or idle */
void lane_set_count(const struct lane_set *s, struct lane_plan_input *in); /* what runs */
void lane_set_release(struct lane_set *s);     /* what idle lanes keep */
