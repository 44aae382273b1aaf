/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/call.h"

#include <string.h>

static const char *const names[CALL_COUNT] = {
    [CALL_USER] = "user",
    [CALL_REGISTER_USER] = "register_user",
    [CALL_REGISTER_NODE] = "register_node",
    [CALL_NODE] = "node",
    [CALL_FETCH] = "fetch",
    [CALL_SUBMIT] = "submit",
    [CALL_LIST_BODY] = "list_body",
    [CALL_LIST] = "list",
    [CALL_UNKNOWN] = "unknown",
    [CALL_BAD_METHOD] = "bad_method",
};

const char *call_name(enum call c)
{
    return names[c];
}

bool call_of_name(enum call *out, const char *name)
{
    for (int c = 0; c < CALL_COUNT; c++)
        if (strcmp(names[c], name) == 0) {
            *out = (enum call)c;
            return true;
        }
    return false;
}

/* First match wins, so /v3/tasks/submit stands before /v3/tasks/{node_id}. */
static const struct {
    const char *prefix;
    bool has_parameter;
    enum http_method method;
    enum call call;
} calls[] = {
    {"/v3/tasks/submit", false, HTTP_POST, CALL_SUBMIT},
    {"/v3/tasks", false, HTTP_POST, CALL_FETCH},
    {"/v3/tasks", false, HTTP_GET, CALL_LIST_BODY},
    {"/v3/tasks/", true, HTTP_GET, CALL_LIST},
    {"/v3/nodes", false, HTTP_POST, CALL_REGISTER_NODE},
    {"/v3/nodes/", true, HTTP_GET, CALL_NODE},
    {"/v3/users", false, HTTP_POST, CALL_REGISTER_USER},
    {"/v3/users/", true, HTTP_GET, CALL_USER},
};

static bool decode_parameter(char out[static CALL_MAX_PARAMETER], const char *text, size_t length)
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        uint8_t byte;
        char digits[3];

        if (used == CALL_MAX_PARAMETER - 1)
            return false;
        if (c == '%') {
            if (length - i < 3)
                return false;
            digits[0] = text[i + 1];
            digits[1] = text[i + 2];
            digits[2] = 0;
            if (!hex_decode(&byte, 1, digits) || byte == 0)
                return false;
            c = (char)byte;
            i += 2;
        }
        out[used++] = c;
    }
    out[used] = 0;
    return true;
}

enum call call_parse(char parameter[static CALL_MAX_PARAMETER], enum http_method method,
                     const char *path)
{
    size_t length = strcspn(path, "?#");
    enum call found = CALL_UNKNOWN;

    parameter[0] = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        size_t fixed = strlen(calls[i].prefix);
        bool same = length >= fixed && memcmp(path, calls[i].prefix, fixed) == 0;

        if (calls[i].has_parameter)
            same = same && length > fixed && !memchr(path + fixed, '/', length - fixed);
        else
            same = same && length == fixed;
        if (!same)
            continue;
        if (calls[i].method != method) {
            found = CALL_BAD_METHOD;
            continue;
        }
        if (calls[i].has_parameter && !decode_parameter(parameter, path + fixed, length - fixed))
            parameter[0] = 0;
        return calls[i].call;
    }
    return found;
}
