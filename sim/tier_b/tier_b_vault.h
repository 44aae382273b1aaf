/* SPDX-License-Identifier: Apache-2.0 */
/* A client's real outbox: client/shell/outbox_sqlite in a folder of its own, one for each life of
 * the client's process.
 *
 * kill -9 is a copy: what the files hold at that moment, log included, goes to the next life's
 * folder, and only then the database is closed, which would have tidied it up. A power cut is a
 * copy of what they held before the disk began to lie, with half a write behind it when that is
 * torn. What SQLite finds in it must be what the model's disk has, each open record byte by byte.
 *
 * Owner:   heap (tier_b_vault_free accepts NULL).
 */
#pragma once
#include "sim/vault.h"

struct tier_b_vault;

/* gone: its host's process has been killed. */
enum status MUST_USE tier_b_vault_new(struct tier_b_vault **out, const char *folder, unsigned host,
                                      void (*gone)(void *context, const void *host, uint64_t life),
                                      void *context, struct why *why);
void tier_b_vault_free(struct tier_b_vault *v);
struct vault *tier_b_vault_base(struct tier_b_vault *v);
