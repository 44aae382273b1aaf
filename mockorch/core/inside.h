/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the orchestrator share among themselves; nobody else includes it.
 *
 *   orchestrator.c  a request's way: faults, call, judge, answer
 *   calls.c         what each call does
 *   persist.c       when something is written to the store, and what a start reads back
 *   persist_journal.c  the same for journal and counters
 *   state.c         the whole state as JSON
 */
#pragma once
#include <jansson.h>

#include "mockorch/core/allowance.h"
#include "mockorch/core/journal.h"
#include "mockorch/core/credits.h"
#include "mockorch/core/orchestrator.h"
#include "mockorch/core/patience.h"
#include "mockorch/core/registry.h"
#include "mockorch/core/reply.h"
#include "mockorch/core/timeline.h"

/* A request as far as it is understood before anything is done about it. */
struct incoming {
    enum call call;
    char parameter[CALL_MAX_PARAMETER];
    union {
        struct wire_register_user register_user;
        struct wire_register_node register_node;
        struct wire_fetch fetch;
        struct wire_list list;
        struct wire_submission submission;
    } message;
    struct wire_memory memory;
    enum status decoded; /* ST_OK, or why the body is no such message */
    struct why why;
    struct fault_orders orders;
    int64_t now_ns;
    /* for the journal */
    enum http_method method;
    char path[JOURNAL_TEXT], peer[JOURNAL_TEXT];
    unsigned port;
    size_t body_bytes;
    uint64_t body_hash;
};

/* A submission that a judge has before it. */
struct job {
    struct job *next;
    uint64_t id;
    struct incoming in; /* owns the memory of the message */
    uint32_t task;
    struct judge_case judge_case;
    struct verdict verdict; /* so far */
    struct task *orphan;    /* the task, when the orchestrator has forgotten it meanwhile */
};

/* The journal's records in the store. */
struct journal_saved {
    uint64_t until;   /* the last entry that is in one, or never will be */
    int64_t due_ns;   /* on the caller's clock: when the others are written at the latest */
    uint64_t *firsts; /* of each record the number of its first entry */
    uint32_t count, capacity;
};

struct orchestrator {
    struct settings settings;
    struct timeline timeline;
    struct fault_plan *plan; /* may be NULL */
    struct store *store;     /* may be NULL */
    struct submission_tools tools;
    bool grouped;            /* the caller commits */
    bool unsaved;            /* records were put since the last commit */
    uint64_t waiting[6];     /* answers since then, as in metrics.answers: they wait for it */
    uint64_t waiting_from;   /* the first of them in the journal; 0: none */
    bool broken;             /* the store failed: nothing is answered any more */
    struct why broken_why;
    struct registry registry;
    struct assignment assignment;
    struct credits ledger;
    struct allowance by_node, by_key, by_address; /* of fetches */
    struct patience patience;
    struct journal journal;
    struct journal_saved saved;
    int64_t outside_ns; /* the caller's clock at the request under way */
    int64_t wall_at_start_ns; /* when the caller's clock showed 0 */
    struct orchestrator_metrics metrics;
    struct reply reply;  /* the answer that goes out */
    struct reply second; /* the answer to a request that arrives twice */
    struct job *jobs;
    uint64_t next_job;
};

/* ---- orchestrator.c ---- */

/* The user of a wallet, made when it is new. */
enum status MUST_USE orchestrator_user_of(struct orchestrator *o, uint32_t *out, const char *wallet,
                                          struct why *why);
/* node_id NULL: the next free number. The caller commits. */
enum status MUST_USE orchestrator_add(struct orchestrator *o, uint32_t *out, const char *node_id,
                                      const char *wallet, bool from_start, struct why *why);

/* ---- calls.c ---- */

/* Does what the call asks for and fills reply and verdict. A submission whose proofs a judge has to
 * see fills the verdict only: status 0, pending set. */
void calls_process(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                   const struct incoming *in);
void calls_retry_after(const struct orchestrator *o, struct reply *reply, int64_t wait_ns,
                       int64_t now_ns);
/* Ends an open task without a proof; the caller persists task and node. */
void calls_expire_task(struct orchestrator *o, struct task *t, int64_t now_ns);
void calls_expire(struct orchestrator *o, int64_t now_ns);

/* ---- calls_submit.c ---- */

void calls_submit(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                  const struct incoming *in);
/* The end of a submission after its checks: judged, or nothing to judge (ST_OK). */
void calls_conclude(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                    uint32_t task, const struct wire_submission *submission, enum status judged,
                    const struct why *judge_why, int64_t now_ns);
/* … of a task that was forgotten while the judge had it. */
void calls_forgotten(struct orchestrator *o, struct reply *reply, struct verdict *verdict,
                     const char *task_id);
/* amount of both signs, within the user's credits; there must be room in the ledger. */
void calls_credit(struct orchestrator *o, const struct credits_entry *entry);

/* ---- persist.c ---- */

void persist_user(struct orchestrator *o, const struct user *u);
void persist_node(struct orchestrator *o, const struct node *n);
void persist_task(struct orchestrator *o, const struct task *t);
/* A record that is no longer needed. */
void persist_forget(struct orchestrator *o, enum store_kind kind, const char *key);
void persist_credit(struct orchestrator *o, const struct credits_entry *e);
void persist_forget_credit(struct orchestrator *o, uint64_t number);
void persist_timeline(struct orchestrator *o);
void persist_faults(struct orchestrator *o); /* when the plan was touched */
void persist_commit(struct orchestrator *o); /* when something is unsaved */
/* Takes the object; the text is borrowed. */
void persist_put(struct orchestrator *o, enum store_kind kind, const char *key, json_t *takes);
void persist_put_text(struct orchestrator *o, enum store_kind kind, const char *key,
                      struct bytes text);
/* outside_ns: the caller's clock. A store without a timeline gets one. */
/* Everything that there is now, into a store that has nothing of it; and out of it again. */
void persist_all(struct orchestrator *o);
void persist_forget_all(struct orchestrator *o);

/* ---- persist_journal.c ---- */

/* Part of a commit: what was answered since the last one. */
void persist_journal(struct orchestrator *o);
/* An answer was written down that no commit waits for. */
void persist_journal_later(struct orchestrator *o);
void persist_forget_journal(struct orchestrator *o); /* the journal was cleared */
/* false: the record is damaged. */
bool persist_load_counters(struct orchestrator *o, const json_t *record);
bool persist_load_requests(struct orchestrator *o, const char *key, const json_t *record);
void persist_journal_loaded(struct orchestrator *o); /* all of it was read back */

/* ---- persist.c, once more ---- */

/* What was loaded happens once more: allowances, order of closed tasks. */
enum status MUST_USE persist_replay(struct orchestrator *o, int64_t now_ns, struct why *why);
enum status MUST_USE persist_load(struct orchestrator *o, int64_t outside_ns, struct why *why);
