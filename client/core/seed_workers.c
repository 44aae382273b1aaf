/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "client/core/seed_state.h"

static void dispatch(struct reference_seed *c)
{
    for (;;) {
        struct seed_worker *w = &c->workers[c->dispatched % c->base.o.workers];

        if (!c->in_hand)
            c->in_hand = seed_queue_take(&c->tasks);
        if (!c->in_hand || seed_queue_full(&w->queue)) /* though others may be idle */
            return;
        seed_queue_put(&w->queue, c->in_hand);
        c->in_hand = NULL;
        c->dispatched++;
    }
}

static void put_down(struct seed_worker *w)
{
    w->task = NULL;
    w->done = false;
}

static void drop_proof(struct reference_seed *c, struct seed_worker *w, enum line_level level,
                       const char *text)
{
    c->base.stats.abandoned++;
    seed_say(c, LINE_ERROR, level, "abandoned", w->task->task_id, "Prover %d: Task %s: %s",
             (int)(w - c->workers), w->task->task_id, text);
    seed_task_free(w->task);
    put_down(w);
}

static void worker_advance(struct reference_seed *c, struct seed_worker *w)
{
    struct why why;

    if (w->done && !seed_queue_full(&c->results)) {
        seed_queue_put(&c->results, w->task);
        put_down(w);
    }
    if (w->task)
        return;
    w->task = seed_queue_take(&w->queue);
    if (w->task && seed_task_input(w->input, w->task, &why))
        drop_proof(c, w, LINE_ERROR_LEVEL, why.text); /* the next one after this line */
}

unsigned seed_workers_proving(const struct reference_seed *c)
{
    unsigned count = 0;

    for (unsigned i = 0; i < c->base.o.workers; i++)
        count += c->workers[i].job != 0;
    return count;
}

bool seed_workers_poll(struct reference_seed *c, struct action *out)
{
    if (c->stopping || seed_workers_proving(c) >= c->base.o.proofs_at_once)
        return false;
    for (unsigned i = 0; i < c->base.o.workers; i++) {
        struct seed_worker *w = &c->workers[i];

        if (!w->task || w->job || w->done)
            continue;
        w->job = ++c->base.last_id;
        *out = (struct action){
            .type = ACT_PROVE,
            .id = w->job,
            .prove = {.task_id = w->task->task_id, .program_id = w->task->program_id}};
        memcpy(out->prove.input, w->input, sizeof out->prove.input);
        return true;
    }
    return false;
}

static void proof_ended(struct reference_seed *c, struct seed_worker *w, const struct event *ev)
{
    struct seed_task *t = w->task;

    w->job = 0;
    if (ev->type == EV_UNPROVED) {
        drop_proof(c, w, ev->unproved.status == ST_GUEST ? LINE_ERROR_LEVEL : LINE_WARN,
                   ev->unproved.text);
        return;
    }
    c->base.stats.proofs++;
    buffer_put(&t->proof, ev->proved.proof.data, ev->proved.proof.size);
    if (!buffer_ok(&t->proof)) {
        drop_proof(c, w, LINE_ERROR_LEVEL, "out of memory for the proof");
        return;
    }
    keccak256_hex(t->hash, buffer_bytes(&t->proof));
    t->telemetry = ev->proved.telemetry;
    w->done = true;
    seed_say(c, LINE_SUCCESS, LINE_INFO, "proved", t->task_id,
             "Prover %d: Proof completed (Task ID: %s)", (int)(w - c->workers), t->task_id);
}

void seed_workers_ended(struct reference_seed *c, const struct event *ev)
{
    for (unsigned i = 0; i < c->base.o.workers; i++) {
        if (c->workers[i].job == ev->id) {
            proof_ended(c, &c->workers[i], ev);
            return;
        }
    }
}

void seed_workers_advance(struct reference_seed *c)
{
    dispatch(c);
    for (unsigned i = 0; i < c->base.o.workers; i++)
        worker_advance(c, &c->workers[i]);
    dispatch(c); /* into the places that workers made */
}

size_t seed_workers_open(const struct reference_seed *c)
{
    size_t open = c->in_hand != NULL;

    for (unsigned i = 0; i < c->base.o.workers; i++)
        open += c->workers[i].queue.count + (c->workers[i].task != NULL);
    return open;
}

void seed_workers_fini(struct reference_seed *c)
{
    seed_task_free(c->in_hand);
    for (unsigned i = 0; i < c->base.o.workers; i++) {
        seed_queue_fini(&c->workers[i].queue);
        seed_task_free(c->workers[i].task);
    }
}
