/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of nxp-sim. Each reads its own options and returns the exit code. */
#pragma once
#include <argp.h>

enum { EXIT_PASSED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SYSTEM = 3, EXIT_INTERRUPTED = 130 };

#define COMMAND_EXIT_CODES                                                                         \
    "Exit codes: 0 everything held, 1 something did not, 2 usage or a scenario that cannot be "    \
    "read, 3 the system refused."

#include "sim/run.h"

int command_run(int argc, char **argv);
int command_list(int argc, char **argv);
int command_shrink(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_judge(int argc, char **argv);

/* run --exhaustive: all placements of up to `most` faults. run->seed 0: the scenario's, or 1. */
enum status MUST_USE command_exhaustive(const char *name, const char *extra,
                                        struct run_options *run, unsigned most, bool *held,
                                        struct why *why);

/* ---- what they share ---- */

/* Of an option; anything else ends the program with a message about `what`. */
uint64_t command_number(struct argp_state *state, const char *what, const char *text,
                        uint64_t least, uint64_t most);
/* --swarm and --buggify, for every command that has runs; its input is a struct run_options. */
extern const struct argp command_ways_argp;
/* As the user would have to say it again: " --swarm". */
void command_ways_repeat(struct buffer *out, const struct run_options *o);
/* A scenario that can be carried out, and its proofs. Both are the caller's, on error too. */
enum status MUST_USE command_take(struct scenario **s, struct prover_sim **prover, const char *name,
                                  struct why *why);
