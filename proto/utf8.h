/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the protocol are UTF-8 without NUL.
 *
 * Source:  RFC 3629; the encoding rules of proto3.
 */
#pragma once
#include <stdbool.h>

#include "base/bytes.h"

/* Well-formed: no overlong form, no surrogate, nothing above U+10FFFF. NUL is well-formed. */
bool utf8_valid(struct bytes text);
