/* SPDX-License-Identifier: Apache-2.0 */
/* A tape as an HTTP Archive, for the network views of browsers and other tools.
 *
 * Source:  HAR 1.2 (W3C draft of 2012). Bodies are base64, credentials are gone already (tape.h).
 */
#pragma once
#include "mockorch/server/tape.h"

/* base: "http://127.0.0.1:8080", in front of each path. wall_at_zero_ns: of the tape's times. A
 * failed buffer means no memory. */
void har_write(struct buffer *out, const struct tape *tape, const char *base,
               int64_t wall_at_zero_ns);
