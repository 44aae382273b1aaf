/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as RateLimit and RateLimit-Policy (a line each): nothing is read, or a wait of a day at
 * most. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/ratelimit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *policy;
    struct http_response r = {.status = 200};
    struct ratelimit l;

    assert(text);
    memcpy(text, data, size);
    text[size] = '\0';
    policy = strchr(text, '\n');
    if (policy)
        *policy++ = '\0';
    r.headers[r.header_count++] = (struct http_header){"ratelimit", text};
    if (policy)
        r.headers[r.header_count++] = (struct http_header){"ratelimit-policy", policy};
    if (ratelimit_read(&l, &r)) {
        assert(l.remaining >= 0 && l.reset_s >= 0);
        assert(ratelimit_wait_ns(&l) >= 0 &&
               ratelimit_wait_ns(&l) <= RATELIMIT_LONGEST_S * NS_PER_S);
    }
    free(text);
    return 0;
}
