/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs of a prover process, from begin to take.
 *
 *   FREE --begin--> QUEUED --> SENT --> MEASURING --> MEASURED --> STARTED --> DONE --take--> FREE
 *                     ^          |          |             |            |
 *                     +----------+----------+-------------+------------+   the worker is lost
 *
 * Any open state may end in DONE. QUEUED is not with a worker; MEASURING and STARTED may be the
 * reason of a worker's death.
 *
 * Owner:   job_table_init, then job_table_fini. An outcome is valid until the next take or fini.
 * Errors:  a job that gets no memory for its words has none.
 */
#pragma once
#include "client/shell/prover.h"
#include "client/shell/worker_wire.h"

#define JOB_TABLE_MAX   64 /* the messages for all of them fit into a socket */
#define JOB_TABLE_TRIES 2  /* that a worker need not survive */

enum job_state {
    JOB_FREE,
    JOB_QUEUED,
    JOB_SENT,
    JOB_MEASURING,
    JOB_MEASURED,
    JOB_STARTED,
    JOB_DONE,
};

struct job_entry {
    enum job_state state;
    uint64_t id;
    uint64_t order; /* of begin, then of the end */
    uint32_t input[3];
    char task_id[72]; /* longer ids are cut */
    char program[WORKER_WIRE_NAME_SIZE];
    unsigned tries; /* that a worker did not survive */
    bool alone;
    int64_t cancelled_ns; /* 0: is not */
    uint64_t need_bytes, free_bytes;

    enum status status;
    struct buffer proof;
    char *text;
    struct prover_facts facts;
};

struct job_table {
    unsigned slots;
    int done_fd; /* readable while a job is to be taken */
    uint64_t order;
    struct job_entry entries[JOB_TABLE_MAX];
    struct buffer taken_proof; /* of the last outcome handed out */
    char *taken_text;
    char taken_task[72];
};

enum status MUST_USE job_table_init(struct job_table *t, unsigned slots, struct why *why);
void job_table_fini(struct job_table *t);

/* A slot is free. */
struct job_entry *job_table_begin(struct job_table *t, const struct prover_job *job);
struct job_entry *job_table_find(struct job_table *t, uint64_t id); /* NULL: no such job */
struct job_entry *job_table_next_queued(struct job_table *t);       /* NULL: none is */

static inline bool job_open(const struct job_entry *j)
{
    return j->state != JOB_FREE && j->state != JOB_DONE;
}

static inline bool job_with_worker(const struct job_entry *j)
{
    return job_open(j) && j->state != JOB_QUEUED;
}

static inline bool job_suspect(const struct job_entry *j)
{
    return j->state == JOB_MEASURING || j->state == JOB_STARTED;
}

bool job_table_busy(struct job_table *t); /* a job is open */

/* Of an open job; text may be NULL. */
void job_table_end(struct job_table *t, struct job_entry *j, enum status st, const char *text);
void job_table_end_cancelled(struct job_table *t, struct job_entry *j);

/* A try has failed: queued once more, to run with nothing beside it; or ended. */
void job_table_try_again(struct job_table *t, struct job_entry *j, enum status st,
                         const char *text);

/* The job that ended first. false: none has. */
bool job_table_take(struct job_table *t, struct prover_outcome *out);
