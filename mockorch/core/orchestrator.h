/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrator without a network: a request and a time go in, a response and a verdict come out.
 *
 *     orchestrator_answer(o, &response, &verdict, &request, now);
 *     if (verdict.pending) {                       a proof must be verified first
 *         st = judge_verify(judge, orchestrator_case(o, verdict.job), &why);     here, or on a thread
 *         orchestrator_judged(o, &response, &verdict, verdict.job, st, &why, later);
 *     }
 *     deliver(&response, &verdict.carriage);       the network does the rest of a fault
 *
 * Source:  client.md 3, 4, 13.
 * Units:   nanoseconds on the caller's clock, which never goes back. The wall clock follows it at a
 *          fixed distance (settings.wall_at_zero_ns).
 * Owner:   heap. The store is borrowed and outlives it; NULL keeps nothing. A response borrows from
 *          the orchestrator until the next call of answer, judged or free.
 * Threads: one owner at a time. A judge's thread may read the case of a job until it is judged.
 * Errors:  answers never fail; whatever goes wrong is a status for the client and words in the
 *          verdict.
 *
 * No socket, file, clock, thread or chance of its own: the same seed and the same requests at the
 * same times give the same bytes.
 */
#pragma once
#include "mockorch/core/fault.h"
#include "mockorch/core/judge.h"
#include "mockorch/core/store.h"
#include "mockorch/core/submission.h"

struct orchestrator;

struct verdict {
    enum call call;
    unsigned status; /* of the answer; 0: none goes out */
    bool pending;    /* wait for orchestrator_judged */
    uint64_t job;    /* for pending */
    unsigned passed; /* submissions: a bit for each enum check that held */
    enum check failed;
    char node_id[24];
    char task_id[64]; /* its beginning, when it is longer */
    char faults[2 * FAULT_TEXT];
    struct carriage carriage;
    int64_t held_ns; /* of carriage.delay_ns: a refusal that is held back (patience.h) */
    bool unsaved; /* it may go out behind orchestrator_commit only; if that fails, status and why are others */
    bool credited, held; /* by this submission; held: until other nodes have spoken */
    uint64_t number;     /* in the journal; 0: not there */
    struct why why; /* what happened, in words: "accepted: …", "key: …" */
};

struct orchestrator_metrics {
    uint64_t requests[CALL_COUNT];
    uint64_t answers[6]; /* by the first digit of the status; 0: lost on the way */
    uint64_t refused[CHECK_NONE + 1];
    uint64_t users, nodes;
    uint64_t tasks_made, tasks_accepted, tasks_expired;
    uint64_t fetches_limited;
    uint64_t faults;
};

/* settings must have passed settings_check; plan NULL: no faults. Reads the store's records.
 * ST_INPUT: a record that is none; ST_IO, ST_NO_MEMORY. */
enum status MUST_USE orchestrator_new(struct orchestrator **out, const struct settings *settings,
                                      struct fault_plan *plan, struct store *store, int64_t now_ns,
                                      struct why *why);
void orchestrator_free(struct orchestrator *o);

void orchestrator_answer(struct orchestrator *o, struct http_response *response,
                         struct verdict *verdict, const struct http_request *request,
                         int64_t now_ns);
/* What became of the answer whose verdict has this number; 0: nothing is kept. whole: all bytes have
 * gone to the system; otherwise the connection has broken, by a fault or by the client. */
void orchestrator_delivered(struct orchestrator *o, uint64_t number, bool whole, int64_t now_ns);
/* What a pending job is about; holds until it is judged. */
const struct judge_case *orchestrator_case(const struct orchestrator *o, uint64_t job);
void orchestrator_judged(struct orchestrator *o, struct http_response *response,
                         struct verdict *verdict, uint64_t job, enum status judged,
                         const struct why *judge_why, int64_t now_ns);

/* From here on the caller commits: an answer whose verdict is `unsaved` has changed what is not yet
 * durable. It waits, with others, for one orchestrator_commit, so that many share one write. After a
 * failure it must become a bare 500. Otherwise each answer commits for itself. */
void orchestrator_group_commits(struct orchestrator *o);
enum status MUST_USE orchestrator_commit(struct orchestrator *o, struct why *why);
/* The end: also what is kept without anybody waiting for it (settings.requests_saved). */
enum status MUST_USE orchestrator_save(struct orchestrator *o, struct why *why);

/* The store failed or there was no memory for it: nothing but 500 is answered any more (store.h). */
bool orchestrator_broken(const struct orchestrator *o);

/* Something is due at this time (a task expires); INT64_MAX: nothing. Answers do what is due too, so
 * ticks only matter to those who look at metrics and state. */
int64_t orchestrator_deadline_ns(const struct orchestrator *o);
void orchestrator_tick(struct orchestrator *o, int64_t now_ns);

/* A node that exists from the start, with the user of that wallet (made when it is new). ST_INPUT,
 * ST_EXISTS, ST_NO_MEMORY, ST_IO. */
enum status MUST_USE orchestrator_add_node(struct orchestrator *o, const char *node_id,
                                           const char *wallet, struct why *why);

const struct orchestrator_metrics *orchestrator_metrics(const struct orchestrator *o);
/* Users, nodes, tasks and metrics as JSON: what GET /admin/state answers. */
void orchestrator_state(const struct orchestrator *o, struct buffer *json, int64_t now_ns);

/* For looking, in tests and simulations: how often this task was accepted (0 or 1), and how many of
 * a user's were. */
bool orchestrator_accepted(const struct orchestrator *o, const char *task_id);
uint64_t orchestrator_credits(const struct orchestrator *o, const char *wallet);
/* From here on submissions are checked with these, which outlive us. */
void orchestrator_verify_by(struct orchestrator *o, const struct submission_tools *tools);
/* From here on the draws of tasks are told to this one (base/prng.h), which outlives us. */
void orchestrator_listen(struct orchestrator *o, struct prng_listener *listener);
