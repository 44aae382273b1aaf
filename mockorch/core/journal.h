/* SPDX-License-Identifier: Apache-2.0 */
/* The last requests and why they were answered as they were.
 *
 * Owner:   heap inside (journal_fini, safe on a zeroed value), taken with the first entry.
 * Errors:  none: without memory nothing is kept.
 */
#pragma once
#include "mockorch/core/orchestrator.h"

/* What became of an answer, once it was known what it is. */
enum journal_end {
    JOURNAL_UNDER_WAY,
    JOURNAL_SENT,   /* all of it went to the system, as it should be */
    JOURNAL_CUT,    /* a fault kept it, or a part of it, back, or spoilt its head */
    JOURNAL_LEFT,   /* the client had gone before */
};

const char *journal_end_name(enum journal_end e); /* "under way", "sent", "cut", "left" */

#define JOURNAL_TEXT 80 /* paths and peers; keys and hashes in hex fit */

struct journal_entry {
    uint64_t number; /* 1, 2, …: of all requests */
    int64_t at_ns, took_ns;
    enum http_method method;
    char path[JOURNAL_TEXT], peer[JOURNAL_TEXT];
    size_t body_bytes, answer_bytes;
    struct verdict verdict;
    unsigned port;      /* of the peer; 0: not said */
    uint64_t body_hash; /* of a submission (base/mix.h) */
    int64_t retry_after_s; /* -1: none that can be read */
    enum journal_end end;
    int64_t end_ns; /* the answer's, or the connection's */
    /* key_got: of a fetch too. The rest of a submission whose body could be read; wanted: what the task says, "" when it is unknown */
    bool submission;
    const char *task_state; /* NULL: no such task */
    char key_got[JOURNAL_TEXT], key_wanted[JOURNAL_TEXT], proof_hash[JOURNAL_TEXT];
    size_t key_bytes, signature_bytes, proofs, all_proof_hashes, inputs;
    int task_type;
};

struct journal {
    struct journal_entry *entries; /* a ring */
    uint32_t capacity;             /* 0: nothing is kept */
    uint64_t written;              /* the last one's number */
    uint64_t forgotten;            /* up to this number nothing is here any more */
};

void journal_init(struct journal *j, uint32_t capacity);
void journal_fini(struct journal *j);
/* A zeroed entry with its number, in the place of the oldest; NULL: nothing is kept. */
struct journal_entry *journal_add(struct journal *j);
void journal_clear(struct journal *j); /* numbers go on */
/* The number of the oldest entry that is here; journal.written + 1 when there is none. */
uint64_t journal_first(const struct journal *j);
struct journal_entry *journal_at(struct journal *j, uint64_t number);
const struct journal_entry *journal_get(const struct journal *j, uint64_t number);
