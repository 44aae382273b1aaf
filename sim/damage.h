/* SPDX-License-Identifier: Apache-2.0 */
/* Damage to what an orchestrator has kept: what broken disks, editors, other versions and tired
 * people make of a text, which is JSON before.
 *
 *   torn, emptied      its end is missing, or all of it
 *   flipped            one bit is another
 *   exchanged          one value of it, at any depth, is replaced by one that is like it and wrong:
 * of another type, out of its bounds, too long, one off, a value of elsewhere; or is left out; or
 * is there twice
 *
 * Owner:   damage_text: the caller's buffer, initialised. damage_store: a store of the caller's.
 * Errors:  ST_NO_MEMORY of the store.
 */
#pragma once
#include "base/prng.h"
#include "mockorch/core/store.h"

/* One damage; the text may come out as it was. */
void damage_text(struct buffer *out, struct prng *prng, struct bytes text);

/* All that is in one store into another one, but for one damaged record: of any kind, or its key,
 * or two records have changed places. */
enum status MUST_USE damage_store(struct store *to, struct store *from, struct prng *prng,
                                  struct why *why);
