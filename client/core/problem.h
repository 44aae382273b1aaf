/* SPDX-License-Identifier: Apache-2.0 */
/* An error answer in one line of words, whatever its body is: the orchestrator's JSON, a gateway's
 * HTML page, or plain text.
 *
 * Source:  client.md 1.4; users-want.md 12.
 */
#pragma once
#include <stddef.h>

#include "proto/http.h"

#define PROBLEM_TEXT 256

/* "HTTP 429: Rate limit exceeded for user." Control characters are gone, long texts are cut. */
void problem_describe(char out[static PROBLEM_TEXT], const struct http_response *response);

/* Replaces what could disturb a terminal by '?'; UTF-8 passes. */
void problem_clean(char *text);
