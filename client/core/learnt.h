/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has learnt about the network and this machine, and what follows from it. It survives
 * restarts: the core hands it out (ACT_LEARNT), the shell keeps it beside the outbox, per server.
 * The reference keeps nothing between runs, and begins with SMALL_MEDIUM each time (client.md 4.7).
 *
 * Owner:   plain value.
 * Errors:  learnt_decode: ST_INPUT for bytes that are none of ours; they are kept on disk and may
 * be damaged, so each number is checked.
 */
#pragma once
#include "base/bytes.h"
#include "client/core/ladder.h"
#include "client/core/lifespan.h"
#include "client/core/speed.h"

struct learnt {
    struct ladder ladder; /* fixed and wanted are the user's and are not kept */
    struct lifespan life;
    struct speed speed;
};

void learnt_encode(struct buffer *out, const struct learnt *l);
enum status MUST_USE learnt_decode(struct learnt *out, struct bytes bytes, struct why *why);

/* The ladder's wish, lowered to what this machine does within a task's life by cautious estimate;
 * SMALL is asked for in any case. */
enum difficulty learnt_ask(const struct learnt *l, unsigned at_once);

struct learnt_task {
    const char *program;
    enum difficulty difficulty;
    size_t inputs; /* not proved yet */
    int64_t age_s;
};

/* By hopeful speed: false when it would be too late, and then *takes_s is how long it would take
 * from now and *life_s how long such a task lives. */
bool learnt_in_time(const struct learnt *l, const struct learnt_task *t, unsigned at_once,
                    int64_t *takes_s, int64_t *life_s);
/* By cautious speed: how long the prover is busy with it, in seconds; 0: unknown. */
int64_t learnt_takes_s(const struct learnt *l, const struct learnt_task *t, unsigned at_once);
