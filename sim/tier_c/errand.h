/* SPDX-License-Identifier: Apache-2.0 */
/* One call of the mock's admin pages, over the unix socket that only we know.
 *
 * Owner:   the answer's bytes go into the caller's buffer, in place of what was there.
 * Errors:  ST_IO: no answer within a few seconds, or one that is no success; ST_NO_MEMORY.
 */
#pragma once
#include "base/bytes.h"

/* body NULL: none. method "GET", "POST", "DELETE". */
enum status MUST_USE errand_run(struct buffer *out, const char *socket, const char *method,
                                const char *path, const char *body, struct why *why);
