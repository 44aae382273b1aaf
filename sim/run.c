/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/memory.h"
#include "sim/server.h"

#define WALL_AT_ZERO_NS (INT64_C(1760000000) * NS_PER_S)
#define JUDGE_NS        (20 * NS_PER_MS)
#define JUDGE_JITTER_NS (200 * NS_PER_MS)
#define RESTLESS        100000   /* events at one moment */
#define DOWN_NS         NS_PER_S /* of a killed client, when the scenario does not say */

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
    };

    return names[m];
}

/* ---- scenarios that we can carry out ---- */

static bool metric_of_name(enum run_metric *out, const char *name)
{
    for (int m = 0; m < RUN_METRICS; m++) {
        if (strcmp(run_metric_name(m), name) == 0) {
            *out = (enum run_metric)m;
            return true;
        }
    }
    return false;
}

/* One for all clients of a run. */
static const struct profile *profile_of(const struct scenario *s)
{
    return s->clients[0].profile[0] ? profile_of_name(s->clients[0].profile) : &profile_current;
}

static enum status check_client(const struct scenario_client *c, struct why *why)
{
    if (c->profile[0] && !profile_of_name(c->profile))
        return fail(why, ST_INPUT, "client '%s': profile '%s' is not simulated", c->name,
                    c->profile);
    if (c->nodes > CORE_NODES)
        return fail(why, ST_INPUT, "client '%s': at most %d nodes are simulated", c->name,
                    CORE_NODES);
    if (c->prove_grows || c->prove_dies > 0 || c->disk_torn > 0 || c->disk_lost > 0 ||
        c->clock_drift_ppm != 0)
        return fail(why, ST_INPUT,
                    "client '%s': prove_grows, prove_dies, disk_torn, disk_lost and "
                    "clock_drift_ppm are not simulated",
                    c->name);
    return ST_OK;
}

enum status run_check(const struct scenario *s, struct why *why)
{
    enum run_metric m;
    enum status st = ST_OK;

    if (s->client_count == 0)
        return fail(why, ST_INPUT, "clients: there are none");
    if (!s->heal_ns && !s->duration_ns)
        return fail(why, ST_INPUT, "neither heal_at nor duration says when the run ends");
    if (s->rule_count > RUN_MAX_RULES)
        return fail(why, ST_INPUT, "faults: at most %d rules are simulated", RUN_MAX_RULES);
    for (size_t i = 0; i < s->client_count && !st; i++)
        st = check_client(&s->clients[i], why);
    for (size_t i = 1; i < s->client_count && !st; i++)
        if (strcmp(s->clients[i].profile, s->clients[0].profile) != 0)
            st = fail(why, ST_INPUT, "client '%s': another profile than the first one's",
                      s->clients[i].name);
    for (size_t i = 0; i < s->event_count && !st; i++)
        if (strcmp(s->events[i].event, "kill") != 0 && strcmp(s->events[i].event, "partition") != 0)
            st = fail(why, ST_INPUT, "event '%s': kill and partition are simulated",
                      s->events[i].event);
    for (size_t i = 0; i < s->expect_count && !st; i++)
        if (!metric_of_name(&m, s->expects[i].metric))
            st = fail(why, ST_INPUT, "expect: there is no metric '%s'", s->expects[i].metric);
    return st;
}

/* ---- the parts of a run ---- */

struct run {
    const struct scenario *scenario;
    const struct run_options *options;
    struct world world;
    struct network network;
    struct invariant invariant;
    struct fault_plan plan;
    struct settings settings;
    struct choice_tape *tape, own_tape; /* tape NULL: nobody listens */
    struct choice_listener ear, fault_ear, network_ear;
    struct server *server;
    struct host **hosts;
    unsigned host_count;
    char (*node_ids)[24];
    const char **node_texts; /* of them */
    size_t node_count;
    uint64_t kills;
    bool recovered; /* settled, with new credits, at least once since the healing */
    bool ended;     /* by itself */
};

static void report_accepted(void *context, const char *task_id, bool twice)
{
    struct run *r = context;

    invariant_credited(&r->invariant, task_id, twice);
}

/* The next node of the scenario, or one more of this host's user. */
static enum status add_node(struct run *r, unsigned host, struct why *why)
{
    const struct scenario *s = r->scenario;
    size_t number = r->node_count++;
    char wallet[48];

    r->node_texts[number] = r->node_ids[number];
    if (number < s->node_count) {
        snprintf(r->node_ids[number], sizeof *r->node_ids, "%s", s->nodes[number].id);
        return ST_OK;
    }
    snprintf(r->node_ids[number], sizeof *r->node_ids, "%zu", 1000000 + number);
    snprintf(wallet, sizeof wallet, "0x%040x", host + 1);
    return orchestrator_add_node(server_core(r->server), r->node_ids[number], wallet, why);
}

static enum status add_host(struct run *r, const struct scenario_client *plan,
                            struct prover_sim *prover, struct why *why)
{
    unsigned number = r->host_count;
    struct host_options o = {
        .world = &r->world,
        .network = &r->network,
        .invariant = &r->invariant,
        .prover = prover,
        .plan = plan,
        .profile = profile_of(r->scenario),
        .number = number,
        .node_ids = r->node_texts + r->node_count,
        .node_count = plan->nodes,
        .wall_at_zero_ns = r->settings.wall_at_zero_ns,
        .policy = r->options->policy,
        .bug = r->options->bug,
        .tape = r->tape,
    };
    enum status st = ST_OK;

    for (uint32_t i = 0; i < plan->nodes && !st; i++)
        st = add_node(r, number, why);
    if (!st)
        st = host_new(&r->hosts[number], &o, why);
    if (!st)
        r->host_count++;
    return st;
}

static enum status add_hosts(struct run *r, struct prover_sim *prover, struct why *why)
{
    const struct scenario *s = r->scenario;
    enum status st = ST_OK;

    for (size_t i = 0; i < s->node_count && !st; i++)
        st = orchestrator_add_node(server_core(r->server), s->nodes[i].id, s->nodes[i].wallet, why);
    for (size_t i = 0; i < s->client_count && !st; i++)
        for (uint32_t k = 0; k < s->clients[i].count && !st; k++)
            st = add_host(r, &s->clients[i], prover, why);
    return st;
}

static unsigned count_hosts(const struct scenario *s)
{
    unsigned count = 0;

    for (size_t i = 0; i < s->client_count; i++)
        count += s->clients[i].count; /* groups of at most SCENARIO_MAX_CLIENT */
    return count;
}

static size_t count_nodes(const struct scenario *s)
{
    size_t count = 0;

    for (size_t i = 0; i < s->client_count; i++)
        count += (size_t)s->clients[i].count * s->clients[i].nodes;
    return count;
}

static void open_tape(struct run *r)
{
    const struct scenario *s = r->scenario;

    r->tape = r->options->tape ? r->options->tape : s->tape_written ? &r->own_tape : NULL;
    if (r->tape && s->tape_written) {
        r->tape->is_written = true;
        r->tape->written = s->choices;
        r->tape->written_count = s->choice_count;
    }
}

static enum status open_run(struct run *r, const struct scenario *s, struct prover_sim *prover,
                            const struct run_options *o, struct why *why)
{
    unsigned hosts = count_hosts(s);
    struct server_options server;
    struct prng prng;
    enum status st;

    *r = (struct run){.scenario = s, .options = o, .settings = s->orchestrator};
    open_tape(r);
    world_init(&r->world, o->seed, o->trace);
    r->hosts = memory_new((hosts + 1) * sizeof(struct host *));
    r->node_ids = memory_new((count_nodes(s) + 1) * sizeof *r->node_ids);
    r->node_texts = memory_new((count_nodes(s) + 1) * sizeof(const char *));
    invariant_init(&r->invariant, &r->world, profile_of(s), hosts);
    r->invariant.counts = o->policy != HOST_OURS;
    prng = world_prng(&r->world, 1);
    r->settings.seed = prng_u64(&prng);
    if (!r->settings.wall_at_zero_ns)
        r->settings.wall_at_zero_ns = WALL_AT_ZERO_NS;
    st = scenario_plan(&r->plan, s, prng_u64(&prng), why);
    if (st)
        return st;
    r->plan.prng.listener = choice_listen(&r->fault_ear, r->tape, "fault");
    r->network = (struct network){
        .world = &r->world,
        .plan = &s->network,
        .heal_ns = s->heal_ns,
        .prng = world_prng(&r->world, 2),
        .arrive = server_arrive,
        .deliver = host_deliver,
    };
    r->network.prng.listener = choice_listen(&r->network_ear, r->tape, "network");
    server = (struct server_options){
        .world = &r->world,
        .network = &r->network,
        .settings = &r->settings,
        .plan = &r->plan,
        .judge = prover_sim_judge(prover),
        .tape = r->tape,
        .judge_ns = JUDGE_NS,
        .judge_jitter_ns = JUDGE_JITTER_NS,
        .accepted = report_accepted,
        .context = r,
    };
    st = server_new(&r->server, &server, why);
    if (st)
        return st;
    r->network.orchestrator = r->server;
    return add_hosts(r, prover, why);
}

static void close_run(struct run *r)
{
    world_fini(&r->world); /* first: packets on their way know hosts and server */
    for (unsigned i = 0; i < r->host_count; i++)
        host_free(r->hosts[i]);
    server_free(r->server);
    fault_plan_fini(&r->plan);
    invariant_fini(&r->invariant);
    choice_tape_fini(&r->own_tape);
    free(r->hosts);
    free(r->node_ids);
    free(r->node_texts);
}

/* ---- what the scenario plans ---- */

static void plan_at(struct run *r, int64_t at_ns, world_fire *fire, uint64_t id)
{
    world_plan(&r->world,
               &(struct world_event){.at_ns = at_ns, .fire = fire, .context = r, .id = id});
}

static void fire_start(void *context, uint64_t host, void *payload)
{
    struct run *r = context;

    (void)payload;
    host_start(r->hosts[host]);
}

static void fire_kill(void *context, uint64_t id, void *payload)
{
    struct run *r = context;
    const struct scenario_event *e = &r->scenario->events[id >> 32];
    unsigned host = (unsigned)(uint32_t)id;
    int64_t now_ns = r->world.now_ns;

    (void)payload;
    if (host_over(r->hosts[host]))
        return;
    r->kills++;
    host_kill(r->hosts[host]);
    plan_at(r, now_ns + (e->for_ns ? e->for_ns : DOWN_NS), fire_start, host);
    if (e->every_ns && (!r->scenario->heal_ns || now_ns + e->every_ns < r->scenario->heal_ns))
        plan_at(r, now_ns + e->every_ns, fire_kill, id);
}

static void fire_join(void *context, uint64_t id, void *payload)
{
    struct run *r = context;

    (void)id;
    (void)payload;
    if (r->network.partitions)
        r->network.partitions--;
    world_note(&r->world, "network joins");
}

static void fire_partition(void *context, uint64_t id, void *payload)
{
    struct run *r = context;
    const struct scenario_event *e = &r->scenario->events[id];
    int64_t now_ns = r->world.now_ns, heal_ns = r->scenario->heal_ns;
    int64_t until_ns = now_ns + e->for_ns;

    (void)payload;
    if (heal_ns && now_ns >= heal_ns)
        return;
    r->network.partitions++;
    world_note(&r->world, "network parts");
    if (!e->for_ns || (heal_ns && until_ns > heal_ns))
        until_ns = heal_ns;
    if (until_ns)
        plan_at(r, until_ns, fire_join, id);
    if (e->every_ns)
        plan_at(r, now_ns + e->every_ns, fire_partition, id);
}

static void fire_heal(void *context, uint64_t id, void *payload)
{
    struct run *r = context;

    (void)id;
    (void)payload;
    world_note(&r->world, "faults stop");
}

/* "laptop" is every client of that name, "laptop/2" the third of them, "" everybody. */
static bool is_meant(const char *who, const char *name, uint32_t number)
{
    char one[SCENARIO_TEXT + 16];

    snprintf(one, sizeof one, "%s/%u", name, number);
    return !who[0] || strcmp(who, name) == 0 || strcmp(who, one) == 0;
}

static void plan_kills(struct run *r, size_t event)
{
    const struct scenario *s = r->scenario;
    const struct scenario_event *e = &s->events[event];
    unsigned host = 0;

    for (size_t i = 0; i < s->client_count; i++)
        for (uint32_t k = 0; k < s->clients[i].count; k++, host++)
            if (is_meant(e->who, s->clients[i].name, k))
                plan_at(r, e->at_ns, fire_kill, (uint64_t)event << 32 | host);
}

static void plan_all(struct run *r)
{
    const struct scenario *s = r->scenario;
    struct prng prng = world_prng(&r->world, 3);
    unsigned host = 0;

    prng.listener = choice_listen(&r->ear, r->tape, "start");
    for (size_t i = 0; i < s->client_count; i++) {
        const struct scenario_client *c = &s->clients[i];

        for (uint32_t k = 0; k < c->count; k++, host++)
            plan_at(r, c->start_ns + prng_between(&prng, 0, c->start_spread_ns), fire_start, host);
    }
    for (size_t i = 0; i < s->event_count; i++) {
        if (strcmp(s->events[i].event, "kill") == 0)
            plan_kills(r, i);
        else
            plan_at(r, s->events[i].at_ns, fire_partition, i);
    }
    if (s->heal_ns)
        plan_at(r, s->heal_ns, fire_heal, 0);
}

/* ---- the run ---- */

static int64_t patience_ns(const struct run *r)
{
    const struct scenario *s = r->scenario;
    struct invariant_costs costs = {.fetch_gap_ns = profile_of(s)->fetch_gap_ns};
    int64_t prove_ns = 0;

    for (size_t i = 0; i < s->client_count; i++) {
        int64_t one_ns = s->clients[i].prove_ns + s->clients[i].prove_jitter_ns;

        prove_ns = one_ns > prove_ns ? one_ns : prove_ns;
    }
    costs.prove_ns = prove_ns * (int64_t)s->orchestrator.inputs_per_task.high;
    costs.allowance_ns = s->orchestrator.fetches_per_window ? s->orchestrator.window_ns : 0;
    /* A request that is lost at the last moment is given up after the client's whole limit. */
    costs.round_trip_ns = 2 * (s->network.latency_ns + s->network.jitter_ns) + JUDGE_NS +
                          JUDGE_JITTER_NS + 60 * NS_PER_S;
    return invariant_patience_ns(&r->invariant, &costs);
}

/* Every client has nothing open, and something new to show since the healing. */
static bool settled(const struct run *r)
{
    const struct orchestrator_metrics *made = orchestrator_metrics(server_core(r->server));
    uint64_t limit = r->settings.task_limit;
    bool no_tasks_left = limit && made->tasks_made >= limit;

    for (unsigned i = 0; i < r->host_count; i++) {
        const struct host *h = r->hosts[i];

        if (!host_settled(h) || (!host_over(h) && !no_tasks_left &&
                                 !invariant_credited_since(&r->invariant, i, r->scenario->heal_ns)))
            return false;
    }
    return true;
}

/* true: the run is over. */
static bool look(struct run *r)
{
    const struct scenario *s = r->scenario;
    int64_t now_ns = r->world.now_ns, patience;

    if (r->invariant.broken)
        return true;
    if (!s->heal_ns || now_ns < s->heal_ns)
        return false;
    if (settled(r)) {
        r->recovered = true;
        r->ended = now_ns >= s->duration_ns;
        return r->ended;
    }
    patience = patience_ns(r);
    if (now_ns <= (r->recovered ? s->duration_ns : 0) + s->heal_ns + patience)
        return false;
    invariant_impatient(&r->invariant, "not everything is settled with new credits", patience);
    return true;
}

/* A written tape can kill a client behind any event: value 1 is the first of them. */
static void maybe_kill(struct run *r)
{
    uint64_t who = choice_ask(r->tape, "kill", 0, r->host_count);
    unsigned host = (unsigned)who - 1;

    if (!who || host_over(r->hosts[host]))
        return;
    r->kills++;
    host_kill(r->hosts[host]);
    plan_at(r, r->world.now_ns + DOWN_NS, fire_start, host);
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
        if (at_moment > RESTLESS)
            invariant_restless(&r->invariant);
        if (look(r))
            return;
        if (r->options->most_events && r->world.events >= r->options->most_events)
            return;
        if (r->tape)
            maybe_kill(r);
    }
    r->ended = until_ns == INT64_MAX || until_ns == s->duration_ns;
    if (until_ns == INT64_MAX && !settled(r)) /* nothing will ever happen again */
        invariant_impatient(&r->invariant, "not everything is settled", patience_ns(r));
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
    }
    m[RUN_PROOFS_LOST] = invariant_proofs_lost(&r->invariant);
    m[RUN_CREDITS] = r->invariant.credits;
    m[RUN_FAULTS] = r->plan.struck;
    m[RUN_RESETS] = r->network.resets;
    m[RUN_LOST_REQUESTS] = r->network.lost_requests;
    m[RUN_LOST_ANSWERS] = r->network.lost_answers;
    m[RUN_REPEATED_REQUESTS] = r->network.duplicates;
    m[RUN_KILLS] = r->kills;
    m[RUN_VIOLATIONS] = r->invariant.violations;
    for (size_t i = 0; i < r->plan.count; i++)
        out->struck[i] = r->plan.rules[i].struck;
}

static void check_expectations(const struct run *r, struct run_result *out)
{
    for (size_t i = 0; i < r->scenario->expect_count && !out->broken; i++) {
        const struct scenario_expect *e = &r->scenario->expects[i];
        enum run_metric m = RUN_METRICS;
        double value;

        metric_of_name(&m, e->metric);
        assert(m != RUN_METRICS); /* run_check */
        value = (double)out->metrics[m];
        if ((!e->has_at_least || value >= e->at_least) && (!e->has_at_most || value <= e->at_most))
            continue;
        out->broken = RUN_EXPECT;
        out->broken_ns = r->world.now_ns;
        out->broken_events = r->world.events;
        snprintf(out->text, sizeof out->text, "%s is %g, expected %s %g", e->metric, value,
                 e->has_at_least && value < e->at_least ? "at least" : "at most",
                 e->has_at_least && value < e->at_least ? e->at_least : e->at_most);
    }
}

static void judge(struct run *r, struct run_result *out)
{
    bool ours = r->options->policy == HOST_OURS;

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
    if (ours && r->ended)
        check_expectations(r, out);
}

enum status run_once(struct run_result *out, const struct scenario *s, struct prover_sim *prover,
                     const struct run_options *o, struct why *why)
{
    struct run r;
    enum status st = open_run(&r, s, prover, o, why);

    if (!st) {
        plan_all(&r);
        go(&r);
        judge(&r, out);
    }
    close_run(&r);
    return st;
}
