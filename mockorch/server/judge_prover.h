/* SPDX-License-Identifier: Apache-2.0 */
/* The judge that really verifies: a proof holds when prover/nxp.h says so for the task's program, the
 * triple of its input, exit code 0 and the output that an honest run has (none for the network's own
 * guests, client.md 4.2). The judge runs the guest to know it.
 *
 * A task that asks for hashes only shows no proof, so the judge proves its inputs itself, one proof at a
 * time whatever the number of threads: bytes are a function of program and input (design.md 3.1).
 * Verdicts and hashes are remembered.
 *
 * Owner:   heap (judge_prover_free accepts NULL). Programs are added before the first verification.
 * Errors:  judge.h says what verify returns.
 */
#pragma once
#include "mockorch/core/judge.h"

struct judge_prover;

enum status MUST_USE judge_prover_new(struct judge_prover **out, struct why *why);
void judge_prover_free(struct judge_prover *j);
/* ST_INPUT: no ELF of a guest; ST_EXISTS: the name is taken. */
enum status MUST_USE judge_prover_add(struct judge_prover *j, const char *program_id,
                                      struct bytes elf, struct why *why);
struct judge *judge_prover_judge(struct judge_prover *j);
