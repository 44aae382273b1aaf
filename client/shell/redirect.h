/* SPDX-License-Identifier: Apache-2.0 */
/* Which redirects are followed: only those that cannot carry anything to another place or change
 * what is asked.
 *
 *   same scheme, host and port, no user name in the address, and not the very same address
 *   GET    301 302 303 307 308
 *   POST   307 308; the others would turn it into a GET, and a proof would be lost on the way
 *
 * The reference follows ten of any kind (client.md 1.2).
 */
#pragma once
#include <stdbool.h>

#include "proto/http.h"

#define REDIRECT_MOST 3 /* of one request */

/* from: where the request went; to: where the answer points, absolute. */
bool redirect_allowed(const char *from, const char *to, enum http_method method, unsigned status);
