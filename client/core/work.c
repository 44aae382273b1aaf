/* SPDX-License-Identifier: Apache-2.0 */
/* Proving: from a saved task to a signed proof, one input after the other (client.md 4.3 - 4.5). */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/state.h"

/* Why a task that a former run fetched is not worth a proof; NULL: it is. */
static const char *useless(const struct core *c, const struct entry *e, int64_t now_ns)
{
    int64_t age_s = core_wall_s(c, now_ns) - e->record.fetched_wall_s;

    if (memcmp(e->record.public_key, c->public_key, sizeof c->public_key) != 0)
        return "the key that it was fetched with is lost";
    if (age_s > c->profile->stale_fetch_ns / NS_PER_S)
        return "it was fetched by a former run, too long ago";
    return NULL;
}

void work_decide(struct core *c, int64_t now_ns)
{
    for (size_t i = 0; i < c->ledger.count; i++) {
        struct entry *e = c->ledger.entries[i];

        if (e->restored && e->record.state == OUTBOX_FETCHED && e->record.id != c->proof_record) {
            const char *reason = useless(c, e, now_ns);

            if (reason) {
                work_abandon(c, e, now_ns, reason);
                return; /* one line at a time */
            }
        }
    }
}

static struct entry *next_to_prove(const struct core *c)
{
    for (size_t i = 0; i < c->ledger.count; i++) {
        struct entry *e = c->ledger.entries[i];

        if (e->record.state == OUTBOX_FETCHED && ledger_durable(&c->ledger, e)) /* I1 */
            return e;
    }
    return NULL;
}

bool work_poll(struct core *c, struct action *out)
{
    struct entry *e;

    if (c->proof)
        return false;
    e = c->proof_record ? ledger_find(&c->ledger, c->proof_record) : next_to_prove(c);
    if (!e)
        return false;
    if (!c->proof_record) {
        c->proof_record = e->record.id;
        c->proof_input = 0;
        say(c, LINE_STATE_CHANGE, LINE_INFO, "proving", &e->record, 0,
            "Step 2 of 4: Proving task %s", e->record.task_id);
    }
    c->proof = ++c->last_id;
    c->cancel_sent = false;
    *out = (struct action){
        .type = ACT_PROVE, .id = c->proof, .prove = {.task_id = e->record.task_id, .program_id = e->record.program_id}};
    memcpy(out->prove.input, e->record.inputs[c->proof_input], sizeof out->prove.input);
    return true;
}

bool work_poll_cancel(struct core *c, struct action *out)
{
    if (!c->proof || c->cancel_sent)
        return false;
    c->cancel_sent = true;
    *out = (struct action){.type = ACT_CANCEL, .id = c->proof};
    return true;
}

/* The text that is signed and that the server compares (client.md 4.3). false: out of memory. */
static bool hash_all(struct outbox_record *r)
{
    const char **hashes;

    if (r->task_type == TASK_PROOF_REQUIRED) {
        memcpy(r->proof_hash, r->proofs[0].hash, sizeof r->proof_hash);
        return true;
    }
    hashes = calloc(r->input_count, sizeof *hashes);
    if (!hashes)
        return false;
    for (size_t i = 0; i < r->input_count; i++)
        hashes[i] = r->proofs[i].hash;
    proof_hash_combine(r->proof_hash, hashes, r->input_count);
    free(hashes);
    return true;
}

static void out_of_memory(struct core *c, struct entry *e, int64_t now_ns)
{
    ladder_failure(&c->ladder, e->record.difficulty);
    work_abandon(c, e, now_ns, "out of memory for the finished proof");
}

static void all_proved(struct core *c, struct entry *e, const struct telemetry *telemetry,
                       int64_t now_ns)
{
    struct outbox_record *r = &e->record;

    if (!hash_all(r)) {
        out_of_memory(c, e, now_ns);
        return;
    }
    r->telemetry = *telemetry;
    signing_sign(c->key, r->signature, r->task_id, r->proof_hash);
    e->proved_ns = now_ns;
    e->next_try_ns = now_ns;
    ledger_move(e, OUTBOX_PROVED);
    c->proof_record = 0;
    say(c, LINE_SUCCESS, LINE_INFO, "proved", r, 0, "Proof generated for task %s", r->task_id);
}

void work_proved(struct core *c, const struct event *ev, int64_t now_ns)
{
    struct entry *e = ledger_find(&c->ledger, c->proof_record);
    struct bytes bytes = ev->proved.proof;
    struct outbox_proof *proof;

    assert(e && bytes.size > 0);
    c->proof = 0;
    proof = &e->record.proofs[c->proof_input];
    proof->data = malloc(bytes.size);
    if (!proof->data) {
        out_of_memory(c, e, now_ns);
        return;
    }
    memcpy(proof->data, bytes.data, bytes.size);
    proof->size = bytes.size;
    keccak256_hex(proof->hash, bytes);
    c->stats.proofs++;
    if (++c->proof_input == e->record.input_count)
        all_proved(c, e, &ev->proved.telemetry, now_ns);
}

void work_unproved(struct core *c, const struct event *ev, int64_t now_ns)
{
    struct entry *e = ledger_find(&c->ledger, c->proof_record);

    assert(e);
    c->proof = 0;
    if (ev->unproved.status == ST_CANCELLED && c->phase == PHASE_STOPPING)
        return; /* the task is on disk and is proved after the next start */
    if (ev->unproved.status == ST_LIMIT || ev->unproved.status == ST_NO_MEMORY)
        ladder_failure(&c->ladder, e->record.difficulty);
    work_abandon(c, e, now_ns, ev->unproved.text);
}

void work_abandon(struct core *c, struct entry *e, int64_t now_ns, const char *reason)
{
    if (c->proof_record == e->record.id)
        c->proof_record = 0;
    c->stats.abandoned++;
    e->record.finished_wall_s = core_wall_s(c, now_ns);
    say(c, LINE_ERROR, LINE_ERROR_LEVEL, "abandoned", &e->record, 0, "Task %s is given up: %s",
        e->record.task_id, reason);
    ledger_move(e, OUTBOX_ABANDONED);
}
