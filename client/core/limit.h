/* SPDX-License-Identifier: Apache-2.0 */
/* What a 429 means: that we ask too fast, or that there is no task for us yet. The network uses one
 * status, and in fact one text, for both (client.md 13.1; a maintainer in #1853), so most answers
 * do not tell. These do:
 *
 *   TOO_FAST  "submission limit exceeded"; RateLimit with nothing remaining; a problem type of
 *             quota-exceeded or abnormal-usage-detected
 *   NO_TASK   "no task", "no tasks", "task not available" …; RateLimit with requests remaining; a
 *             problem type of temporary-reduced-capacity
 *
 * "Rate limit exceeded for user" is said for both, and stays UNSAID.
 *
 * Source:  client.md 13.1, users-want.md 1; draft-ietf-httpapi-ratelimit-headers (simulation.md 3).
 */
#pragma once
#include "proto/http.h"

enum limit { LIMIT_UNSAID, LIMIT_TOO_FAST, LIMIT_NO_TASK };

enum limit limit_of(const struct http_response *response);
