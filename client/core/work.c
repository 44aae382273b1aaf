/* SPDX-License-Identifier: Apache-2.0 */
/* Proving: from a saved task to a signed proof (client.md 4.3 - 4.5).
 *
 * As many inputs are proved at a time as the prover takes; those of the oldest task come first, and
 * outcomes come in any order. A task ends with its first failed input: what else is being proved
 * for it is cancelled, and what still arrives for it is thrown away.
 *
 * Proofs of single inputs reach the disk when a crash would lose enough work otherwise
 * (profile.save_work_ns), with the task still FETCHED; each such save writes all proofs of the task
 * that there are. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buggify.h"
#include "base/clock.h"
#include "client/core/payload.h"
#include "client/core/state.h"

/* ---- jobs ---- */

static struct job *find_job(const struct core *c, uint64_t id)
{
    for (unsigned i = 0; i < c->job_room; i++)
        if (c->jobs[i].id == id)
            return &c->jobs[i];
    return NULL;
}

/* record 0: of all records. */
static void cancel_jobs(struct core *c, uint64_t record)
{
    for (unsigned i = 0; i < c->job_room; i++) {
        struct job *j = &c->jobs[i];

        if (j->id && (record == 0 || j->record == record))
            j->unwanted = true;
    }
}

size_t work_under_way(const struct core *c)
{
    size_t count = 0;

    for (unsigned i = 0; i < c->job_room; i++)
        count += c->jobs[i].id != 0;
    return count;
}

size_t work_inputs_of(const struct core *c, uint64_t record)
{
    size_t count = 0;

    for (unsigned i = 0; i < c->job_room; i++)
        count += c->jobs[i].record == record; /* a free place has none */
    return count;
}

bool work_poll_cancel(struct core *c, struct action *out)
{
    for (unsigned i = 0; i < c->job_room; i++) {
        struct job *j = &c->jobs[i];

        if (!j->id || !j->unwanted || j->cancel_sent)
            continue;
        j->cancel_sent = true;
        *out = (struct action){.type = ACT_CANCEL, .id = j->id};
        return true;
    }
    return false;
}

/* ---- the end of a task ---- */

void work_abandon(struct core *c, struct entry *e, int64_t now_ns, const char *reason)
{
    cancel_jobs(c, e->record.id);
    c->stats.abandoned++;
    e->record.finished_wall_s = core_wall_s(c, now_ns);
    say(c, LINE_ERROR, LINE_ERROR_LEVEL, "abandoned", &e->record, 0, "Task %s is given up: %s",
        e->record.task_id, reason);
    ledger_move(e, OUTBOX_ABANDONED);
}

static void too_large(struct core *c, const struct entry *e)
{
    ladder_failure(&c->learnt.ladder, e->record.difficulty);
    c->learnt_changed = true;
}

static void save_part(struct entry *e)
{
    e->unsaved_ns = 0;
    ledger_touch(e);
}

/* The hash of hashes takes a little memory. Without it the proofs are kept as they are, and it is
 * tried again (work_decide). */
static void postpone(struct core *c, struct entry *e, int64_t now_ns)
{
    e->next_try_ns = now_ns + c->profile->save_retry_ns;
    if (e->unsaved_ns > 0)
        save_part(e);
    say(c, LINE_ERROR, LINE_ERROR_LEVEL, "unsigned", &e->record, 0,
        "Out of memory to sign the proof of task %s; next try in %lld s", e->record.task_id,
        whole_seconds(c->profile->save_retry_ns));
}

static void all_proved(struct core *c, struct entry *e, int64_t now_ns)
{
    struct outbox_record *r = &e->record;

    if (!payload_hash(r)) {
        postpone(c, e, now_ns);
        return;
    }
    signing_sign(c->key, r->signature, r->task_id, r->proof_hash);
    e->proved_ns = now_ns;
    e->next_try_ns = now_ns;
    ledger_move(e, OUTBOX_PROVED);
    say(c, LINE_SUCCESS, LINE_INFO, "proved", r, 0, "Proof generated for task %s", r->task_id);
}

/* ---- tasks of a former run ---- */

/* Why such a task is not worth a proof; NULL: it is. */
static const char *useless(const struct core *c, const struct entry *e, int64_t now_ns)
{
    int64_t age_s = core_age_s(e, now_ns);

    if (memcmp(e->record.public_key, c->public_key, sizeof c->public_key) != 0)
        return "the key that it was fetched with is lost";
    if (age_s > c->profile->stale_fetch_ns / NS_PER_S)
        return "it was fetched by a former run, too long ago";
    if (e->record.input_count == 0)
        return "its record has no inputs";
    return NULL;
}

/* true: it would be late, and is given up. */
static bool pass_over(struct core *c, struct entry *e, int64_t now_ns)
{
    const struct outbox_record *r = &e->record;
    struct learnt_task t = {.program = r->program_id,
                            .difficulty = r->difficulty,
                            .inputs = e->missing,
                            .age_s = core_age_s(e, now_ns)};
    int64_t takes_s, life;
    struct why why;

    if (learnt_in_time(&c->learnt, &t, c->job_room, &takes_s, &life))
        return false;
    (void)fail(&why, ST_LIMIT,
               "it is %lld s old, would take %lld s more, and tasks of difficulty %s live about "
               "%lld s",
               (long long)t.age_s, (long long)takes_s, difficulty_name(r->difficulty),
               (long long)life);
    lifespan_passed_over(&c->learnt.life, r->difficulty);
    c->learnt_changed = true;
    work_abandon(c, e, now_ns, why.text);
    return true;
}

/* All that it lacks is its signature: there was no memory for it, or a former run ended before. */
static bool is_unsigned(const struct entry *e)
{
    return e->record.state == OUTBOX_FETCHED && e->missing == 0;
}

/* true: it has come to something. */
static bool decide(struct core *c, struct entry *e, bool free, int64_t now_ns)
{
    const char *reason = e->restored && !e->begun ? useless(c, e, now_ns) : NULL;

    if (reason) {
        work_abandon(c, e, now_ns, reason);
        return true;
    }
    if (is_unsigned(e)) {
        if (e->next_try_ns > now_ns)
            return false;
        all_proved(c, e, now_ns);
        return true;
    }
    return !e->begun && free && pass_over(c, e, now_ns);
}

void work_decide(struct core *c, int64_t now_ns)
{
    bool free = find_job(c, 0) != NULL;

    for (size_t i = 0; i < c->ledger.count; i++) {
        struct entry *e = c->ledger.entries[i];

        if (e->record.state == OUTBOX_FETCHED && decide(c, e, free, now_ns))
            return; /* one line at a time */
    }
}

int64_t work_deadline_ns(const struct core *c)
{
    int64_t deadline = INT64_MAX;

    for (size_t i = 0; i < c->ledger.count; i++) {
        const struct entry *e = c->ledger.entries[i];

        if (is_unsigned(e) && e->next_try_ns < deadline)
            deadline = e->next_try_ns;
    }
    return deadline;
}

/* ---- handing out ---- */

/* true: *input is not proved and nobody proves it. */
static bool next_input(struct entry *e, size_t *input)
{
    const struct outbox_record *r = &e->record;

    while (e->next_input < r->input_count && r->proofs[e->next_input].data)
        e->next_input++; /* a former run has proved it */
    *input = e->next_input;
    return e->next_input < r->input_count;
}

static struct entry *next_to_prove(const struct core *c, size_t *input)
{
    for (size_t i = 0; i < c->ledger.count; i++) {
        struct entry *e = c->ledger.entries[i];

        if (e->record.state == OUTBOX_FETCHED && ledger_recorded(&c->ledger, e) && /* I1 */
            next_input(e, input))
            return e;
    }
    return NULL;
}

bool work_poll(struct core *c, struct action *out, int64_t now_ns)
{
    struct job *job = find_job(c, 0);
    struct entry *e;
    size_t input;

    if (!job) /* I6 */
        return false;
    e = next_to_prove(c, &input);
    if (!e)
        return false;
    if (!e->begun) {
        speed_task(&c->learnt.speed, e->record.difficulty, e->record.input_count);
        say(c, LINE_STATE_CHANGE, LINE_INFO, "proving", &e->record, 0,
            "Step 2 of 4: Proving task %s", e->record.task_id);
    }
    e->begun = true;
    e->next_input = input + 1;
    *job = (struct job){
        .id = ++c->last_id, .record = e->record.id, .input = input, .begun_ns = now_ns};
    *out = (struct action){
        .type = ACT_PROVE,
        .id = job->id,
        .prove = {.task_id = e->record.task_id, .program_id = e->record.program_id}};
    memcpy(out->prove.input, e->record.inputs[input], sizeof out->prove.input);
    return true;
}

/* ---- outcomes ---- */

/* Ends the job. NULL: nobody waits for its outcome any more. */
static struct entry *take_outcome(struct core *c, uint64_t id, struct job *job)
{
    struct job *at = find_job(c, id);
    struct entry *e;

    if (!at)
        return NULL;
    *job = *at;
    *at = (struct job){0};
    e = ledger_find(&c->ledger, job->record);
    return e && e->record.state == OUTBOX_FETCHED ? e : NULL;
}

/* false: out of memory. */
static bool keep(struct core *c, struct outbox_proof *to, struct bytes proof)
{
    assert(proof.size > 0 && !to->data);
    to->data = malloc(proof.size);
    if (!to->data)
        return false;
    memcpy(to->data, proof.data, proof.size);
    to->size = proof.size;
    proof_hash(c->hasher, to->hash, proof);
    return true;
}

void work_proved(struct core *c, const struct event *ev, int64_t now_ns)
{
    struct job job;
    struct entry *e = take_outcome(c, ev->id, &job);

    if (!e)
        return;
    if (!keep(c, &e->record.proofs[job.input], ev->proved.proof)) {
        too_large(c, e);
        work_abandon(c, e, now_ns, "out of memory for the finished proof");
        return;
    }
    c->stats.proofs++;
    speed_proved(&c->learnt.speed, e->record.program_id, e->record.difficulty,
                 now_ns - job.begun_ns);
    e->record.telemetry = ev->proved.telemetry;
    e->unsaved_ns += now_ns - job.begun_ns;
    if (--e->missing == 0)
        all_proved(c, e, now_ns);
    else if (c->phase == PHASE_STOPPING || e->unsaved_ns >= c->profile->save_work_ns ||
             BUGGIFY(EACH_PROOF_SAVED))
        save_part(e);
}

void work_unproved(struct core *c, const struct event *ev, int64_t now_ns)
{
    struct job job;
    struct entry *e = take_outcome(c, ev->id, &job);

    if (!e)
        return;
    if (job.unwanted)
        return; /* we stop: the task is on disk and is proved after the next start */
    if (ev->unproved.status == ST_LIMIT || ev->unproved.status == ST_NO_MEMORY)
        too_large(c, e);
    work_abandon(c, e, now_ns, ev->unproved.text);
}

void work_stop(struct core *c)
{
    cancel_jobs(c, 0);
    for (size_t i = 0; i < c->ledger.count; i++) {
        struct entry *e = c->ledger.entries[i];

        if (e->record.state == OUTBOX_FETCHED && e->unsaved_ns > 0)
            save_part(e);
    }
}
