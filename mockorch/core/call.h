/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of the protocol and how a method and a path name one.
 *
 * Source:  client.md 3 and 12.4.
 */
#pragma once
#include <stdbool.h>

#include "proto/http.h"

enum call {
    CALL_USER,          /* GET  /v3/users/{wallet} */
    CALL_REGISTER_USER, /* POST /v3/users */
    CALL_REGISTER_NODE, /* POST /v3/nodes */
    CALL_NODE,          /* GET  /v3/nodes/{node_id} */
    CALL_FETCH,         /* POST /v3/tasks */
    CALL_SUBMIT,        /* POST /v3/tasks/submit */
    CALL_LIST_BODY,     /* GET  /v3/tasks, node in the body: v0.8.4 to v0.9.0 */
    CALL_LIST,          /* GET  /v3/tasks/{node_id}: v0.9.1 to v0.10.1 */
    CALL_UNKNOWN,       /* no such path */
    CALL_BAD_METHOD,    /* the path exists, not for this method */
};
#define CALL_COUNT (CALL_BAD_METHOD + 1)

#define CALL_MAX_PARAMETER 128

/* "fetch": the word for logs, metrics and fault rules. */
const char *call_name(enum call c);
/* false: no call of that name. */
bool call_of_name(enum call *out, const char *name);

/* The call, and what stands at {…} with percent-encoding undone ("" when there is nothing, or when it
 * is longer than any name we know or holds a NUL). A query string is ignored. */
enum call call_parse(char parameter[static CALL_MAX_PARAMETER], enum http_method method,
                     const char *path);
