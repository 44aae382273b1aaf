/* SPDX-License-Identifier: Apache-2.0 */
/* Which tasks are closed: the last KNOWN_TASKS of them, by hash.
 *
 * Whoever made ids whose hashes collide would only be spared a proof by us.
 *
 * Owner:   plain value with heap inside (known_fini; safe on a zeroed one).
 * Errors:  known_init: false without memory. Later a lasting shortage means that fewer are known.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KNOWN_TASKS 4096

struct known {
    struct known_task *tasks; /* a ring: the oldest is overwritten */
    uint16_t *heads;          /* places by hash, one more than the task's number; 0: none */
    size_t capacity;          /* of both; a power of two */
    size_t count;             /* that were ever put */
};

bool known_init(struct known *k);
void known_fini(struct known *k);
void known_put(struct known *k, const char *task_id);
bool known_has(const struct known *k, const char *task_id);
