/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that run real programs share (sim/live.h). */
#pragma once
#include <argp.h>

#include "sim/live.h"
#include "sim/report.h"

struct command_live {
    struct live_options live; /* name and seed are overwritten */
    bool said;                /* one of these options was given */
    bool has_first;
    uint64_t first_seed, seeds;
};

/* Its input is a struct command_live. */
extern const struct argp command_live_argp;

/* Each scenario with each seed, reported as other tiers do. */
enum status MUST_USE command_live_run(struct report *report, const struct command_live *c,
                                      const char *const *names, size_t count, struct why *why);
/* Options that a repetition needs, each with a blank before. */
void command_live_repeat(struct buffer *out, const struct command_live *c);
int command_live_exit(enum status st);
