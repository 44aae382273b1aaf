/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent for a finished task: which of its hashes and proofs, by task type.
 *
 * Source:  client.md 4.3, 4.4.
 */
#pragma once
#include "client/core/outbox.h"

/* The text that is signed and that the server compares, from the hashes of the proofs into
 * r->proof_hash. false: out of memory. */
bool MUST_USE payload_hash(struct outbox_record *r);

/* The body of the submission. The same record gives the same bytes: every value in it was fixed
 * when it was proved. once: a single proof goes into field 5 only, as v0.9.0 sent it. A failed
 * buffer is the only error. */
void payload_put(struct buffer *out, const struct outbox_record *r, bool once);
