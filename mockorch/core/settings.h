/* SPDX-License-Identifier: Apache-2.0 */
/* How this orchestrator behaves when nothing goes wrong: every number of client.md 13.5, and what work
 * it hands out.
 *
 * Owner:   plain value; copy it freely.
 * Errors:  settings_check: ST_INPUT with the name of the setting in the words.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "mockorch/core/quota.h"
#include "proto/wire.h"

#define SETTINGS_MAX_PROGRAMS 8
#define SETTINGS_PROGRAM_SIZE 64
#define SETTINGS_MOST_CONSENSUS 16
#define SETTINGS_BUCKETS      9 /* SMALL to EXTRA_LARGE_5 */

struct settings_range {
    uint32_t low, high; /* both ends possible */
};

/* One source of tasks: each input is three words n, a, b drawn from the ranges (client.md 4.1). */
struct settings_program {
    char id[SETTINGS_PROGRAM_SIZE];
    uint32_t weight; /* how often it is drawn, against the others */
    struct settings_range n, a, b;
    /* n of one bucket, instead of n (and of its growth); high 0: none */
    struct settings_range n_of[SETTINGS_BUCKETS];
};

enum judging {
    JUDGING_FULL, /* hashes are compared and proofs verified */
    JUDGING_HASH, /* hashes are compared; proofs are taken on trust */
    JUDGING_NONE, /* forms only: the submission's word is taken for all */
};

struct settings_allowance {
    uint32_t limit; /* 0: none */
    int64_t window_ns;
};

enum settings_fields { /* which fields tell what is left of an allowance */
    SETTINGS_FIELDS_NONE,
    SETTINGS_FIELDS_NEW, /* RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers) */
    SETTINGS_FIELDS_OLD, /* X-RateLimit-Limit, -Remaining, -Reset */
    SETTINGS_FIELDS_BOTH,
};

/* A node gets no harder tasks than it has earned. */
struct settings_reputation {
    enum difficulty start;
    uint32_t raise; /* one bucket up for so many accepted in a row; 0: never */
    uint32_t lower; /* one bucket down for so many refused proofs; 0: never. Both 0: no gate */
};

struct settings {
    uint64_t seed;
    int64_t wall_at_zero_ns; /* what the wall clock (1970, UTC) shows when `now` is 0 */

    /* limits */
    uint32_t fetches_per_window; /* tasks given to one user; 0: no limit */
    int64_t window_ns;
    struct settings_allowance fetches_per_node, fetches_per_key, fetches_per_address;
    enum quota_shape allowance;      /* of all fetches */
    bool retry_after_date;           /* Retry-After as a date, not as seconds */
    enum settings_fields rate_limit_fields;
    uint32_t submissions_per_window; /* accepted ones of one user; 0: no limit */
    uint32_t refusals_per_window;    /* submissions of one user that are wrong; 0: no limit */
    int64_t refusal_gap_ns;          /* patience.h; 0: no refusal is held back */
    int64_t task_expiry_ns;          /* from assignment to the 404 */
    uint32_t nodes_per_user, nodes_per_day; /* 0: no limit */
    uint64_t task_limit;             /* tasks made in all; 0: no limit */
    int64_t idle_retry_ns;           /* Retry-After when no task is left */
    uint64_t max_submission_bytes;
    uint32_t credits_kept;           /* entries of the ledger; at least 1 */
    uint32_t requests_kept;          /* entries of the journal; 0: none */
    bool requests_saved;             /* in the store, with the counters of requests */
    uint32_t closed_tasks_kept;      /* so many are remembered, the others forgotten; 0: all */

    /* work */
    struct settings_program programs[SETTINGS_MAX_PROGRAMS];
    uint32_t program_count;
    struct settings_range inputs_per_task;
    uint32_t type_weights[3]; /* by enum task_type */
    enum difficulty difficulty_ceiling;
    double difficulty_drop; /* chance that a task is one bucket below what was asked for */
    struct settings_reputation reputation;
    uint32_t consensus; /* nodes that get the same hash-only work; 0 and 1: each its own */
    bool difficulty_grows;  /* n doubles with each bucket above SMALL */

    enum judging judging;
};

/* 3 tasks and 100 wrong submissions per 180 s and user, 10 minutes a task, the built-in guest `fib` with one small input,
 * proofs required and verified. */
void settings_init(struct settings *s);

/* The longest window in which a fetch or a submission counts; 0: none does. */
int64_t settings_longest_window_ns(const struct settings *s);
/* 0 for SMALL to SETTINGS_BUCKETS - 1. */
size_t settings_bucket(enum difficulty d);

enum status MUST_USE settings_check(const struct settings *s, struct why *why);

/* Appends a program with the default ranges; ST_INPUT when there is no room, or for a bad name. */
enum status MUST_USE settings_add_program(struct settings *s, const char *id, struct why *why);
