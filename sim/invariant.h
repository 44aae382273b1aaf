/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold at every event of a run, seen from outside: from the messages, the disk and the
 * orchestrator, never by asking a core how it decided.
 *
 * I1 to I8, I11, I14 and I16 are those of client/core/core.h under the same numbers:
 * I1   A task is proved only after its record is on disk.
 * I2   A submission leaves only after its record says SENDING on disk.
 * I3   A submission is sent again only with the same bytes, by later processes too.
 * I4   Every task that arrived is on disk, and in the end in exactly one final state there.
 * I5   No request is made before the time that a Retry-After named for it, by a new process neither.
 * I6   At most one look-up, one fetch, one submission and proofs_at_once proofs are under way.
 * I7   Nothing is sent for a task after a definite answer to its submission.
 * I8   No task has two records, and no input is proved twice: not in one process, and not by a later
 *      one when its proof is on disk.
 *
 * The others are the simulation's own:
 * I9   No task is credited twice.
 * I10  Requests of a client in any minute stay below INVARIANT_PER_MINUTE; from the end of a fetch to
 *      the next one, and between two submissions, there are the distances of client.md 5.
 * I11  The client's books balance: arrived = accepted + refused + unknown + abandoned + open.
 * I12  What the client believes is so: ACKED was credited, REFUSED and ABANDONED were not, REFUSED
 *      had a definite answer, UNKNOWN had a lost one, and every credit is ACKED or UNKNOWN. (A 404
 *      that answers the second copy of a submission that the network delivered twice cannot be told
 *      from an expiry: there REFUSED may have been credited.)
 * I13  Once faults have stopped, everything open is settled and new credits appear within a time
 *      that follows from the client's limits (invariant_patience_ns).
 * I14  A client never fetches a task and then holds more open ones than its profile allows. (A disk that lied,
 *      or refused a final state, may give a new process more than that: it fetches none until they are fewer.)
 * I15  A client that has nothing to do sleeps: time goes on.
 * I16  No task is submitted while one of its inputs is being proved.
 * I17  A route whose requests all fail (5xx, 408, 425, no answer) gets INVARIANT_PER_OUTAGE of them in
 *      an hour at most from one process, and after INVARIANT_FAILURES in a row single probes only,
 *      each after twice the time.
 * I18  An orchestrator that starts again can read what it has kept.
 * I19  A client wakes by its own clock at most INVARIANT_WAKES times in any minute.
 * I20  Counters of a process only grow.
 * I21  No more is asked for than the user's limit; without one, no more than a step above the hardest
 *      task that ever came, or the first step of all. When a task came too late, nothing as hard is
 *      asked for until a proof is accepted.
 * I22  The balance of each of the orchestrator's users is the credits that were given to him.
 * I23  Nothing is credited but what the judge has verified.
 * I24  What a submission contains is right: without a fault the orchestrator refuses none for it.
 * I25  The orchestrator keeps its word: whom it tells to wait has used up an allowance, the time that
 *      it names is the one at which there is room again, in whole seconds, and nobody gets more.
 * I26  A record that waits for its submission has all its proofs.
 * I27  Open records on disk are at most as many as the profile allows and writes are under way, and
 *      the one that has just ended, or as many as the process found. While the disk refuses writes:
 *      twice what the profile allows.
 * I28  A record on disk moves along the arrows of outbox.h only, and what is final stays so.
 * I29  Nodes of one client take turns. One that is refused, or is given what is known, leaves a turn
 *      to the others, after each time in a row twice as many, 32 at most; otherwise nobody has two
 *      turns between two of another.
 * I30  The Date of the orchestrator's answers is its clock.
 * I31  No fault strikes once faults have stopped.
 * I32  Time goes on: events happen in the order of their times, and of their planning.
 * I33  A task that was given is found, and can be credited, for as long as the settings say that
 *      tasks live, and no longer.
 * I34  A crash costs at most INVARIANT_AT_RISK_S of finished proofs of a task: then they are written.
 * I35  A task is given up when a proof of it failed, or cannot be made, when it is of a former
 *      process and old, or when by an earlier expiry its proof would be late. (A wall clock that was
 *      set makes the ages of former processes' tasks unknown: the rule rests.)
 * I36  Waits for which nobody named a time are spread over all of 0 … 2 s * 2^k (full jitter,
 *      simulation.md 3): over INVARIANT_WAITS of them, behind a second to fourth failure, they are
 *      INVARIANT_WAIT_PERCENT of that or more. Half is what is expected, less would be chance once
 *      in a hundred billion runs.
 * I37  No finished proof is lost: what was sent, or has all its proofs on disk, is credited in the end,
 *      or refused by the orchestrator. A process whose disk had refused write after write takes with
 *      it what it could write nowhere, and a disk that lied what it had called durable; neither takes
 *      a proof that was written, or sent, by somebody since.
 * I38  Of finished proofs of one difficulty, which live equally long, the oldest is sent first, but for those
 *      that were tried and wait for a time of their own.
 * I39  A client with no open task asks for one, and one with a finished proof sends it, within
 *      INVARIANT_IDLE_S: longer it waits for nothing but a time that somebody named, or a doubt about its
 *      proofs (client/core/doubt.h), which an accepted proof ends.
 * I40  Successes pay for failures: a proof whose sending failed for the first time, where half of all
 *      sending works and the budget (simulation.md 3, rule 6) has a token left, is sent again within the
 *      bound of its backoff.
 *
 * Where nodes vote on each other's hashes (consensus), an ACKED task may have no credit (I12), and a
 * task that waits for its votes is found no more (I33).
 *
 * A process that is killed forgets what was not on disk: a task that had just arrived (I4), a
 * Retry-After (I5), a definite answer (I7). The disk may be refusing writes: I1 and I2 then rest, as
 * in core.h. After several times in a row the client goes on without it, and a crash then excuses its
 * open tasks. It may lie about what is durable: a power cut excuses the tasks that it takes back. A
 * clock that drifts is early by its drift (I5); a wall clock that is set forward between two processes
 * shortens a Retry-After, one that is set back lengthens it (I5, I13).
 *
 * Why no stricter: without its disk a client has nothing that a new process could know a task's end
 * from, so whatever is open at a crash is out of I4 and I12 for good, and no other task is. I13 adds
 * up ceilings that may all fall into one wait, and what a clock was set by; what it lets pass is
 * slowness, never a standstill.
 *
 * Owner:   plain value with heap inside (invariant_fini). The first violation is kept.
 */
#pragma once
#include "client/core/backoff.h"
#include "client/core/core.h"
#include "mockorch/core/lookup.h"
#include "mockorch/core/orchestrator.h"
#include "sim/conduct.h"
#include "sim/disk.h"
#include "sim/herd.h"
#include "sim/mark.h"
#include "sim/packet.h"
#include "sim/world.h"

#define INVARIANTS           40
#define INVARIANT_PER_MINUTE       CONDUCT_PER_MINUTE
#define INVARIANT_PER_MINUTE_BATCH CONDUCT_PER_MINUTE_BATCH
/* Distances: client.md 5.3 and 12.5 (from the end of a fetch to the next), 5.5 (of submissions). */
#define INVARIANT_FETCH_S          120
#define INVARIANT_FETCH_BATCH_S    30
#define INVARIANT_SUBMIT_S         1
/* simulation.md 3, rule 6: so many failures in a row, then single probes. */
#define INVARIANT_FAILURES         5
#define INVARIANT_PROBE_S          30
#define INVARIANT_PROBE_LONGEST_S  600
/* Proofs of some inputs are written when a crash would cost so much; an unproved task of a former
 * process is given up at this age (client/core/profile.h). */
#define INVARIANT_AT_RISK_S        60
#define INVARIANT_STALE_S          1800
#define INVARIANT_LIFE_S           (24 * 3600) /* a finished proof is given up at this age */
#define INVARIANT_PER_OUTAGE       CONDUCT_PER_OUTAGE
#define INVARIANT_IDLE_S       900 /* the longest own wait is 660 s: a probe of the breaker */
#define INVARIANT_WAITS        200
#define INVARIANT_WAIT_PERCENT 36
#define INVARIANT_WAIT_S       2
#define INVARIANT_WAKES      240

struct invariant_host;
struct invariant_task;
struct invariant_gift;

struct invariant {
    const struct world *world;
    const struct profile *profile; /* of the clients that have no other */
    struct invariant_host *hosts;
    unsigned host_count;
    struct invariant_task *tasks;
    size_t task_count, task_capacity;
    struct lookup by_id;
    const struct settings *settings; /* of the orchestrator; NULL: not known */
    int64_t heal_ns;                 /* 0: never */
    bool votes;                      /* of the orchestrator's settings: consensus */
    bool dawdles;                    /* clients wait and write twice as much as need be: I38 and I40 rest */
    struct invariant_gift *gifts;    /* what the orchestrator has given */
    size_t gift_count, gift_capacity;
    struct lookup gifts_by_id; /* by their beginnings */
    int64_t last_ns;           /* of the event before */
    uint64_t last_order, last_events;
    uint64_t credits;
    size_t queue_tasks; /* the most of all profiles */
    struct herd herd;
    int64_t longest_advice_ns;
    int64_t longest_doubt_ns; /* that refused proofs cost, client/core/doubt.h */
    int64_t longest_step_ns;  /* a wall clock was set back by so much, in all */
    int64_t drift_ppm;        /* the slowest clock's */
    bool counts; /* of clients that break them by design: violations are counted, none is kept */
    uint64_t violations;
    uint64_t marks; /* a bit for each enum mark that was hit */
    uint64_t broken_of[INVARIANTS + 1]; /* by their numbers */
    uint64_t burst;        /* the most submissions of a client within two seconds */
    uint64_t waits, waited_percent; /* I36: how many, and the sum of their parts */
    uint64_t useless;      /* proofs that were begun for a task that had failed already */
    uint64_t proved_again; /* of inputs that the process had begun before */
    int broken; /* 0: all hold; otherwise the number */
    int64_t broken_ns;
    uint64_t broken_events;
    char text[400];
};

void invariant_init(struct invariant *v, const struct world *w, const struct profile *p,
                    unsigned hosts);
void invariant_fini(struct invariant *v);
/* What the orchestrator was told to do; borrowed. heal_ns 0: faults go on. */
void invariant_settings(struct invariant *v, const struct settings *s, int64_t heal_ns);
/* Behind each event of the world. */
void invariant_stepped_on(struct invariant *v);
/* The orchestrator has given so many new tasks to a node of that client. */
void invariant_given(struct invariant *v, unsigned host, uint64_t tasks);

/* What a client does and meets; host counts from 0. wall_s: what its clock shows. */
void invariant_started(struct invariant *v, unsigned host, unsigned proofs_at_once);
/* disk: after the crash, as the next process will find it. */
void invariant_killed(struct invariant *v, unsigned host, const struct disk *disk);
void invariant_sent(struct invariant *v, unsigned host, const struct disk *disk, uint64_t id,
                    const struct http_request *request);
void invariant_delivered(struct invariant *v, unsigned host, const struct packet *p,
                         int64_t wall_s);
void invariant_proving(struct invariant *v, unsigned host, const struct disk *disk,
                       const char *task_id, const char *program_id, const uint32_t input[3]);
/* took_ns: 0 when it did not come to its end. */
void invariant_proved(struct invariant *v, unsigned host, const char *task_id, int64_t took_ns);
/* A proof of that task is none. */
void invariant_erred(struct invariant *v, const char *task_id);
/* A submission of that task is decided on; disk: as it is now. */
void invariant_choosing(struct invariant *v, unsigned host, const struct disk *disk, const char *task_id);
/* A write of its record is begun. */
void invariant_saving(struct invariant *v, const char *task_id);
/* A proof of that task failed. */
void invariant_failed(struct invariant *v, const char *task_id);
/* Of a task that arrived: its difficulty, from 0. */
unsigned invariant_rung(const struct invariant *v, const char *task_id);
/* A disk that lied is about to take the record back to what it was. */
void invariant_lied(struct invariant *v, const struct disk *disk, uint64_t record);
/* The next process will not find that record: its disk has damaged it. */
void invariant_rotten(struct invariant *v, unsigned host, uint64_t record, const char *task_id);
/* … nor what former ones have learnt. */
void invariant_forgot(struct invariant *v, unsigned host);
/* An allocation was refused: what has just come may have found no room. */
void invariant_short(struct invariant *v, unsigned host);
/* Before it starts: how it appears. Its clocks: of the monotonic one, once; of the wall clock. */
void invariant_profile(struct invariant *v, unsigned host, const struct profile *p);
void invariant_limited(struct invariant *v, unsigned host, enum difficulty limit);
void invariant_drifts(struct invariant *v, unsigned host, int64_t ppm);
void invariant_stepped(struct invariant *v, unsigned host, int64_t by_ns);
void invariant_saved(struct invariant *v, unsigned host, const struct disk *disk,
                     const struct disk_cell *cell);
/* A write is begun that the disk will refuse. */
void invariant_doomed(struct invariant *v, unsigned host);
void invariant_unsaved(struct invariant *v, unsigned host);
void invariant_mark(struct invariant *v, enum mark m);
void invariant_woke(struct invariant *v, unsigned host); /* by its own clock */
/* After each event of its own. */
void invariant_at_rest(struct invariant *v, unsigned host, const struct runtime *runtime,
                       const struct disk *disk);

/* One was accepted that nobody has verified. */
void invariant_unjudged(struct invariant *v, const char *task_id);
/* In the end: the balance of that client's user. */
void invariant_balance(struct invariant *v, unsigned host, uint64_t credits);
/* A chance of the scenario strikes a client. */
void invariant_struck(struct invariant *v, unsigned host, const char *what);

/* twice: the submission that counted was one of two that the network made of one. */
void invariant_credited(struct invariant *v, const char *task_id, bool twice);
bool invariant_credited_since(const struct invariant *v, unsigned host, int64_t since_ns);
/* Tasks whose proof was sent and never credited. */
uint64_t invariant_proofs_lost(const struct invariant *v);

/* How long after the healing settling and a new credit may take. */
struct invariant_costs {
    int64_t fetch_gap_ns, allowance_ns; /* the orchestrator's window */
    int64_t prove_ns;                   /* one task, at most */
    int64_t round_trip_ns;              /* at most, with the judge */
    int64_t backlog_ns; /* until an allowance has taken all proofs that a client may hold */
};
int64_t invariant_patience_ns(const struct invariant *v, const struct invariant_costs *c);
/* The orchestrator's answer as it leaves. host: whose user it is about, -1: nobody knows.
 * allowances_only: nothing but the user's own allowance limits its fetches. */
void invariant_answered(struct invariant *v, int host, const struct verdict *verdict,
                        const struct http_response *r, bool allowances_only);
void invariant_restless(struct invariant *v); /* I15 */
void invariant_unreadable(struct invariant *v, const char *text); /* I18 */
void invariant_impatient(struct invariant *v, const char *what, int64_t patience_ns);

/* Everything is settled. */
void invariant_final(struct invariant *v, unsigned host, const struct disk *disk);

/* Where the tasks of a client are: each that arrived is in exactly one place. */
struct invariant_fates {
    uint64_t arrived;
    uint64_t credited;
    uint64_t refused;       /* the orchestrator said so: with a verdict, by a vote, or because it was too late */
    uint64_t abandoned;     /* by the client, before all its proofs were made */
    uint64_t excused;       /* taken by the machine: a kill before it was on disk, a disk that lied or failed */
    uint64_t open;          /* the run ended before */
    uint64_t finished_lost; /* none of these, and all its proofs had been made */
    uint64_t unaccounted;   /* none of these */
};
/* Adds those of one client. settled: nothing may be open. */
void invariant_fates(const struct invariant *v, struct invariant_fates *out, unsigned host,
                     const struct disk *disk, bool settled);

const char *invariant_name(int number); /* "no request before its Retry-After" */
