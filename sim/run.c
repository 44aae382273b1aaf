/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/run_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/assertion.h"
#include "sim/describe.h"
#include "sim/memory.h"
#include "sim/scarcity.h"
#include "sim/swarm.h"

#define RESTLESS 100000 /* events at one moment */

const char *run_metric_name(enum run_metric m)
{
    static const char *const names[] = {
        "accepted",
        "refused",
        "unknown",
        "abandoned",
        "fetched",
        "duplicates",
        "proofs",
        "proofs_lost",
        "credits",
        "requests",
        "fetch_requests",
        "submit_requests",
        "faults",
        "resets",
        "lost_requests",
        "lost_answers",
        "repeated_requests",
        "kills",
        "violations",
        "events",
        "late_requests",
        "refused_instances",
        "torn_records",
        "early_requests",
        "submit_burst",
        "useless_proofs",
        "proved_again",
        "herd_peak_percent",
        "recovery_s",
        "requests_per_100_credits",
        "expectations_missed",
        "tasks_arrived",
        "tasks_credited",
        "tasks_refused",
        "tasks_abandoned",
        "tasks_excused",
        "tasks_open",
        "tasks_unaccounted",
        "finished_lost",
        "unjustified",
        "calls",
        "stops",
        "turned_away",
    };

    return names[m];
}

static int64_t most_inputs(const struct scenario *s)
{
    for (size_t i = 0; i < s->rule_count; i++)
        if (s->rules[i].what.effects & FAULT_TASK &&
            s->rules[i].what.task == FAULT_TASK_MANY_INPUTS)
            return 100; /* mockorch/core/fault.h */
    return s->orchestrator.inputs_per_task.high;
}

/* One task, at most: with all its inputs, of the largest bucket, by the slowest prover. */
static int64_t slowest_task_ns(const struct scenario *s)
{
    unsigned rungs = ladder_rung(s->orchestrator.difficulty_ceiling);
    int64_t slowest_ns = 0;

    for (size_t i = 0; i < s->client_count; i++) {
        const struct scenario_client *c = &s->clients[i];
        int64_t one_ns = (c->prove_ns + c->prove_jitter_ns) << (c->prove_grows ? rungs : 0);

        slowest_ns = one_ns > slowest_ns ? one_ns : slowest_ns;
    }
    for (size_t i = 0; i < s->event_count; i++) /* a proof that was begun while it was slow */
        if (strcmp(s->events[i].event, "slow") == 0)
            slowest_ns *= (int64_t)s->events[i].amount;
    return slowest_ns * most_inputs(s);
}

static int64_t longest_latency_ns(const struct scenario_network *n)
{
    int64_t times = n->spread == FAULT_SPREAD_UNIFORM     ? 1
                    : n->spread == FAULT_SPREAD_LOGNORMAL ? 20
                                                          : 100;
    int64_t ns = n->latency_ns + times * n->jitter_ns;

    if (n->up_bytes_per_s)
        ns += (int64_t)(((uint64_t)1 << 20) * (uint64_t)NS_PER_S / n->up_bytes_per_s);
    return ns;
}

static int64_t backlog_ns(const struct scenario *s)
{
    const struct settings *o = &s->orchestrator;
    uint64_t open = profile_current.open_tasks;

    for (size_t i = 0; i < s->client_count; i++)
        if (strcmp(s->clients[i].profile, profile_seed.name) == 0)
            open = profile_seed.open_tasks;
    return o->submissions_per_window ? (int64_t)(open / o->submissions_per_window) * o->window_ns
                                     : 0;
}

static int64_t patience_ns(const struct run *r)
{
    const struct scenario *s = r->scenario;
    struct invariant_costs costs = {.fetch_gap_ns = profile_current.fetch_gap_ns}; /* the largest */

    costs.backlog_ns = backlog_ns(s);
    costs.prove_ns = slowest_task_ns(s);
    costs.allowance_ns = s->orchestrator.fetches_per_window ? s->orchestrator.window_ns : 0;
    /* A request that is lost at the last moment is given up after the client's whole limit. */
    costs.round_trip_ns =
        2 * longest_latency_ns(&s->network) + RUN_JUDGE_NS + RUN_JUDGE_JITTER_NS + 60 * NS_PER_S;
    return invariant_patience_ns(&r->invariant, &costs);
}

static bool no_tasks_left(const struct run *r)
{
    const struct orchestrator_metrics *made = orchestrator_metrics(service_core(r->service));
    uint64_t limit = r->settings.task_limit;

    return limit && made->tasks_made >= limit;
}

/* Every client has something new to show since the healing. What was so for one stays so. */
static bool renewed(struct run *r)
{
    if (no_tasks_left(r))
        return true;
    while (r->renewed < r->host_count &&
           (host_over(r->hosts[r->renewed]) ||
            invariant_credited_since(&r->invariant, r->renewed, r->scenario->heal_ns)))
        r->renewed++;
    return r->renewed == r->host_count;
}

/* Nobody has anything open. The first who had is asked first. */
static bool settled(struct run *r)
{
    for (unsigned i = 0; i < r->host_count; i++) {
        unsigned host = (r->unsettled + i) % r->host_count;

        if (!host_settled(r->hosts[host])) {
            r->unsettled = host;
            return false;
        }
    }
    return true;
}

/* true: the run is over. Warm-up and chaos until heal_at; then work must resume within our
 * patience; behind the duration no more tasks are handed out, and within our patience everything
 * settles. */
static bool look(struct run *r)
{
    const struct scenario *s = r->scenario;
    int64_t now_ns = r->world.now_ns, patience;

    if (r->invariant.broken)
        return true;
    if (!s->heal_ns || now_ns < s->heal_ns)
        return false;
    if (!r->recovered && renewed(r)) {
        r->recovered = true;
        r->recovered_ns = now_ns - s->heal_ns;
    }
    if (r->recovered && now_ns >= s->duration_ns) {
        if (settled(r)) {
            r->ended = true;
            return true;
        }
        if (!r->drain_ns) {
            r->drain_ns = now_ns;
            service_drain(r->service);
            world_note(&r->world, "no more tasks are handed out");
        }
    }
    patience = patience_ns(r);
    if (now_ns <=
        (r->recovered ? r->drain_ns ? r->drain_ns : s->duration_ns : s->heal_ns) + patience)
        return false;
    invariant_impatient(&r->invariant,
                        r->recovered ? "not everything is settled" : "there are no new credits",
                        patience);
    return true;
}

static void go(struct run *r)
{
    const struct scenario *s = r->scenario;
    int64_t until_ns = r->options->until_ns ? r->options->until_ns : INT64_MAX;
    int64_t moment_ns = -1;
    unsigned at_moment = 0;

    if (!s->heal_ns && s->duration_ns < until_ns)
        until_ns = s->duration_ns;
    while (world_step(&r->world, until_ns)) {
        at_moment = r->world.now_ns == moment_ns ? at_moment + 1 : 0;
        moment_ns = r->world.now_ns;
        invariant_stepped_on(&r->invariant);
        if (at_moment > RESTLESS)
            invariant_restless(&r->invariant);
        if (look(r))
            return;
        if (r->options->most_events && r->world.events >= r->options->most_events)
            return;
        if (r->tape)
            run_maybe_kill(r);
    }
    r->ended = until_ns == INT64_MAX || until_ns == s->duration_ns;
    if (s->heal_ns && r->world.count == 0 &&
        !(renewed(r) && settled(r))) /* nothing will ever happen again */
        invariant_impatient(&r->invariant, "not everything is settled", patience_ns(r));
}

static void count_fates(const struct run *r, uint64_t *m)
{
    const struct invariant *v = &r->invariant;
    struct invariant_fates f = {0};

    for (unsigned i = 0; i < r->host_count; i++)
        invariant_fates(v, &f, i, host_disk(r->hosts[i]), r->ended && r->scenario->heal_ns);
    m[RUN_TASKS_ARRIVED] = f.arrived;
    m[RUN_TASKS_CREDITED] = f.credited;
    m[RUN_TASKS_REFUSED] = f.refused;
    m[RUN_TASKS_ABANDONED] = f.abandoned;
    m[RUN_TASKS_EXCUSED] = f.excused;
    m[RUN_TASKS_OPEN] = f.open;
    m[RUN_TASKS_UNACCOUNTED] = f.unaccounted;
    m[RUN_FINISHED_LOST] = f.finished_lost;
    m[RUN_UNJUSTIFIED] = v->broken_of[3] + v->broken_of[7] + v->broken_of[8] + v->broken_of[9];
}

static void count(const struct run *r, struct run_result *out)
{
    uint64_t *m = out->metrics;

    for (unsigned i = 0; i < r->host_count; i++) {
        struct stats s = host_stats(r->hosts[i]);

        m[RUN_ACCEPTED] += s.accepted;
        m[RUN_REFUSED] += s.refused;
        m[RUN_UNKNOWN] += s.unknown;
        m[RUN_ABANDONED] += s.abandoned;
        m[RUN_FETCHED] += s.fetched;
        m[RUN_DUPLICATES] += s.duplicates;
        m[RUN_PROOFS] += s.proofs;
        m[RUN_FETCH_REQUESTS] += s.fetch_requests;
        m[RUN_SUBMIT_REQUESTS] += s.submit_requests;
        m[RUN_REQUESTS] += host_requests(r->hosts[i]);
        m[RUN_TURNED_AWAY] += host_turned_away(r->hosts[i]);
        m[RUN_STOPS] += host_stops(r->hosts[i]);
        m[RUN_KILLS] += host_kills(r->hosts[i]);
        m[RUN_REFUSED_INSTANCES] += host_refused_instances(r->hosts[i]);
        m[RUN_TORN_RECORDS] += host_torn_records(r->hosts[i]);
    }
    m[RUN_PROOFS_LOST] = invariant_proofs_lost(&r->invariant);
    m[RUN_CREDITS] = r->invariant.credits;
    m[RUN_FAULTS] = r->plan.struck;
    m[RUN_RESETS] = r->network.resets;
    m[RUN_LOST_REQUESTS] = r->network.lost_requests;
    m[RUN_LOST_ANSWERS] = r->network.lost_answers;
    m[RUN_REPEATED_REQUESTS] = r->network.duplicates;
    m[RUN_KILLS] += r->kills;
    m[RUN_EVENTS_BEGUN] = r->happened;
    m[RUN_LATE_REQUESTS] = r->network.late_requests;
    out->marks = r->invariant.marks;
    out->buggify = run_buggifies(r);
    out->buggified = r->buggify.struck;
    if (r->network.late_requests)
        out->marks |= UINT64_C(1) << MARK_LATE_REQUEST;
    m[RUN_VIOLATIONS] = r->invariant.violations;
    m[RUN_EARLY_REQUESTS] = r->invariant.broken_of[5];
    m[RUN_SUBMIT_BURST] = r->invariant.burst;
    m[RUN_USELESS_PROOFS] = r->invariant.useless;
    m[RUN_PROVED_AGAIN] = r->invariant.proved_again;
    m[RUN_HERD_PEAK_PERCENT] = herd_peak_percent(&r->invariant.herd);
    m[RUN_RECOVERY_S] = (uint64_t)(r->recovered_ns / NS_PER_S);
    m[RUN_REQUESTS_PER_100_CREDITS] =
        m[RUN_CREDITS] ? 100 * m[RUN_REQUESTS] / m[RUN_CREDITS] : 100 * m[RUN_REQUESTS];
    count_fates(r, m);
    m[RUN_CALLS] = r->operator.calls;
    for (size_t i = 0; i < r->scenario->rule_count; i++)
        out->struck[i] = r->plan.rules[i].struck;
}

bool run_expects(const struct run *r)
{
    return !r->drawn && !run_buggifies(r);
}

static void check_expectations(const struct run *r, struct run_result *out)
{
    if (r->operator.wrong[0] && !out->broken && r->options->policy == HOST_OURS) {
        out->broken = RUN_EXPECT;
        out->broken_ns = r->operator.wrong_ns;
        out->broken_events = r->operator.wrong_events;
        snprintf(out->text, sizeof out->text, "%.399s", r->operator.wrong);
    }
    for (size_t i = 0; i < r->scenario->expect_count && run_expects(r) && !out->broken; i++) {
        const struct scenario_expect *e = &r->scenario->expects[i];
        enum run_metric m = RUN_METRICS;
        double value;

        run_metric_of_name(&m, e->metric);
        assert(m != RUN_METRICS); /* run_check */
        value = (double)out->metrics[m];
        if ((!e->has_at_least || value >= e->at_least) && (!e->has_at_most || value <= e->at_most))
            continue;
        out->metrics[RUN_EXPECTATIONS_MISSED]++;
        if (r->options->policy != HOST_OURS)
            continue;
        out->broken = RUN_EXPECT;
        out->broken_ns = r->world.now_ns;
        out->broken_events = r->world.events;
        snprintf(out->text, sizeof out->text, "%s is %g, expected %s %g", e->metric, value,
                 e->has_at_least && value < e->at_least ? "at least" : "at most",
                 e->has_at_least && value < e->at_least ? e->at_least : e->at_most);
    }
}

/* Those of a scenario's own nodes are not known here. */
static void check_balances(struct run *r)
{
    if (r->scenario->node_count || r->operator.changed_history)
        return;
    for (unsigned i = 0; i < r->host_count; i++) {
        uint64_t by_hand = i == 0 ? (uint64_t)r->operator.granted : 0; /* to $USER */
        char wallet[SCENARIO_TEXT];

        host_wallet(r->hosts[i], wallet);
        invariant_balance(&r->invariant, i,
                          orchestrator_credits(service_core(r->service), wallet) - by_hand);
    }
}

static void judge(struct run *r, struct run_result *out)
{
    bool ours = r->options->policy == HOST_OURS;

    if (ours && !r->invariant.broken)
        check_balances(r);
    if (ours && !r->invariant.broken && r->scenario->heal_ns && r->ended)
        for (unsigned i = 0; i < r->host_count; i++)
            invariant_final(&r->invariant, i, host_disk(r->hosts[i]));
    *out = (struct run_result){
        .seed = r->options->seed,
        .broken = r->invariant.broken,
        .broken_ns = r->invariant.broken_ns,
        .broken_events = r->invariant.broken_events,
        .hash = r->world.hash,
        .events = r->world.events,
        .ended_ns = r->world.now_ns,
    };
    memcpy(out->text, r->invariant.text, sizeof out->text);
    count(r, out);
    if (r->ended || (!ours && !r->options->until_ns))
        check_expectations(r, out);
    if (r->options->bug == HOST_CANARY && r->options->seed % 100 == 0 && !out->broken) {
        out->broken = RUN_EXPECT; /* whoever sees none of these looks at nothing */
        out->broken_ns = r->world.now_ns;
        out->broken_events = r->world.events;
        snprintf(out->text, sizeof out->text, "the canary: one seed in a hundred fails");
    }
}

static void dump(const struct run *r)
{
    if (!r->options->dump)
        return;
    for (unsigned i = 0; i < r->host_count; i++)
        describe_host(r->options->dump, r->hosts[i], i);
    describe_server(r->options->dump, r->service, r->world.now_ns);
}

/* What a core leaves behind when it is torn out of its work cannot be taken apart: it stays. */
static void report_assertion(struct run *r, struct run_result *out, const char *text)
{
    static struct run *abandoned;

    r->abandoned = abandoned;
    abandoned = r;
    *out = (struct run_result){
        .seed = r->options->seed,
        .broken = RUN_ASSERT,
        .broken_ns = r->world.now_ns,
        .broken_events = r->world.events,
        .hash = r->world.hash,
        .events = r->world.events,
        .ended_ns = r->world.now_ns,
    };
    snprintf(out->text, sizeof out->text, "%.399s", text);
    count(r, out);
}

enum status run_once(struct run_result *out, const struct scenario *s, struct prover_sim *prover,
                     const struct run_options *o, struct why *why)
{
    struct run *const r = memory_new(sizeof *r);
    struct assertion a;
    enum status st;

    r->drawn = s->swarm || o->swarm ? swarm_draw(s, o->seed) : NULL;
    prover_sim_stand_in(prover, s->model_proofs);
    assertion_catch(&a);
    if (setjmp(a.jump) == 0) {
        st = run_open(r, r->drawn ? r->drawn : s, prover, o, why);
        if (!st) {
            run_plan(r);
            go(r);
            judge(r, out);
            dump(r);
        }
        run_close(r);
        swarm_free(r->drawn);
        free(r);
    } else {
        scarcity_end();
        if (r->tier)
            r->tier->kind->leave(r->tier);
        report_assertion(r, out, a.text);
        st = ST_OK;
    }
    buggify_end();
    assertion_catch(NULL);
    return st;
}
