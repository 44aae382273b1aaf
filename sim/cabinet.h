/* SPDX-License-Identifier: Apache-2.0 */
/* The store of a simulated orchestrator: what was put is there once it is committed, and what was
 * not committed is gone with the process. Its disk may be full (nothing more can be put) or broken
 * (no commit succeeds) for a while.
 *
 * Owner:   heap (store_free).
 * Errors:  ST_IO while it is full or broken; ST_NO_MEMORY while memory is scarce (scarcity.h).
 */
#pragma once
#include "mockorch/core/store.h"

enum cabinet_trouble { CABINET_SOUND, CABINET_FULL, CABINET_BROKEN };

enum status MUST_USE cabinet_new(struct store **out, struct why *why);
void cabinet_trouble(struct store *cabinet, enum cabinet_trouble trouble);
/* The process is gone. */
void cabinet_drop(struct store *cabinet);
