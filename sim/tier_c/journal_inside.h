/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the judge share among themselves; nobody else includes it.
 *
 *   journal_judge.c     requests and answers in the order of time
 *   journal_books.c     what became of the tasks in the end
 */
#pragma once
#include "mockorch/core/lookup.h"
#include "sim/tier_c/journal_judge.h"

#define JOURNAL_NOBODY UINT32_MAX

struct journal_host {         /* a client */
    size_t under_way[ROUTES]; /* place of the record + 1; 0: none */
    int64_t hold_ns[ROUTES];  /* a Retry-After named this time … */
    int64_t held_ns[ROUTES];  /* … in an answer of that time */
    unsigned hold_status[ROUTES];
    struct conduct_ring sent, failing[ROUTES];
};

struct journal_fate { /* of a task */
    const char *task_id;
    uint32_t client;
    bool handed_out, heard; /* by a fetch; its answer got through */
    bool faulty;            /* a fault had to do with it */
    bool refused, expired;  /* the last word that no fault made */
    bool held;
    uint64_t submissions, credits;
    const char *body_hash; /* NULL: no submission yet */
    unsigned definite;     /* the client knows; 0: he does not */
    int64_t definite_ns;
    uint64_t listed, booked; /* in the orchestrator's tasks and ledger */
    enum journal_task_state state;
};

struct journal_walk {
    const struct journal_case *c;
    struct journal_verdict *out;
    struct lookup nodes, keys; /* to the place of a host */
    struct journal_host *hosts;
    uint32_t host_count, host_capacity;
    uint32_t *client_of; /* by record */
    struct lookup by_id; /* to the place of a fate */
    struct journal_fate *fates;
    uint32_t fate_count, fate_capacity;
};

/* record NULL: of the books. */
void journal_broken(struct journal_walk *w, int number, uint32_t client,
                    const struct journal_record *record, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Made when it is new. ST_NO_MEMORY. */
enum status MUST_USE journal_fate_of(struct journal_walk *w, struct journal_fate **out,
                                     const char *task_id, struct why *why);

/* ---- journal_books.c ---- */

enum status MUST_USE journal_books(struct journal_walk *w, struct why *why);
