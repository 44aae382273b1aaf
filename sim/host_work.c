/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/print.h"
#include "sim/host_inside.h"
#include "sim/memory.h"

#define MACHINE_MHZ 3000.0 /* of the machine that it says it is */

void host_drop_jobs(struct host *h)
{
    for (uint32_t i = 0; i < h->o.plan->proofs_at_once; i++) {
        free(h->jobs[i].task_id);
        h->jobs[i] = (struct host_job){0};
    }
}

static int64_t prove_ns(struct host *h, const char *task_id)
{
    const struct scenario_client *c = h->o.plan;
    int64_t ns;

    prng_place(&h->prng, "prove");
    ns = c->prove_ns + prng_between(&h->prng, 0, c->prove_jitter_ns);

    if (c->prove_grows)
        ns <<= invariant_rung(h->o.invariant, task_id); /* at most 8 */
    return h->slow ? ns * (int64_t)h->slow_times : ns;
}

/* id 0: a free place. NULL: there is none. */
static struct host_job *find_job(struct host *h, uint64_t id)
{
    for (uint32_t i = 0; i < h->o.plan->proofs_at_once; i++)
        if (h->jobs[i].id == id)
            return &h->jobs[i];
    return NULL;
}

/* task_id NULL: it was stopped. */
static void fail_proof(struct host *h, uint64_t id, const char *task_id, enum status st,
                       const char *text)
{
    if (task_id)
        invariant_failed(h->o.invariant, task_id);
    host_handle(h, &(struct event){
                       .type = EV_UNPROVED, .id = id, .unproved = {.status = st, .text = text}});
}

/* A bit of it is another one: memory that errs, behind the client's own verification. */
static void err(struct host *h, const char *task_id, struct bytes *proof)
{
    free(h->wrong);
    h->wrong = memory_bytes(*proof);
    h->wrong[proof->size - 1] ^= 1;
    proof->data = h->wrong;
    invariant_erred(h->o.invariant, task_id);
}

static void end_proof(struct host *h, const struct host_job *job)
{
    struct event ev = {.type = EV_PROVED, .id = job->id};
    bool fails = host_strikes(h, h->o.plan->prove_fails, "prove_fails");
    bool dies = host_strikes(h, h->o.plan->prove_dies, "prove_dies");
    struct why why;
    enum status st;

    if (fails) {
        fail_proof(h, job->id, job->task_id, ST_IO, "the model of a prover fails now and then");
        return;
    }
    if (dies) {
        fail_proof(h, job->id, job->task_id, ST_NO_MEMORY,
                   "the system killed the model of a prover");
        return;
    }
    st = prover_sim_prove(h->o.prover, &ev.proved.proof, job->program_id, job->input, &why);
    if (st) {
        fail_proof(h, job->id, job->task_id, st, why.text);
        return;
    }
    if (h->o.plan->prove_wrong > 0 && host_strikes(h, h->o.plan->prove_wrong, "prove_wrong"))
        err(h, job->task_id, &ev.proved.proof);
    ev.proved.telemetry = (struct telemetry){
        .present = true,
        .flops_per_sec = telemetry_flops(h->o.plan->proofs_at_once, MACHINE_MHZ, 8),
        .memory_used = telemetry_memory(UINT64_C(300) << 20),
        .memory_capacity = telemetry_memory(UINT64_C(8) << 30)};
    strcpy(ev.proved.telemetry.location, h->country);
    host_handle(h, &ev);
    if (h->was_short) /* there may have been no room for it */
        invariant_failed(h->o.invariant, job->task_id);
}

static void fire_proved(void *context, uint64_t id, void *payload)
{
    struct host *h = context;
    struct host_job *job, done;

    if (!host_mine(h, payload))
        return;
    job = find_job(h, id);
    if (job && !job->cancelled) {
        host_note(h, "proved", id);
        done = *job;
        *job = (struct host_job){0};
        invariant_proved(h->o.invariant, h->o.number, done.task_id,
                         h->o.world->now_ns - done.begun_ns);
        end_proof(h, &done);
        free(done.task_id);
    }
    host_live(h);
}

static void fire_cancelled(void *context, uint64_t id, void *payload)
{
    struct host *h = context;
    struct host_job *job;

    if (!host_mine(h, payload))
        return;
    job = find_job(h, id);
    if (!job)
        return; /* its worker has died */
    invariant_proved(h->o.invariant, h->o.number, job->task_id, 0);
    free(job->task_id);
    *job = (struct host_job){0};
    fail_proof(h, id, NULL, ST_CANCELLED, "stopped");
    host_live(h);
}

void host_prove(struct host *h, const struct action *act)
{
    struct host_job *job = find_job(h, 0);

    host_note(h, "proves", act->id);
    invariant_proving(h->o.invariant, h->o.number, &h->disk, act->prove.task_id,
                      act->prove.program_id, act->prove.input);
    if (!job)
        return; /* I6 is broken */
    *job = (struct host_job){.id = act->id,
                             .begun_ns = h->o.world->now_ns,
                             .task_id = memory_text(act->prove.task_id)};
    print_text(job->program_id, sizeof job->program_id, "%s", act->prove.program_id);
    memcpy(job->input, act->prove.input, sizeof job->input);
    host_plan(h, prove_ns(h, act->prove.task_id), fire_proved, act->id);
}

void host_cancel(struct host *h, uint64_t id)
{
    struct host_job *job = find_job(h, id);

    if (!job)
        return;
    job->cancelled = true;
    host_plan(h, NS_PER_MS, fire_cancelled, id);
}

void host_kill_worker(struct host *h, bool by_the_system)
{
    const char *text = by_the_system ? "the system killed the model of a prover"
                                     : "the model of a prover has crashed";

    for (uint32_t i = 0; i < h->o.plan->proofs_at_once && h->runtime; i++) {
        struct host_job job = h->jobs[i];

        if (!job.id)
            continue;
        host_note(h, "loses proof", job.id);
        h->jobs[i] = (struct host_job){0};
        invariant_proved(h->o.invariant, h->o.number, job.task_id, 0);
        fail_proof(h, job.id, job.task_id, by_the_system ? ST_NO_MEMORY : ST_IO, text);
        free(job.task_id);
        host_live(h);
    }
}
