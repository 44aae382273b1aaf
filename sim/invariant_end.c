/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/core/breaker.h"
#include "client/core/budget.h"
#include "sim/invariant_inside.h"

#define HOLD_MOST_NS (BACKOFF_RETRY_AFTER_CEILING_S * NS_PER_S)

void invariant_credited(struct invariant *v, const char *task_id, bool twice)
{
    struct invariant_task *t = invariant_find(v, task_id);

    v->credits++;
    if (!t) {
        invariant_broken(v, 12, "task %.80s is credited and never arrived", task_id);
        return;
    }
    v->hosts[t->host].last_credit_ns = v->world->now_ns;
    invariant_paid(v, t);
    t->second_copy = twice;
    if (twice)
        invariant_mark(v, MARK_SECOND_COPY);
    if (++t->credits > 1)
        invariant_broken(v, 9, "task %.80s is credited %u times", task_id, t->credits);
}

bool invariant_credited_since(const struct invariant *v, unsigned host, int64_t since_ns)
{
    return v->hosts[host].last_credit_ns >= since_ns;
}

uint64_t invariant_proofs_lost(const struct invariant *v)
{
    uint64_t lost = 0;

    for (size_t i = 0; i < v->task_count; i++)
        lost += v->tasks[i].sent && !v->tasks[i].credits;
    return lost;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The worst case, part by part: what was asked for just before the healing, with its spread, and
 * the client's own ceilings (backoff, breaker, budget), and doubt about its proofs; then a whole
 * task, whose fetch may meet the allowance, and that once more, because a proof may have become due
 * in between. */
int64_t invariant_patience_ns(const struct invariant *v, const struct invariant_costs *c)
{
    const struct profile *p = v->profile;
    int64_t advice_ns = v->longest_advice_ns + greater(v->longest_advice_ns / 10, 30 * NS_PER_S);
    int64_t own_ns =
        greater(greater(p->fetch_cap_ns, p->submit_cap_ns),
                greater(BREAKER_LONGEST_S * NS_PER_S * 11 / 10, BUDGET_FLOOR_S * NS_PER_S));
    int64_t wait_ns = greater(advice_ns, own_ns) + v->longest_doubt_ns;
    /* The slowest pace, after many 429s. */
    int64_t fetch_ns =
        greater(greater(c->fetch_gap_ns, p->fetch_cap_ns), c->allowance_ns + 30 * NS_PER_S);
    int64_t task_ns = fetch_ns + c->prove_ns + 3 * c->round_trip_ns + p->submit_gap_ns;

    /* … and a task may wait for the prover first. */
    int64_t all_ns =
        c->round_trip_ns + wait_ns + 2 * task_ns + (int64_t)v->queue_tasks * c->prove_ns + c->backlog_ns;

    /* A slow clock waits longer; one that was set back lengthens what a new process waits for. */
    all_ns += all_ns / 1000000 * (v->drift_ppm * 11 / 10);
    return all_ns + (v->longest_step_ns < HOLD_MOST_NS ? v->longest_step_ns : HOLD_MOST_NS);
}

void invariant_restless(struct invariant *v)
{
    invariant_broken(v, 15, "time stands still: event follows event at one moment without end");
}

void invariant_unjudged(struct invariant *v, const char *task_id)
{
    invariant_broken(v, 23, "task %.80s is credited and nobody verified its proof", task_id);
}

void invariant_unreadable(struct invariant *v, const char *text)
{
    invariant_broken(v, 18, "the orchestrator cannot start again: %.200s", text);
}

void invariant_impatient(struct invariant *v, const char *what, int64_t patience_ns)
{
    invariant_broken(v, 13, "%s within %.0f s after the faults have stopped", what,
                     invariant_seconds(patience_ns));
}

/* After which a finished proof may be given up: a day, by clocks that are off by a tenth. A process
 * believes a wall clock that was set for half of it. */
static int64_t least_life_ns(const struct invariant *v, const struct invariant_task *t)
{
    int64_t life_ns = INVARIANT_LIFE_S * NS_PER_S * 9 / 10;

    return v->hosts[t->host].was_set ? life_ns / 2 : life_ns;
}

bool invariant_too_old(const struct invariant *v, const struct invariant_task *t)
{
    return t->ended_ns && t->ended_ns - t->arrived_ns >= least_life_ns(v, t);
}

static void check_belief(struct invariant *v, const struct invariant_task *t,
                         enum outbox_state state)
{
    switch (state) {
    case OUTBOX_ACKED:
        if (!t->credits && t->definite != 409 && !invariant_votes(v))
            invariant_broken(v, 12, "task %.80s is taken for accepted and has no credit",
                             t->task_id);
        break;
    case OUTBOX_REFUSED:
        if (t->credits && !t->second_copy && !invariant_votes(v))
            invariant_broken(v, 12, "task %.80s is credited and taken for refused", t->task_id);
        else if (!t->definite && !invariant_too_old(v, t))
            invariant_broken(v, 12, "task %.80s is taken for refused and nobody refused it",
                             t->task_id);
        break;
    case OUTBOX_ABANDONED:
        if (t->credits)
            invariant_broken(v, 12, "task %.80s is credited and given up", t->task_id);
        break;
    case OUTBOX_UNKNOWN:
        if (!t->unanswered)
            invariant_broken(v, 12,
                             "the fate of task %.80s is called unknown and no answer was lost",
                             t->task_id);
        break;
    default:
        invariant_broken(v, 4, "task %.80s is %s in the end", t->task_id, outbox_state_name(state));
        break;
    }
}

void invariant_final(struct invariant *v, unsigned host, const struct disk *disk)
{
    for (size_t i = 0; i < v->task_count; i++) {
        const struct invariant_task *t = &v->tasks[i];
        const struct disk_cell *cell;

        if (t->host != host)
            continue;
        cell = disk_of_task(disk, t->task_id);
        if (cell && !t->excused)
            check_belief(v, t, cell->state);
        else if (!cell && !t->excused && !t->lost)
            invariant_broken(v, 4, "task %.80s arrived and is nowhere", t->task_id);
        invariant_placed(v, t, cell);
    }
}
