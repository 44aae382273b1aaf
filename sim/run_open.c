/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/memory.h"
#include "sim/run_inside.h"

#define WALL_AT_ZERO_NS (INT64_C(1760000000) * NS_PER_S)

static const struct profile *profile_of(const struct scenario_client *c)
{
    return c->profile[0] ? profile_of_name(c->profile) : &profile_current;
}

static void report_accepted(void *context, const char *task_id, bool twice)
{
    struct run *r = context;

    invariant_credited(&r->invariant, task_id, twice);
}

#define FIRST_NODE 1000000 /* nodes that the scenario does not name count from here */

/* -1: of nobody, or of a user that has several clients. */
static int host_of_node(const struct run *r, const char *node_id)
{
    size_t number = strtoull(node_id, NULL, 10) - FIRST_NODE;

    return r->scenario->node_count || number >= r->node_count ? -1 : (int)r->node_hosts[number];
}

static void report_given(void *context, const char *node_id, uint64_t tasks)
{
    struct run *r = context;
    int host = host_of_node(r, node_id);

    if (host >= 0)
        invariant_given(&r->invariant, (unsigned)host, tasks);
}

static void report_answered(void *context, const struct verdict *verdict,
                            const struct http_response *response)
{
    struct run *r = context;
    bool ends = r->settings.task_limit > 0 || r->drain_ns > 0;

    if (verdict->failed == CHECK_TASK && verdict->status == 503 && !verdict->faults[0])
        invariant_mark(&r->invariant, MARK_CHANGED_WHILE_JUDGING);
    invariant_answered(&r->invariant, host_of_node(r, verdict->node_id), verdict, response, !ends);
}

static void report_interrupted(void *context)
{
    struct run *r = context;

    invariant_mark(&r->invariant, MARK_RESTART_WHILE_JUDGING);
}

static void report_unjudged(void *context, const char *task_id)
{
    struct run *r = context;

    invariant_unjudged(&r->invariant, task_id);
}

/* The next node of the scenario, or one more of this host's user. */
static enum status add_node(struct run *r, unsigned host, bool registers, struct why *why)
{
    const struct scenario *s = r->scenario;
    size_t number = r->node_count++;
    char wallet[48];

    r->node_texts[number] = r->node_ids[number];
    r->node_hosts[number] = host;
    if (number < s->node_count) {
        snprintf(r->node_ids[number], sizeof *r->node_ids, "%s", s->nodes[number].id);
        return ST_OK;
    }
    snprintf(r->node_ids[number], sizeof *r->node_ids, "%zu", FIRST_NODE + number);
    if (registers)
        return ST_OK; /* by itself, and under another id */
    snprintf(wallet, sizeof wallet, "0x%040x", host + 1);
    return orchestrator_add_node(service_core(r->service), r->node_ids[number], wallet, why);
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
        .keyring = r->keyring,
        .plan = plan,
        .profile = profile_of(plan),
        .tape = r->tape,
        .number = number,
        .heal_ns = r->scenario->heal_ns,
        .node_ids = r->node_texts + r->node_count,
        .node_count = plan->nodes,
        .wall_at_zero_ns = r->settings.wall_at_zero_ns,
        .policy = r->options->policy,
        .bug = r->options->bug,
    };
    enum status st = ST_OK;

    if (r->tier)
        st = r->tier->kind->vault(r->tier, &o.vault, number, why);

    for (uint32_t i = 0; i < plan->nodes && !st; i++)
        st = add_node(r, number, plan->registers, why);
    if (!st)
        st = host_new(&r->hosts[number], &o, why);
    if (!st)
        r->host_count++;
    if (st)
        return st;
    invariant_profile(&r->invariant, number, o.profile);
    if (plan->max_difficulty >= 0)
        invariant_limited(&r->invariant, number, (enum difficulty)plan->max_difficulty);
    invariant_drifts(&r->invariant, number, (int64_t)plan->clock_drift_ppm);
    return ST_OK;
}

static enum status add_hosts(struct run *r, struct prover_sim *prover, struct why *why)
{
    const struct scenario *s = r->scenario;
    enum status st = ST_OK;

    for (size_t i = 0; i < s->node_count && !st; i++)
        st = orchestrator_add_node(service_core(r->service), s->nodes[i].id, s->nodes[i].wallet,
                                   why);
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

static bool restarts(const struct scenario *s)
{
    enum run_event event = RUN_EVENTS;

    for (size_t i = 0; i < s->event_count; i++)
        if (run_event_of_name(&event, s->events[i].event) &&
            (run_event_restarts(event) || run_event_troubles(event, &s->events[i])))
            return true;
    return false;
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

/* From here on requests go through it to the orchestrator, and writes go behind the model's disk.
 */
static enum status open_tier(struct run *r, const struct service_options *service, struct why *why)
{
    return r->options->tier->open(&r->tier,
                                  &(struct tier_options){
                                      .world = &r->world,
                                      .network = &r->network,
                                      .service = r->service,
                                      .turns_away = service_turns_away,
                                      .voted = r->settings.consensus > 1 ? service_voted : NULL,
                                      .orchestrator = service_core(r->service),
                                      .judge = service->judge,
                                      .judge_ns = service->judge_ns,
                                      .judge_jitter_ns = service->judge_jitter_ns,
                                      .wall_at_zero_ns = r->settings.wall_at_zero_ns,
                                      .seed = r->options->seed,
                                      .tls = r->options->tls,
                                      .accepted = service->accepted,
                                      .context = service->context,
                                  },
                                  why);
}

bool run_buggifies(const struct run *r)
{
    return r->scenario->buggify || r->options->buggify;
}

enum status run_open(struct run *r, const struct scenario *s, struct prover_sim *prover,
                     const struct run_options *o, struct why *why)
{
    unsigned hosts = count_hosts(s);
    struct service_options service;
    struct prng prng;
    enum status st;

    *r = (struct run){.scenario = s, .options = o, .settings = s->orchestrator, .drawn = r->drawn, .prover = prover};
    open_tape(r);
    world_init(&r->world, o->seed, o->trace);
    if (run_buggifies(r)) {
        r->buggify =
            (struct buggify){.world = &r->world, .tape = r->tape, .heal_ns = s->heal_ns};
        buggify_begin(&r->buggify, o->seed);
    }
    r->hosts = memory_new((hosts + 1) * sizeof(struct host *));
    r->node_ids = memory_new((count_nodes(s) + 1) * sizeof *r->node_ids);
    r->node_texts = memory_new((count_nodes(s) + 1) * sizeof(const char *));
    r->node_hosts = memory_new((count_nodes(s) + 1) * sizeof *r->node_hosts);
    invariant_init(&r->invariant, &r->world, &profile_current, hosts);
    r->invariant.dawdles = run_buggifies(r);
    r->invariant.counts = o->policy != HOST_OURS;
    prng = world_prng(&r->world, 1);
    r->settings.seed = prng_u64(&prng);
    if (!r->settings.wall_at_zero_ns)
        r->settings.wall_at_zero_ns = WALL_AT_ZERO_NS;
    r->settings.requests_saved = restarts(s); /* as with a file for its store */
    invariant_settings(&r->invariant, &r->settings, s->heal_ns);
    st = scenario_plan(&r->plan, s, prng_u64(&prng), why);
    if (st)
        return st;
    r->plan.read = scenario_rule;
    r->plan.prng.listener = choice_listen(&r->fault_ear, r->tape, "fault");
    r->network = (struct network){
        .world = &r->world,
        .plan = &s->network,
        .heal_ns = s->heal_ns,
        .prng = world_prng(&r->world, 2),
        .arrive = service_arrive,
        .deliver = host_deliver,
    };
    r->network.prng.listener = choice_listen(&r->network_ear, r->tape, "network");
    r->keyring = keyring_new(s->model_proofs && !o->tier);
    service = (struct service_options){
        .world = &r->world,
        .network = &r->network,
        .settings = &r->settings,
        .plan = &r->plan,
        .judge = prover_sim_judge(prover),
        .tools = {.scheme = keyring_scheme(r->keyring), .hasher = prover_sim_hasher(prover)},
        .tape = r->tape,
        .judge_ns = RUN_JUDGE_NS,
        .judge_jitter_ns = RUN_JUDGE_JITTER_NS,
        .restarts = restarts(s),
        .accepted = report_accepted,
        .given = report_given,
        .answered = report_answered,
        .unjudged = report_unjudged,
        .interrupted = report_interrupted,
        .context = r,
    };
    st = service_new(&r->service, &service, why);
    if (st)
        return st;
    r->network.orchestrator = r->service;
    if (o->tier)
        st = open_tier(r, &service, why);
    return st ? st : add_hosts(r, prover, why);
}

void run_close(struct run *r)
{
    world_fini(&r->world); /* first: packets on their way know hosts and server */
    for (unsigned i = 0; i < r->host_count; i++)
        host_free(r->hosts[i]);
    if (r->tier)
        r->tier->kind->close(r->tier);
    operator_fini(&r->operator);
    service_free(r->service);
    keyring_free(r->keyring);
    fault_plan_fini(&r->plan);
    invariant_fini(&r->invariant);
    choice_tape_fini(&r->own_tape);
    free(r->hosts);
    free(r->node_ids);
    free(r->node_texts);
    free(r->node_hosts);
}
