/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8: is it, and what it becomes when it must be (vm.md 3.1, 7.4).
 *
 * Source: The Unicode Standard, table 3-7 and "U+FFFD substitution of maximal subparts".
 */
#pragma once
#include "base/bytes.h"

bool utf8_is_valid(struct bytes text);

/* Appends the text, each maximal ill-formed part replaced by U+FFFD. */
void utf8_put_lossy(struct buffer *out, struct bytes text);
