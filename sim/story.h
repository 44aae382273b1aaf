/* SPDX-License-Identifier: Apache-2.0 */
/* A run as a story: the notes of the world (world_note), read back as what somebody did, with each
 * request joined to its answer.
 *
 * A note of a form that is not known here becomes an entry of kind STORY_WORLD with its own words,
 * so nothing is left out.
 *
 * Owner:   heap (story_fini).
 */
#pragma once
#include "sim/run.h"

enum story_kind {
    STORY_WORLD,   /* the network parts, faults stop */
    STORY_LIFE,    /* a process starts, is killed, ends */
    STORY_REQUEST, /* it leaves the client */
    STORY_ANSWER,  /* it arrives, or there is none */
    STORY_SERVER,  /* the orchestrator answers */
    STORY_FAULT,   /* … by a fault */
    STORY_DISK,
    STORY_PROVER,
    STORY_LINE, /* what the client tells its user */
    STORY_KINDS,
};

const char *story_kind_name(enum story_kind k); /* "request" */

#define STORY_NO_CLIENT (-1)

struct story_entry {
    int64_t at_ns;
    enum story_kind kind;
    int client;       /* or STORY_NO_CLIENT */
    uint64_t id;      /* of a request, a proof, a record; 0: none */
    unsigned status;  /* of an answer; 0: none came */
    int64_t began_ns; /* of an answer, a proof: when it was asked for; -1: unknown */
    int64_t wait_ns;  /* of a line: that it says will pass; 0: none */
    char *text;
};

struct story {
    struct story_entry *entries;
    size_t count, capacity;
    struct run_result result;
};

/* Runs it once more and listens. o->trace is not used. */
enum status MUST_USE story_of_run(struct story *out, const struct scenario *s,
                                  struct prover_sim *prover, const struct run_options *o,
                                  struct why *why);
void story_fini(struct story *s);

/* "0d04:12:09.120" */
void story_time(char out[static 32], int64_t ns);
/* For people, one line for each entry, and one for each long silence. */
void story_tell(const struct story *s, FILE *out);
