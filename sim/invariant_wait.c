/* SPDX-License-Identifier: Apache-2.0 */
/* What a client puts off: whose turn it is among finished proofs, and how long nothing is done at
 * all (I38, I39, I40). */
#include "base/clock.h"
#include "sim/invariant_inside.h"

#define IDLE_NS    (INVARIANT_IDLE_S * NS_PER_S)
#define ALLOWANCE  20                /* halves of tokens: simulation.md 3, rule 6 */
#define SLOWED_NS  (1800 * NS_PER_S) /* a pace that 429s have slowed down is whole again */
#define WRITING_NS (65 * NS_PER_S) /* two writes may stall before the proof leaves */
#define FORGETS    16

void invariant_wait_anew(struct invariant_host *h)
{
    for (int i = 0; i < ROUTES; i++)
        h->idle_ns[i] = -1;
    h->paid = ALLOWANCE;
    h->sent_lately = h->worked = 0;
    h->limited_ns = -1;
}

/* ---- I38 ---- */

/* Whole seconds of age are compared; after a restart they are those of the wall clock, which
 * drifts. */
static bool is_older(const struct invariant *v, const struct invariant_host *h,
                     const struct invariant_task *a, const struct invariant_task *b)
{
    int64_t age_ns = v->world->now_ns - a->arrived_ns;
    int64_t unsure_ns = 2 * NS_PER_S + (h->drift_ppm ? age_ns / 5 : 0);

    return b->arrived_ns - a->arrived_ns > unsure_ns && age_ns < INVARIANT_LIFE_S * NS_PER_S / 3;
}

void invariant_choosing(struct invariant *v, unsigned host, const struct disk *disk,
                        const char *task_id)
{
    struct invariant_host *h = &v->hosts[host];
    const struct invariant_task *chosen = invariant_find(v, task_id);
    size_t open = disk_open(disk);

    if (!chosen || v->dawdles || h->was_set || h->went_on || h->was_short ||
        invariant_disk_refuses(v, h))
        return;
    for (size_t i = disk->count; i-- > 0 && open > 0;) {
        const struct disk_cell *cell = &disk->cells[i];
        const struct invariant_task *t = invariant_find(v, cell->task_id);

        open -= !outbox_state_final(cell->state);
        if (cell->state != OUTBOX_PROVED || !t || t == chosen || t->writes || t->excused)
            continue;
        if (t->sent && t->sent_life == h->life)
            continue; /* it was tried, and waits for a time of its own */
        if (t->rung == chosen->rung && is_older(v, h, t, chosen))
            invariant_broken(
                v, 38, "task %.80s is sent before task %.80s, which is %.0f s older and as hard",
                task_id, t->task_id, invariant_seconds(chosen->arrived_ns - t->arrived_ns));
    }
}

/* ---- I39 ---- */

/* Fields that tell of the allowance name times, too. */
static bool names_times(const struct invariant *v)
{
    return v->settings && v->settings->rate_limit_fields != SETTINGS_FIELDS_NONE;
}

/* Until then the client may wait for what it was told, or what it doubts: with its spread, and by a
 * slow clock. */
static int64_t held_until_ns(const struct invariant_host *h, enum route route)
{
    int64_t told_ns = h->hold_ns[route] - h->hold_since_ns[route];
    int64_t held_ns = h->hold_ns[route] ? h->hold_ns[route] + told_ns / 4 + 30 * NS_PER_S : 0;

    return route == ROUTE_FETCH && h->doubted_ns > held_ns ? h->doubted_ns : held_ns;
}

static void check_idle(struct invariant *v, const struct invariant_host *h, enum route route)
{
    int64_t from_ns = h->idle_ns[route], held_ns = held_until_ns(h, route);

    if (from_ns < 0 || h->was_set || h->was_short)
        return;
    if (from_ns < held_ns)
        from_ns = held_ns;
    if (v->world->now_ns - from_ns > (v->dawdles ? 2 : 1) * IDLE_NS)
        invariant_broken(v, 39, "nothing is done for %.0f s, a %s is due and nobody named a time",
                         invariant_seconds(v->world->now_ns - from_ns), conduct_route_name(route));
}

static void idle(struct invariant *v, struct invariant_host *h, enum route route, bool is)
{
    check_idle(v, h, route);
    if (!is)
        h->idle_ns[route] = -1;
    else if (h->idle_ns[route] < 0)
        h->idle_ns[route] = v->world->now_ns;
}

static bool knows_a_node(const struct invariant_host *h)
{
    for (unsigned i = 0; i < h->node_count; i++)
        if (h->nodes[i].known)
            return true;
    return h->profile->asks_no_node;
}

void invariant_waiting(struct invariant_host *h, const struct disk *disk)
{
    size_t open = disk_open(disk);

    h->proof_waits = false;
    for (size_t i = disk->count; i-- > 0 && open > 0 && !h->proof_waits;) {
        open -= !outbox_state_final(disk->cells[i].state);
        h->proof_waits = disk->cells[i].state == OUTBOX_PROVED;
    }
}

void invariant_idle(struct invariant *v, struct invariant_host *h, size_t open)
{
    bool told = names_times(v);

    idle(v, h, ROUTE_FETCH,
         !told && open == 0 && !h->under_way[ROUTE_FETCH] && knows_a_node(h) &&
             !doubt_probes(&h->doubt));
    idle(v, h, ROUTE_SUBMIT,
         !told && h->proof_waits && !h->under_way[ROUTE_SUBMIT] && !invariant_disk_refuses(v, h));
}

/* ---- I40 ---- */

void invariant_paid_for(struct invariant *v, struct invariant_host *h, unsigned status)
{
    bool welcome = status / 100 == 2 || status == 409;

    h->paid += welcome ? 1 : -2;
    if (h->paid > ALLOWANCE)
        h->paid = ALLOWANCE;
    h->sent_lately += 1 - h->sent_lately / FORGETS;
    h->worked += conduct_works(status) - h->worked / FORGETS;
    if (status == 429)
        h->limited_ns = v->world->now_ns;
}

void invariant_put_off(struct invariant *v, const struct invariant_host *h,
                       const struct invariant_task *t)
{
    int64_t waited_ns = v->world->now_ns - t->tried_ns;
    int64_t most_ns = (INVARIANT_WAIT_S * NS_PER_S * 2 * 11 / 10) + WRITING_NS;

    if (t->tries != 1 || t->advised || h->submitted_last_ns > t->tried_ns || h->refused_ns >= 0 ||
        h->failing[ROUTE_SUBMIT].failures != 1 || h->paid < 2 || h->worked * 2 < h->sent_lately ||
        (h->limited_ns >= 0 && v->world->now_ns - h->limited_ns < SLOWED_NS) ||
        h->hold_ns[ROUTE_SUBMIT] > t->tried_ns || names_times(v) || v->dawdles || h->was_short)
        return;
    if (waited_ns > most_ns)
        invariant_broken(v, 40,
                         "task %.80s waits %.0f s behind its first failure, %.0f s are the most",
                         t->task_id, invariant_seconds(waited_ns), invariant_seconds(most_ns));
}
