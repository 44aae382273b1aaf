/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs: what is proved, what a crash would cost, and what is given up (I1, I6, I8, I34, I35). */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/lifespan.h"
#include "sim/invariant_inside.h"

/* A clock may be off by a tenth (CLOCKWORK_MOST_PPM). */
#define AT_RISK_NS (INVARIANT_AT_RISK_S * NS_PER_S * 11 / 10)
#define STALE_NS   (INVARIANT_STALE_S * NS_PER_S * 9 / 10)
#define LESSON_NS  (LIFESPAN_SHORTEST_S * NS_PER_S * 9 / 10)
/* A refused write is tried again after five seconds, and a disk takes two to refuse it. */
#define REFUSED_NS (10 * NS_PER_S)

static bool has_input(const struct disk_cell *c, const uint32_t input[3])
{
    for (size_t i = 0; i < c->input_count; i++)
        if (memcmp(c->inputs[i], input, sizeof c->inputs[i]) == 0)
            return true;
    return false;
}

void invariant_proving(struct invariant *v, unsigned host, const struct disk *disk,
                       const char *task_id, const char *program_id, const uint32_t input[3])
{
    struct invariant_host *h = &v->hosts[host];
    struct invariant_task *t = invariant_find(v, task_id);
    bool found = h->refusals > 0;

    if (++h->proving > h->proofs_at_once)
        invariant_broken(v, 6, "%u proofs are under way, %u are allowed", h->proving,
                         h->proofs_at_once);
    if (t) {
        const struct disk_cell *cell = disk_of_task(disk, task_id);

        t->proving++;
        v->useless += t->failed;
        v->proved_again += ++t->begun > t->inputs;
        if (cell && t->begun + t->proved > cell->input_count)
            invariant_broken(v, 8,
                             "an input of task %.80s is proved again: it has %zu, %zu had a proof",
                             task_id, cell->input_count, t->proved);
    }
    for (size_t i = disk->count; i-- > 0 && !found;) /* it is one of the newest */
        found = disk->cells[i].state == OUTBOX_FETCHED &&
                strcmp(disk->cells[i].program_id, program_id) == 0 &&
                has_input(&disk->cells[i], input);
    if (!found)
        invariant_broken(v, 1, "%s (%u, %u, %u) is proved, and no record on disk asks for it",
                         program_id, input[0], input[1], input[2]);
}

void invariant_proved(struct invariant *v, unsigned host, const char *task_id, int64_t took_ns)
{
    struct invariant_host *h = &v->hosts[host];
    struct invariant_task *t = invariant_find(v, task_id);

    h->proving--;
    if (took_ns > h->longest_proof_ns)
        h->longest_proof_ns = took_ns;
    if (!t)
        return;
    t->proving--;
    t->at_risk_ns += took_ns;
    h->touched = t - v->tasks + 1;
}

void invariant_failed(struct invariant *v, const char *task_id)
{
    struct invariant_task *t = invariant_find(v, task_id);

    invariant_mark(v, MARK_PROOF_FAILED);
    if (t)
        t->failed = true;
}

void invariant_erred(struct invariant *v, const char *task_id)
{
    struct invariant_task *t = invariant_find(v, task_id);

    invariant_mark(v, MARK_PROOF_WRONG);
    if (t)
        t->wrong = true;
}

/* ---- what a crash would cost ---- */

/* Each save has all proofs that there are. */
void invariant_saving(struct invariant *v, const char *task_id)
{
    struct invariant_task *t = invariant_find(v, task_id);

    if (!t)
        return;
    t->at_risk_ns = 0;
    t->writes++;
}

void invariant_written(struct invariant *v, struct invariant_host *h, struct invariant_task *t)
{
    if (t->writes)
        t->writes--;
    h->touched = t - v->tasks + 1;
}

bool invariant_disk_refuses(const struct invariant *v, const struct invariant_host *h)
{
    return h->doomed > 0 || (h->refused_ns >= 0 && v->world->now_ns - h->refused_ns < REFUSED_NS);
}

/* Whatever waits for a write that is under way is looked at when that one ends. */
void invariant_at_risk(struct invariant *v, struct invariant_host *h)
{
    const struct invariant_task *t = h->touched ? &v->tasks[h->touched - 1] : NULL;

    h->touched = 0;
    if (t && !t->failed && !t->writes && t->at_risk_ns > AT_RISK_NS &&
        !invariant_disk_refuses(v, h))
        invariant_broken(v, 34,
                         "a crash would take %.0f s of finished proofs of task %.80s: they are not "
                         "being written",
                         invariant_seconds(t->at_risk_ns), t->task_id);
}

/* ---- what is given up ---- */

/* A proof came too late: the client may learn from it how long tasks live. */
void invariant_came_late(struct invariant *v, struct invariant_host *h,
                         const struct invariant_task *t)
{
    int64_t age_ns = v->world->now_ns - t->arrived_ns;

    if (age_ns >= LESSON_NS && (!h->late_ns || age_ns < h->late_ns))
        h->late_ns = age_ns;
}

/* What the client takes for the life of a task lies between the age at which one was accepted and
 * the smallest at which one was gone: at least half of the latter. */
void invariant_given_up(struct invariant *v, const struct invariant_host *h,
                        const struct invariant_task *t)
{
    int64_t age_ns = v->world->now_ns - t->arrived_ns;
    int64_t most_ns = age_ns + h->longest_proof_ns * (int64_t)t->inputs;

    if (t->failed || t->odd || h->was_set)
        return;
    if (t->life != h->life && age_ns >= STALE_NS)
        return; /* of a former process, and old */
    if (!h->late_ns)
        invariant_broken(v, 35, "task %.80s is given up at an age of %.0f s, for no reason",
                         t->task_id, invariant_seconds(age_ns));
    else if (most_ns < h->late_ns / 2 * 9 / 10)
        invariant_broken(v, 35,
                         "task %.80s is given up at an age of %.0f s, %.0f s before its proof is "
                         "due at the latest; none was late before %.0f s",
                         t->task_id, invariant_seconds(age_ns), invariant_seconds(most_ns - age_ns),
                         invariant_seconds(h->late_ns));
}
