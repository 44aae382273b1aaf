/* SPDX-License-Identifier: Apache-2.0 */
/* What the orchestrator remembers, as JSON objects with short names, and back: the values of a store
 * and of a snapshot.
 *
 * Units:   nanoseconds on the orchestrator's own line (timeline.h), whose zero is a record too.
 * Owner:   the caller of record_of_… frees the object; NULL: no memory.
 * Errors:  ST_INPUT: the record is none of ours, and the words name it; ST_NO_MEMORY.
 *
 * Users come before their nodes, nodes before their tasks.
 */
#pragma once
#include <jansson.h>

#include "mockorch/core/inside.h"

json_t *record_of_user(const struct user *u);
json_t *record_of_node(const struct orchestrator *o, const struct node *n);
json_t *record_of_task(const struct orchestrator *o, const struct task *t);
json_t *record_of_credit(const struct orchestrator *o, const struct credits_entry *e);
json_t *record_of_timeline(const struct timeline *t);
json_t *record_of_faults(const struct fault_plan *p, uint64_t seed);

/* One more member, which may be NULL; without memory NULL is returned and both are gone: what lacks a
 * part is none, rather than another one. */
json_t *record_append(json_t *list, json_t *takes);
json_t *record_set(json_t *object, const char *key, json_t *takes);

/* For free(); NULL: no memory. json_dumps does not do: when its buffer cannot grow at the end of a
 * name, jansson 2.14 goes on without noticing, and what it returns is no JSON any more. */
char *record_text(const json_t *value, size_t flags);

void record_credit_key(char out[static 24], uint64_t number);

#define RECORD_TIMELINE "timeline" /* keys of STORE_STATE */
#define RECORD_FAULTS   "faults"
#define RECORD_COUNTERS "counters"

/* Adds what the record says; counters of the orchestrator follow. */
enum status MUST_USE record_load(struct orchestrator *o, enum store_kind kind, const char *key,
                                 const json_t *record, struct why *why);
