/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of the state as JSON, for people and for tests that look from outside. NULL: no memory. */
#pragma once
#include <jansson.h>

#include "mockorch/core/inside.h"

json_t *state_counter(uint64_t value);
json_t *state_user(const struct orchestrator *o, const struct user *u, int64_t now_ns);
json_t *state_node(const struct orchestrator *o, const struct node *n);
json_t *state_task(const struct orchestrator *o, const struct task *t, int64_t now_ns);
json_t *state_of_all(const struct orchestrator *o, int64_t now_ns);
