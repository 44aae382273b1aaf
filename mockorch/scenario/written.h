/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario as it is written: every scalar still a text, NULL where a key is absent. libcyaml fills
 * it by the tables in written.c; scenario.c makes values of it.
 */
#pragma once
#include "base/bytes.h"

struct written_program {
    char *id, *weight, *n, *a, *b;
    char *n_small, *n_small_medium, *n_medium, *n_large, *n_extra_large, *n_extra_large_2,
        *n_extra_large_3, *n_extra_large_4, *n_extra_large_5;
};

struct written_types {
    char *proof_required, *proof_hash, *all_proof_hashes;
};

struct written_node {
    char *id, *wallet;
};

struct written_orchestrator {
    char *fetches_per_window, *window, *submissions_per_window, *refusals_per_window, *refusal_gap, *task_expiry, *nodes_per_user,
        *nodes_per_day, *task_limit, *idle_retry, *max_submission_bytes, *closed_tasks_kept, *credits_kept, *requests_kept,
        *allowance, *node_fetches, *node_window, *key_fetches, *key_window, *address_fetches,
        *address_window, *retry_after, *rate_limit_fields, *reputation_start, *reputation_raise,
        *reputation_lower, *consensus,
        *inputs_per_task, *difficulty_ceiling, *difficulty_drop, *difficulty_grows, *judging;
    struct written_types *task_types;
    struct written_program *programs;
    unsigned programs_count;
    struct written_node *nodes;
    unsigned nodes_count;
};

struct written_network {
    char *latency, *jitter, *spread, *loss, *retransmit, *reset, *duplicate, *bytes_per_second,
        *up_bytes_per_second, *down_bytes_per_second;
};

struct written_client {
    char *name, *count, *nodes, *proofs_at_once, *profile, *max_tasks, *max_difficulty, *start, *start_spread,
        *prove, *prove_jitter, *prove_grows, *prove_fails, *prove_dies, *disk_torn, *disk_lost,
        *disk_full, *disk_error, *disk_stalls, *disk_rot, *memory_short, *prove_wrong, *clock_drift_ppm, *wall_skew,
        *registers, *wallet, *version, *version_page, *country_page, *release_page;
};

struct written_fault {
    char *name, *fault;
    char *call, *node, *from, *until, *nth, *after, *first, *every, *at_most, *probability;
    char *status, *body, *processed, *retry_after, *location, *delay, *jitter, *lose, *cut,
        *truncate, *dribble, *dribble_gap, *corrupt, *twice, *task, *head, *mutate, *date_offset,
        *spread;
};

struct written_event {
    char *at, *event, *who, *for_, *every, *amount, *call, *body, *answers;
};

struct written_expect {
    char *metric, *at_least, *at_most;
};

struct written_choice {
    char *lane, *number, *value;
};

struct written {
    char *name, *about, *seed, *duration, *heal_at, *faults_by_header, *proofs, *swarm, *buggify,
        *tape;
    struct written_orchestrator *orchestrator;
    struct written_network *network;
    struct written_client *clients;
    unsigned clients_count;
    struct written_fault *faults;
    unsigned faults_count;
    struct written_event *events;
    unsigned events_count;
    struct written_expect *expect;
    unsigned expect_count;
    struct written_choice *choices;
    unsigned choices_count;
};

/* ST_INPUT with the line in the words. */
enum status MUST_USE written_load(struct written **out, struct bytes yaml, struct why *why);
void written_free(struct written *w);
