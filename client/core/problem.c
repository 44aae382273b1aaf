/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/problem.h"

#include <jansson.h>
#include <string.h>

#include "base/print.h"

#define BODY_PARSED    ((size_t)64 << 10) /* nobody's error message is longer */
#define BODY_SHOWN     160
#define SHOWN_LOCATION 120

void problem_clean(char *text)
{
    unsigned char *c = (unsigned char *)text;
    size_t size = strlen(text); /* known, so that the loop may take many at a time */

    for (size_t i = 0; i < size; i++)
        c[i] = c[i] < 0x20 || c[i] == 0x7f ? '?' : c[i];
}

/* {"name": …, "message": …, "httpCode": …}: the message, owned by *root. */
static const char *message_of(struct bytes body, json_t **root)
{
    *root = body.size > 0 && body.size <= BODY_PARSED
                ? json_loadb((const char *)body.data, body.size, 0, NULL)
                : NULL;
    return json_string_value(json_object_get(*root, "message"));
}

static bool is_html(struct bytes body)
{
    size_t i = 0;

    while (i < body.size && strchr(" \t\r\n", (char)body.data[i]) && body.data[i])
        i++;
    return i < body.size && body.data[i] == '<';
}

/* The start of a text up to a line's end; a character cut in half is dropped. */
static size_t first_line(struct bytes body)
{
    size_t n = 0;

    while (n < body.size && n < BODY_SHOWN && body.data[n] != '\n' && body.data[n] != '\0')
        n++;
    if (n == BODY_SHOWN)
        while (n > 0 && (body.data[n] & 0xc0) == 0x80)
            n--;
    return n;
}

void problem_describe(char out[static PROBLEM_TEXT], const struct http_response *response)
{
    struct bytes body = response->body;
    const char *location =
        response->status >= 300 && response->status <= 399
            ? http_header_of(response->headers, response->header_count, "location")
            : NULL;
    json_t *root;
    const char *message = message_of(body, &root);

    if (location) {
        print_text(out, PROBLEM_TEXT,
                 "HTTP %u: it sends us to '%.*s', which is not followed (only another address of "
                 "the same server is, and a POST only by 307 or 308)",
                 response->status, SHOWN_LOCATION, location);
        problem_clean(out);
        json_decref(root);
        return;
    }
    if (message)
        body = bytes_of_text(message);
    if (is_html(body))
        print_text(out, PROBLEM_TEXT, "HTTP %u (a web page, not the orchestrator's own answer)",
                 response->status);
    else if (body.size > 0)
        print_text(out, PROBLEM_TEXT, "HTTP %u: %.*s", response->status, (int)first_line(body),
                 (const char *)body.data);
    else
        print_text(out, PROBLEM_TEXT, "HTTP %u", response->status);
    problem_clean(out);
    json_decref(root);
}
