/* SPDX-License-Identifier: Apache-2.0 */
/* The allowances that a fetch has to pass: of its user, its node, its key and its address. Those that
 * are not limited are not there.
 *
 * Owner:   plain value; holds until the next gates_open.
 */
#pragma once
#include "mockorch/core/inside.h"

struct gate {
    const char *name; /* "user", "node", "key", "address" */
    struct quota *quota;
};

struct gates {
    struct gate all[4];
    size_t count;
};

/* peer "": no address, so it has no allowance. ST_NO_MEMORY. */
enum status MUST_USE gates_open(struct gates *g, struct orchestrator *o, uint32_t node,
                                const uint8_t key[static SIGNING_PUBLIC_SIZE], const char *peer,
                                int64_t now_ns, struct why *why);
/* The gate with the longest wait, or without any wait the one with the least left; NULL: no gates. */
const struct gate *gates_tightest(const struct gates *g, int64_t now_ns);
/* Requires that none has a wait. */
void gates_spend(struct gates *g, int64_t now_ns);
/* The fetch of a task that was read back, again. */
enum status MUST_USE gates_replay(struct orchestrator *o, const struct task *t, struct why *why);
