/* SPDX-License-Identifier: Apache-2.0 */
/* The history of credits: for each that a user got or lost, when, for which task, and what he had
 * then. Balances are the users' own; of the history the last entries are kept.
 *
 * Owner:   heap inside (credits_fini, safe on a zeroed value).
 * Errors:  ST_NO_MEMORY.
 */
#pragma once
#include <stdint.h>

#include "base/status.h"

#define CREDITS_BY_HAND UINT32_MAX

struct credits_entry {
    uint64_t number; /* 1, 2, … */
    int64_t at_ns;
    uint32_t user, node; /* places; CREDITS_BY_HAND: by hand */
    int64_t amount;
    uint64_t balance;  /* the user's, with it */
    char task_id[64];  /* its beginning, when it is longer; "" by hand */
    char reason[96];
};

struct credits {
    struct credits_entry *entries; /* a ring that grows up to kept */
    uint32_t first, count, capacity, kept;
    uint64_t written; /* the last one's number */
};

/* kept: at least 1. */
void credits_init(struct credits *l, uint32_t kept);
void credits_fini(struct credits *l);
/* Room for one more, so that the next credits_add cannot fail. */
enum status MUST_USE credits_reserve(struct credits *l, struct why *why);
/* The number of the entry that credits_add will forget for a new one; 0: none. */
uint64_t credits_leaving(const struct credits *l);
/* Copies it; its number is set unless it has one (read back from a store), above all before. */
const struct credits_entry *credits_add(struct credits *l, const struct credits_entry *entry);
const struct credits_entry *credits_at(const struct credits *l, uint32_t i); /* 0: the oldest */
