/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in the JSON mapping of protobuf, to compare them with the vectors field by field.
 *
 * Owner:   the caller owns what is returned.
 */
#pragma once
#include <jansson.h>

#include "proto/wire.h"

/* Decodes by the schema's name of the message, renders it, and encodes it again into again. NULL
 * with the words in why when it does not decode, or has no such name. */
json_t *wire_json_decode(const char *message, struct bytes body, struct buffer *again,
                         struct why *why);
