/* SPDX-License-Identifier: Apache-2.0 */
/* Chaos until heal_at; then work must resume within a time that follows from the client's own limits;
 * behind the duration no more tasks are handed out, and within that time everything settles. Nobody
 * waits longer than for that: the run is over when there is nothing more to see. */
#include "client/core/profile.h"
#include "sim/tier_c/tier_c_inside.h"

#define LOOK_NS       (250 * NS_PER_MS)
#define PROVE_NS      (60 * NS_PER_S) /* a real proof of a small task, on a busy machine */
#define ROUND_TRIP_NS (60 * NS_PER_S) /* a request that is lost at the last moment */

static int64_t patience_ns(const struct tier_c_run *r)
{
    const struct scenario *s = r->s;
    const struct invariant v = {
        .profile = &profile_current, /* the greater ceilings */
        .queue_tasks = profile_current.queue_tasks,
        .longest_advice_ns = tier_c_journal_advice_ns(r),
        .longest_doubt_ns = tier_c_journal_doubt_ns(r),
    };
    const struct invariant_costs costs = {
        .fetch_gap_ns = profile_current.fetch_gap_ns,
        .allowance_ns = s->orchestrator.fetches_per_window ? s->orchestrator.window_ns : 0,
        .prove_ns = PROVE_NS * s->orchestrator.inputs_per_task.high,
        .round_trip_ns = ROUND_TRIP_NS,
    };

    return invariant_patience_ns(&v, &costs);
}

/* ---- what the orchestrator says ---- */

static enum status credited(struct tier_c_run *r, uint64_t *out, const struct tier_c_client *c,
                            struct why *why)
{
    struct buffer answer;
    enum status st = ST_OK;

    *out = 0;
    buffer_init(&answer, 0);
    for (uint32_t n = 0; n < c->plan->nodes && !st; n++) {
        char path[64];
        json_t *node;

        snprintf(path, sizeof path, "/admin/nodes/%s", c->node_ids[n]);
        st = tier_c_mock_ask(r, &answer, "GET", path, NULL, why);
        if (st)
            break;
        node = json_loadb((const char *)answer.data, answer.size, 0, NULL);
        *out += (uint64_t)json_integer_value(json_object_get(node, "credited"));
        json_decref(node);
    }
    buffer_fini(&answer);
    return st;
}

static bool has_news(struct tier_c_run *r, struct tier_c_client *c)
{
    uint64_t now;
    struct why why;

    if (!c->renewed)
        c->renewed = c->over || (credited(r, &now, c, &why) == ST_OK && now > c->credited_at_heal);
    return c->renewed;
}

static bool all_over(const struct tier_c_run *r)
{
    for (unsigned i = 0; i < r->client_count; i++)
        if (!r->clients[i].over)
            return false;
    return true;
}

/* ---- phases ---- */

static enum status heal(struct tier_c_run *r, struct why *why)
{
    enum status st = tier_c_mock_heal(r, why);

    for (unsigned i = 0; i < r->client_count && !st; i++) {
        struct tier_c_client *c = &r->clients[i];

        if (c->slow_until_ns)
            c->slow_until_ns = tier_c_now_ns(r);
        st = credited(r, &c->credited_at_heal, c, why);
    }
    if (!st) {
        r->healed = true;
        tier_c_tell(r, "faults stop");
    }
    return st;
}

static bool renewed(struct tier_c_run *r)
{
    bool all = true;

    for (unsigned i = 0; i < r->client_count; i++)
        all &= has_news(r, &r->clients[i]);
    return all;
}

static bool settled(struct tier_c_run *r)
{
    struct journal_verdict verdict = {.count = 0};
    struct why why;
    bool none;

    if (!r->o->command) {
        for (unsigned i = 0; i < r->client_count; i++)
            if (!r->clients[i].over && tier_c_home_open(&r->clients[i]))
                return false;
        return true;
    }
    if (tier_c_journal_verdict(&verdict, r, &why))
        return false;
    none = verdict.figures.open <= verdict.figures.unheard; /* those nobody is to settle */
    journal_verdict_fini(&verdict);
    return none;
}

static void drain(struct tier_c_run *r)
{
    struct why why;

    if (tier_c_mock_drain(r, &why))
        return; /* it is down: once more */
    r->drain_ns = tier_c_now_ns(r);
    tier_c_tell(r, "no more tasks are handed out");
}

/* Between healing and end. */
static void converge(struct tier_c_run *r, int64_t now_ns)
{
    int64_t from_ns = r->drain_ns ? r->drain_ns : r->s->heal_ns, patience;

    if (!r->recovered && renewed(r)) {
        r->recovered = true;
        r->recovered_ns = now_ns - r->s->heal_ns;
        tier_c_tell(r, "every client has a new credit");
    }
    if (r->recovered && now_ns >= r->s->duration_ns) {
        if (!r->drain_ns)
            drain(r);
        else if (settled(r))
            r->settled = r->over = true;
    } else if (r->recovered) {
        from_ns = r->s->duration_ns;
    }
    patience = patience_ns(r);
    if (r->over || now_ns <= from_ns + patience)
        return;
    tier_c_find(r, 13, now_ns, "%s within %.0f s after the faults have stopped",
                r->recovered ? "not everything is settled" : "there are no new credits",
                (double)patience / (double)NS_PER_S);
    r->over = true;
}

void tier_c_phase_look(struct tier_c_run *r)
{
    int64_t now_ns = tier_c_now_ns(r);
    struct why why;

    if (now_ns - r->looked_ns < LOOK_NS || r->over)
        return;
    r->looked_ns = now_ns;
    tier_c_journal_look(r);
    if ((r->o->for_ns && now_ns >= r->o->for_ns) || (!r->s->heal_ns && now_ns >= r->s->duration_ns))
        r->over = true;
    else if (all_over(r))
        r->settled = r->over = true;
    else if (r->s->heal_ns && now_ns >= r->s->heal_ns && !r->healed)
        (void)!heal(r, &why); /* the orchestrator is down: once more */
    else if (r->healed)
        converge(r, now_ns);
}
