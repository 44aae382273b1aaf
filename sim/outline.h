/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario's YAML as a tree that can be pruned: mappings, lists, and scalars that stay texts, in
 * the order in which they are written. Which keys exist and what they mean is not known here, so a
 * scenario with new ones can be shrunk too.
 *
 * Errors:  outline_read: ST_INPUT with the line; ST_NO_MEMORY.
 */
#pragma once
#include <jansson.h>

#include "base/bytes.h"

enum status MUST_USE outline_read(json_t **out, struct bytes yaml, struct why *why);
/* As YAML; entries of lists take one line each. */
void outline_write(struct buffer *out, const json_t *tree);
