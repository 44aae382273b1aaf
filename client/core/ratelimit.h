/* SPDX-License-Identifier: Apache-2.0 */
/* What a server says about its allowance in the fields RateLimit and RateLimit-Policy:
 *
 *   RateLimit: "default";r=50;t=30          50 more requests in the next 30 s
 *   RateLimit-Policy: "default";q=100;w=60  100 requests in each 60 s
 *
 * and in the form of the drafts before (limit=100, remaining=50, reset=30). Of several policies the
 * one that asks for the longest wait counts. A Retry-After in the same answer takes precedence, and
 * what remains is no promise.
 *
 * Source:  draft-ietf-httpapi-ratelimit-headers (simulation.md 3), rule 5 there.
 * Owner:   plain value.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "proto/http.h"

#define RATELIMIT_LONGEST_S ((int64_t)24 * 3600)

struct ratelimit {
    int64_t remaining; /* requests */
    int64_t reset_s;   /* until there are more; at most RATELIMIT_LONGEST_S */
};

/* false: the answer says nothing that can be read. */
bool ratelimit_read(struct ratelimit *out, const struct http_response *response);
/* The next request is not before then: all of the time when nothing remains, otherwise its share.
 */
int64_t ratelimit_wait_ns(const struct ratelimit *l);
