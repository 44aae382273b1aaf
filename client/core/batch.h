/* SPDX-License-Identifier: Apache-2.0 */
/* A fetch of v0.9.0 under way: GET /v3/tasks for what is assigned already, and when that is nothing,
 * POST /v3/tasks up to twenty times (client.md 12.4).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct batch {
    bool active, posting;
    unsigned posts, not_found; /* not_found: in a row */
    size_t fresh, duplicates, malformed;
};
