/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the invariants share among themselves; nobody else includes it.
 *
 *   invariant.c          clients, tasks, disk
 *   invariant_work.c     proofs, and tasks that are given up
 *   invariant_request.c  requests and answers
 *   invariant_server.c   what the orchestrator answers
 *   invariant_habit.c    how often a client wakes, what it asks for, whose turn it is
 *   invariant_wait.c     whose turn it is among proofs, and what is put off
 *   invariant_end.c      credits, progress, and what must be so in the end
 *   invariant_fate.c     where each task is in the end
 */
#pragma once
#include "sim/invariant.h"

#include "client/core/doubt.h"

#define INVARIANT_BURST 16 /* more are not counted */

struct invariant_node {
    char id[24];
    bool known;
    unsigned troubles;          /* fetches for it that were refused, or useless, in a row */
    unsigned since[CORE_NODES]; /* turns of the others since its last one, by their places */
};

struct invariant_allowance { /* of one user */
    enum quota_shape shape;
    uint32_t limit;
    int64_t window_ns;
    int64_t *at_ns;  /* QUOTA_WINDOW: a ring */
    uint64_t count;  /* that were spent */
    int64_t full_ns; /* QUOTA_BUCKET: all is there again */
};

struct invariant_gift { /* a task on the orchestrator's side */
    int64_t given_ns; /* for the first time */
    bool odd;         /* a fault had to do with it */
};

struct invariant_host {
    const struct profile *profile;
    /* of this process */
    uint64_t under_way[ROUTES]; /* ids; 0: none */
    struct { /* what was read when it was sent; a request does not change on its way */
        uint64_t id; /* 0: nothing */
        size_t place; /* of the task of a submission, or of the node of a fetch */
    } read[ROUTES];
    unsigned proving, proofs_at_once;
    uint64_t life;
    unsigned refusals; /* of the disk, in a row */
    bool went_on;      /* without the disk, once */
    bool was_short;    /* of memory, in any process: a proof, and a task, may wait for a time of its own */
    size_t touched;    /* the place of a task of which something was proved or written, + 1 */
    size_t found;      /* open records, by this process on its disk */
    unsigned doomed;   /* writes that the disk will refuse */
    int64_t fetched_ns, submitted_last_ns; /* end of the last fetch, begin of the last submission */
    struct doubt doubt;
    int64_t idle_ns[ROUTES]; /* since when a request of it has been due, but for the client's own waits; -1: is not */
    bool proof_waits;        /* one on disk, to be sent */
    int paid;                /* halves of tokens that failed submissions have left, at least */
    double sent_lately, worked;    /* submissions, and those with an answer of a server that is well; forgetting */
    int64_t limited_ns;      /* the last 429 to a submission; -1: none */
    struct stats stats;
    struct invariant_node *nodes;
    unsigned node_count;
    struct {
        unsigned failures; /* in a row */
        int64_t failed_ns; /* the last of them */
        struct conduct_ring sent; /* since a request did not fail */
    } failing[ROUTES];
    /* of all processes */
    int64_t refused_ns;       /* the disk refused a write; -1: never */
    uint64_t credits;         /* of its user */
    int64_t doubted_ns;       /* until then it may doubt its proofs */
    bool barred;              /* a task came too late, or was too large, and no proof was accepted since: */
    unsigned bar;             /* less than this rung is asked for */
    bool was_set;             /* its wall clock */
    int64_t longest_proof_ns; /* of one input */
    int64_t late_ns;          /* the smallest age of a task whose proof came too late; 0: none */
    bool has_limit;
    enum difficulty limit; /* the user's */
    unsigned asked;        /* rung of the last fetch */
    unsigned assigned;     /* the highest rung of a task that came */
    int64_t woke_ns[INVARIANT_WAKES]; /* a ring */
    uint64_t woke;
    int64_t hold_ns[ROUTES]; /* a Retry-After named this time */
    int64_t hold_since_ns[ROUTES];
    int64_t hold_stepped_ns[ROUTES]; /* steps of the wall clock before it, in this process */
    int64_t stepped_ns;              /* all in this process, or between it and the next one */
    int64_t drift_ppm;
    unsigned hold_status[ROUTES];
    struct conduct_ring sent;
    int64_t submitted_ns[INVARIANT_BURST]; /* a ring */
    uint64_t submitted;
    int64_t last_credit_ns; /* -1: none yet */
    struct invariant_allowance fetches, submissions; /* of its user */
};

struct invariant_task {
    char *task_id;
    unsigned host;
    uint64_t life;    /* that the task arrived in */
    bool lost;        /* its process was killed before it was on disk */
    bool excused;     /* a disk that lied took back what was on it, or there was none to write to */
    int64_t arrived_ns, ended_ns; /* ended: its record on disk became final */
    uint64_t record;         /* on disk; 0: none yet */
    enum outbox_state state; /* of it */
    unsigned rung;    /* of its difficulty */
    size_t inputs;
    bool failed;      /* a proof of it did */
    bool wrong;       /* a proof of it is none */
    bool odd;         /* nobody can prove it */
    int64_t at_risk_ns; /* finished proofs that no write has */
    unsigned writes;    /* of its record, under way */
    unsigned proving; /* inputs */
    size_t begun;     /* by this process */
    size_t proved;    /* on disk when it started */
    bool sent;
    bool taken; /* the proof that was sent: its process had no disk to write it to, or one that lied */
    uint64_t body_hash; /* 0: any; the proof went with the process that had no disk to keep it */
    uint64_t sent_life; /* by which process last */
    bool limited;       /* a 429 came for it */
    unsigned tries;     /* of this process that failed */
    int64_t tried_ns;   /* end of the last one */
    bool advised;       /* it named a time */
    bool unanswered;   /* an answer to its submission was lost, or is under way */
    bool second_copy;  /* its credit is for one of two copies that the network made */
    unsigned definite; /* status of a definite answer; 0: none */
    uint64_t definite_life;
    unsigned credits;
};

void invariant_broken(struct invariant *v, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct invariant_task *invariant_find(const struct invariant *v, const char *task_id); /* or NULL */
struct invariant_task *invariant_add(struct invariant *v, const char *task_id);
double invariant_seconds(int64_t ns);

/* invariant_server.c */
void invariant_paid(struct invariant *v, const struct invariant_task *t); /* a credit for it */

/* invariant_work.c */
void invariant_written(struct invariant *v, struct invariant_host *h, struct invariant_task *t);
bool invariant_disk_refuses(const struct invariant *v, const struct invariant_host *h);
void invariant_at_risk(struct invariant *v, struct invariant_host *h);
void invariant_came_late(struct invariant *v, struct invariant_host *h,
                         const struct invariant_task *t);
void invariant_given_up(struct invariant *v, const struct invariant_host *h,
                        const struct invariant_task *t);

/* invariant_wait.c */
void invariant_wait_anew(struct invariant_host *h); /* a new process */
void invariant_waiting(struct invariant_host *h, const struct disk *disk); /* it has changed */
void invariant_idle(struct invariant *v, struct invariant_host *h, size_t open); /* behind an event */
void invariant_paid_for(struct invariant *v, struct invariant_host *h, unsigned status); /* a submission */
void invariant_put_off(struct invariant *v, const struct invariant_host *h,
                       const struct invariant_task *t); /* it is sent */

/* invariant_fate.c */
/* Everything is settled: where is it? */
void invariant_placed(struct invariant *v, const struct invariant_task *t,
                      const struct disk_cell *cell);

/* invariant_end.c */
/* Its record ended so late that no task may have lived as long. */
bool invariant_too_old(const struct invariant *v, const struct invariant_task *t);

/* invariant_habit.c */
/* A task of that rung was too much for the client; a proof was accepted. */
void invariant_too_hard(struct invariant_host *h, unsigned rung);
void invariant_accepted(struct invariant_host *h);
void invariant_asked(struct invariant *v, unsigned host, uint64_t id, struct bytes body);
void invariant_known(struct invariant *v, unsigned host, const char *node_id);
void invariant_troubled(struct invariant *v, unsigned host, const char *node_id);
void invariant_served(struct invariant *v, unsigned host, const char *node_id);
void invariant_counters(struct invariant *v, unsigned host, const struct stats *stats);

/* Nodes vote on the hashes of one another: what was taken has a credit later, or none. */
bool invariant_votes(const struct invariant *v);
