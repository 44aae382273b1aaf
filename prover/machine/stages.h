/* SPDX-License-Identifier: Apache-2.0 */
/* Every stage's values as JSON, in the form of the golden dumps (tests/golden/proofs):
 * of whole columns there are BLAKE2s digests of their little-endian words.
 *
 * Owner:   heap; stages_free accepts NULL.
 * Errors:  memory that the dump did not get is reported once, by stages_write.
 *
 * The prover keeps neither trace values nor coefficients. The dump computes them from the committed
 * columns, one column at a time.
 */
#pragma once
#include "prover/stark/stage_sink.h"

struct stages;

enum status MUST_USE stages_new(struct stages **out, struct why *why);
void stages_free(struct stages *s);

/* What machine_prove is handed; lives as long as s. */
struct stage_sink *stages_sink(struct stages *s);

/* Appends the JSON text of all stages so far. */
enum status MUST_USE stages_write(const struct stages *s, struct buffer *out, struct why *why);
