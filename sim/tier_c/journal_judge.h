/* SPDX-License-Identifier: Apache-2.0 */
/* Judges clients by the journal of the orchestrator alone: real processes cannot be asked what they
 * did, and need not be.
 *
 * What is a rule of sim/invariant.h has its number here, as far as it shows at the orchestrator:
 *
 *   I3   All submissions of a task have the same bytes.
 *   I5   No request before the time that a Retry-After named for its route.
 *   I6   One look-up, one fetch, one submission under way at a time.
 *   I7   No submission after a definite answer to one.
 *   I9   No task is credited twice.
 *   I10  At most CONDUCT_PER_MINUTE requests in any minute.
 *   I11  The books balance: every task that was handed out is credited, refused, expired or open,
 *        once, and the lists of tasks and credits say the same.
 *   I17  A route whose requests all fail gets CONDUCT_PER_OUTAGE of them in an hour at most.
 *   I24  Without a fault nothing is refused for what is in it.
 *
 * The other rules need a disk or a core to look at. invariant_request.c judges requests as their
 * sender sees them, beside his disk, one event at a time; here are only their traces at the
 * receiver, all at once, and doubt about what was heard. So the two share what is the same for both
 * - limits, what is definite, what is a failure, the rings that count (sim/conduct.h) - and each
 * keeps its own eyes.
 *
 * What the orchestrator cannot know is not held against a client:
 * - an answer that did not get through (cut by a fault; lost on the way, journal_judge_lost) binds
 *   nobody: not by its Retry-After, not by its status;
 * - a request whose sender had left before the answer may have been sent long before it arrived: it
 * is neither early nor one too many nor after anything, but its bytes count;
 * - a killed client forgets what it heard in the last durable_ns before it;
 * - requests get closer to each other by jitter_ns at most: spans of I10 and I17 are so much
 * shorter. Nothing makes I5 weaker but slack_ns: an answer and a request that are under way for
 * long only make a client late.
 *
 * Units:   nanoseconds of the orchestrator's clock.
 * Owner:   a verdict is the caller's, heap inside (journal_verdict_fini, safe on a zeroed one);
 *          everything else is borrowed. Pure.
 * Errors:  ST_NO_MEMORY.
 */
#pragma once
#include "sim/conduct.h"
#include "sim/invariant.h"

/* ---- what is judged ---- */

enum journal_delivery {
    JOURNAL_OPEN,   /* no answer yet */
    JOURNAL_OUT,    /* the client was there, and got all of it as far as anybody knows */
    JOURNAL_BROKEN, /* cut or spoilt by a fault, or lost on the way: he did not */
    JOURNAL_GONE,   /* the client had left before */
};

#define JOURNAL_ID 64

struct journal_record {
    uint64_t number; /* from 1, in each life of the orchestrator; in the order of answers */
    unsigned life;   /* from 0: restarts of the orchestrator */
    int64_t at_ns;   /* the request was there as a whole */
    int64_t out_ns;  /* its answer was out, or its connection broke; at_ns or later */
    enum call call;
    enum journal_delivery delivery;
    unsigned port; /* of its sender; 0: unknown */
    char node_id[24];
    char key[JOURNAL_ID + 1]; /* public, in hex; "": none */
    char task_id[JOURNAL_ID]; /* submitted, or handed out; "": none */
    char body_hash[33];       /* of a submission */
    unsigned status;          /* 0: none went out */
    int64_t retry_after_ns;   /* -1: none */
    bool credited, held;      /* by this submission; held: until others have spoken */
    bool faulty;              /* a fault struck */
    bool content;             /* it was refused for what is in it */
};

struct journal_task { /* as the orchestrator's list of tasks has it in the end */
    char task_id[JOURNAL_ID];
    char node_id[24];
    enum journal_task_state {
        JOURNAL_TASK_OPEN,
        JOURNAL_TASK_HELD,
        JOURNAL_TASK_ACCEPTED,
        JOURNAL_TASK_REFUSED,
        JOURNAL_TASK_EXPIRED,
        JOURNAL_TASK_MINTED, /* handed out to nobody yet */
    } state;
};

struct journal_credit {       /* of the ledger */
    char task_id[JOURNAL_ID]; /* "": given by hand */
    int64_t amount;
};

struct journal_client { /* whose nodes these are; a node of nobody is a client of its own */
    char node_id[24];
    unsigned client; /* from 0 */
};

struct journal_kill { /* kill -9 */
    unsigned client;
    int64_t at_ns;
};

struct journal_case {
    struct journal_record *records; /* in any order: sorted by at_ns here */
    size_t record_count;
    const struct journal_client *clients;
    size_t client_count;
    const struct journal_kill *kills;
    size_t kill_count;
    bool has_gaps;  /* some requests are not among the records */
    bool has_books; /* tasks and credits are those of the end, complete */
    const struct journal_task *tasks;
    size_t task_count;
    const struct journal_credit *credits;
    size_t credit_count;
    int64_t slack_ns;   /* of clocks and timers: I5; 0: 10 ms */
    int64_t jitter_ns;  /* I10, I17 */
    int64_t durable_ns; /* until a client has on disk what it heard; 0: 1 s */
};

/* The answer to the last request of this port that was there by then did not reach its sender.
 * gone: because he had left. false: there is no such record. */
bool journal_judge_lost(struct journal_record *records, size_t count, unsigned port, int64_t at_ns,
                        bool gone);

/* ---- the verdict ---- */

#define JOURNAL_VIOLATIONS 100 /* later ones are counted only */

struct journal_violation {
    int number; /* sim/invariant.h */
    int64_t at_ns;
    unsigned client;
    uint64_t record; /* its number; 0: of the books */
    char text[200];
};

struct journal_figures {
    uint64_t requests, fetches, submissions;
    /* tasks: each was handed out in an answer that got through, or in none, and has one ending */
    uint64_t handed_out, unheard;
    uint64_t credited, refused, expired, open;
    uint64_t tasks_lost;   /* handed out and heard of, never credited, no longer open */
    uint64_t proofs_lost;  /* submitted, never credited, no longer open */
    uint64_t after_expiry; /* submissions of tasks that had expired */
    uint64_t early;        /* requests before their Retry-After */
    uint64_t duplicates; /* submissions again after an answer that got through, 429 and 5xx aside */
    uint64_t resent;     /* submissions beyond the first of each task */
    double requests_per_credit; /* 0: no credit */
};

struct journal_verdict {
    struct journal_violation *violations;
    size_t count;
    uint64_t broken_of[INVARIANTS + 1]; /* by number */
    uint64_t broken;                    /* in all */
    struct journal_figures figures;
};

enum status MUST_USE journal_judge(struct journal_verdict *out, const struct journal_case *c,
                                   struct why *why);
void journal_verdict_fini(struct journal_verdict *v);
