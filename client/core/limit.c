/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/limit.h"

#include <ctype.h>
#include <string.h>

#include "client/core/ratelimit.h"

#define BODY_READ ((size_t)4096) /* nobody's error message is longer */

/* text is in lower case. Bytes behind a NUL count too: a body is no text of ours. */
static bool holds(struct bytes body, const char *text)
{
    size_t size = strlen(text);
    size_t end = body.size < BODY_READ ? body.size : BODY_READ;

    for (size_t at = 0; at + size <= end; at++) {
        size_t i = 0;

        while (i < size && tolower(body.data[at + i]) == text[i])
            i++;
        if (i == size)
            return true;
    }
    return false;
}

enum limit limit_of(const struct http_response *response)
{
    static const struct {
        const char *text;
        enum limit meaning;
    } known[] = {
        {"submission limit exceeded", LIMIT_TOO_FAST},
        {"quota-exceeded", LIMIT_TOO_FAST},
        {"abnormal-usage-detected", LIMIT_TOO_FAST},
        {"temporary-reduced-capacity", LIMIT_NO_TASK},
        {"no task", LIMIT_NO_TASK},
        {"no available task", LIMIT_NO_TASK},
        {"no proof task", LIMIT_NO_TASK},
        {"task not available", LIMIT_NO_TASK},
        {"tasks are not available", LIMIT_NO_TASK},
    };
    struct ratelimit l;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (holds(response->body, known[i].text))
            return known[i].meaning;
    if (ratelimit_read(&l, response))
        return l.remaining > 0 ? LIMIT_NO_TASK : LIMIT_TOO_FAST;
    return LIMIT_UNSAID;
}
