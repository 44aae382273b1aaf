/* SPDX-License-Identifier: Apache-2.0 */
/* What a node may be trusted with: accepted submissions raise it bucket by bucket, refused proofs lower
 * it (client.md 13.3: the server may give less by reputation).
 *
 * Owner:   the node's own fields.
 * Errors:  none.
 */
#pragma once
#include "mockorch/core/registry.h"

void reputation_start(struct node *n, const struct settings_reputation *r);
void reputation_accepted(struct node *n, const struct settings_reputation *r);
void reputation_refused(struct node *n, const struct settings_reputation *r);
/* The hardest that a node may get when it asks for this. */
enum difficulty reputation_cap(const struct node *n, const struct settings_reputation *r,
                               enum difficulty asked);
