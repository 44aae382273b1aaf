/* SPDX-License-Identifier: Apache-2.0 */
/* A node with a key against an orchestrator: what a client would send, by hand and in one line.
 *
 * Proofs are stand-ins: the judge takes exactly those that bench_proof makes.
 */
#pragma once
#include "mockorch/core/orchestrator.h"

#define BENCH_WALLET "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
#define BENCH_UUID   "11111111-2222-4333-8444-555555555555"
#define BENCH_NODE   "5880437"
#define BENCH_INPUTS 128

#define SECOND NS_PER_S

struct bench_judge {
    struct judge base;
    enum status broken; /* not ST_OK: this is all it says */
};

/* Honest proofs of (program, input) hold; anything else is ST_INVALID. */
struct judge *bench_judge_init(struct bench_judge *j);
void bench_proof(struct buffer *out, const char *program_id, struct bytes input);

struct bench {
    struct settings settings;
    struct fault_plan plan;
    struct store *store;
    struct orchestrator *o;
    struct bench_judge judge;
    struct signing_key *key;
    uint8_t public_key[SIGNING_PUBLIC_SIZE];
    int64_t now_ns;
    const char *peer; /* address that requests come from; NULL: none */
    struct http_response response; /* the last answer */
    struct verdict verdict;
    long heap_left;     /* for tests that refuse memory */
    struct buffer body; /* the last request */
};

/* Settings and plan may be changed between init and start. */
void bench_init(struct bench *b);
void bench_start(struct bench *b);
void bench_fini(struct bench *b);
/* One rule from a name of the catalogue. */
void bench_fault(struct bench *b, const char *name);

/* Sends and has it judged at once; returns the status. */
unsigned bench_send(struct bench *b, enum http_method method, const char *path, struct bytes body);
unsigned bench_fetch(struct bench *b); /* node BENCH_NODE, EXTRA_LARGE_5 */
unsigned bench_fetch_as(struct bench *b, const char *node_id, enum difficulty d);

struct bench_task { /* a copy that outlives the answer */
    char task_id[512];
    char program_id[64];
    uint8_t inputs[BENCH_INPUTS][16];
    size_t input_sizes[BENCH_INPUTS];
    size_t input_count;
    enum task_type type;
    enum difficulty difficulty;
};

/* Out of the last answer; ends the test when there is none. */
struct bench_task bench_task(struct bench *b);

/* A submission under construction: made honest, then tampered with, then sent. */
struct bench_submission {
    struct wire_submission message;
    struct bench_task task;
    struct buffer proofs[BENCH_INPUTS];
    struct bytes proof_bytes[BENCH_INPUTS];
    char hashes[BENCH_INPUTS][KECCAK256_HEX];
    const char *hash_texts[BENCH_INPUTS];
    char proof_hash[KECCAK256_HEX];
    uint8_t signature[SIGNING_SIGNATURE_SIZE];
};

void bench_prove(struct bench *b, struct bench_submission *s, const struct bench_task *t);
void bench_sign(struct bench *b, struct bench_submission *s); /* again, after a change */
unsigned bench_submit(struct bench *b, struct bench_submission *s);
void bench_submission_fini(struct bench_submission *s);

/* fetch, prove, submit: returns the status of the submission. */
unsigned bench_work(struct bench *b);

const char *bench_header(const struct bench *b, const char *name);
/* The message of a JSON error in the last answer; owned by the bench until the next call. */
bool bench_body_says(const struct bench *b, const char *words);

/* An empty store that stops working after so many puts or commits; it must outlive the bench. */
struct bench_failing_store {
    struct store base;
    int puts_left, commits_left;
};

struct bench_failing_store bench_failing_store(int puts, int commits);
