/* SPDX-License-Identifier: Apache-2.0 */
/* The provers of a simulation and the orchestrator's judge: real proofs, made once.
 *
 * A proof is a function of program and input alone, so the first one who wants it has it proved and
 * verified for real, and everybody after him gets the same bytes. What a proof costs in virtual
 * time is not decided here.
 *
 * The judge verifies every submitted proof for real too, and remembers the verdict on those bytes
 * for that input.
 *
 * Source:  design.md decision 6; client.md 4.2.
 * Owner:   heap. Inputs are the twelve bytes of a task.
 * Threads: one owner; processes that fork afterwards share what is there.
 * Errors:  ST_NOT_FOUND: no such program. What proving and verifying says is passed on.
 */
#pragma once
#include "mockorch/core/judge.h"
#include "mockorch/core/settings.h"

struct prover_sim;

/* From now on proofs are short stand-ins, functions of program and input as well, and the judge
 * compares instead of verifying: a hundred times as fast, for scenarios that are about waiting. */
void prover_sim_stand_in(struct prover_sim *p, bool model);

enum status MUST_USE prover_sim_new(struct prover_sim **out, struct why *why);
void prover_sim_free(struct prover_sim *p);

/* Proofs that are still to be made are made with this kernel (prover/nxp.h); their bytes are the same.
 * ST_INPUT, ST_NOT_FOUND: there is none of this name, or not on this machine. */
enum status MUST_USE prover_sim_use_kernel(struct prover_sim *p, const char *kernel, struct why *why);

/* Proves every input that these settings can hand out, when there are at most this many. */
#define PROVER_SIM_AHEAD 64
enum status MUST_USE prover_sim_ahead(struct prover_sim *p, const struct settings *s,
                                      struct why *why);

enum status MUST_USE prover_sim_prove(struct prover_sim *p, struct bytes *proof,
                                      const char *program_id, const uint32_t input[3],
                                      struct why *why);
struct judge *prover_sim_judge(struct prover_sim *p);
/* Remembers the hashes of the proofs that were made here. */
struct proof_hasher *prover_sim_hasher(struct prover_sim *p);

size_t prover_sim_proofs(const struct prover_sim *p);  /* made */
size_t prover_sim_checks(const struct prover_sim *p);  /* proofs verified by the judge, for real */
