/* SPDX-License-Identifier: Apache-2.0 */
/* start --faithful: a reference client instead of our core, with its defects. Finished proofs are
 * thrown away on purpose; nothing is read from the outbox, and nothing is written there.
 *
 * Source:  client.md 5, 10, 12; client/core/reference.h.
 */
#pragma once
#include "client/cli/start_options.h"

/* Warns, and makes it with a key of its own, which lives as long. slots: of the prover. */
enum status MUST_USE faithful_open(struct runtime **out, struct signing_key **key,
                                   const struct start_options *o, unsigned slots, struct why *why);
