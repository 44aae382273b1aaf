/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/swarm.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/memory.h"
#include "sim/world.h"

#define NEVER_NS (INT64_C(300000000) * NS_PER_S) /* nine years */

static struct prng of_name(uint64_t seed, const char *name, uint64_t number)
{
    return prng_of(seed ^ world_hash(bytes_of_text(name)) ^ number * 0x9e3779b97f4a7c15u);
}

/* Absent in half of all seeds; up to most. Sixteenths are exact in any arithmetic. */
static double chance(struct prng *p, double most)
{
    return prng_below(p, 2) ? (double)prng_below(p, 17) / 16 * most : 0;
}

static int64_t scaled(struct prng *p, int64_t ns) /* a quarter to four times as much */
{
    return (ns << prng_below(p, 5)) / 4;
}

static void draw_rule(struct fault_rule *r, uint64_t seed, size_t number)
{
    struct prng p = of_name(seed, r->name, 1000 + number * !r->name[0]);

    if (prng_below(&p, 2))
        r->where.from_ns = NEVER_NS;
    if (r->where.from_ns == NEVER_NS)
        r->where.until_ns = 0;
    if (r->where.probability > 0) {
        r->where.probability *= (double)(1 + prng_below(&p, 8)) / 4;
        if (r->where.probability > 0.9)
            r->where.probability = 0.9;
    }
}

static void draw_event(struct scenario_event *e, uint64_t seed, int64_t end_ns)
{
    struct prng p = of_name(seed, e->event, (uint64_t)e->at_ns);

    if (prng_below(&p, 2)) {
        e->at_ns = end_ns;
        return;
    }
    e->at_ns = prng_between(&p, 0, end_ns);
    if (e->every_ns) {
        e->every_ns = scaled(&p, e->every_ns);
        if (e->every_ns < 10 * NS_PER_S)
            e->every_ns = 10 * NS_PER_S;
    }
    if (e->for_ns)
        e->for_ns = scaled(&p, e->for_ns);
}

static void draw_network(struct scenario_network *n, uint64_t seed)
{
    struct prng p = of_name(seed, "network", 0);

    n->latency_ns = prng_between(&p, 1, 200) * NS_PER_MS;
    n->jitter_ns = prng_between(&p, 0, 400) * NS_PER_MS;
    n->spread = (enum fault_spread)prng_below(&p, 3);
    n->loss = chance(&p, 0.1);
    n->retransmit = chance(&p, 0.2);
    n->reset = chance(&p, 0.1);
    n->duplicate = chance(&p, 0.3);
    n->up_bytes_per_s = prng_below(&p, 2) ? 20000 + prng_below(&p, 200000) : 0;
    n->down_bytes_per_s = prng_below(&p, 2) ? 20000 + prng_below(&p, 200000) : 0;
}

static void draw_client(struct scenario_client *c, uint64_t seed)
{
    struct prng p = of_name(seed, c->name, 1);

    c->max_tasks = 0; /* who ends in the middle leaves to the next process what is open */
    c->nodes = 1 + (uint32_t)prng_below(&p, 3);
    if (c->registers)
        c->nodes = 1;
    c->proofs_at_once = 1 + (uint32_t)prng_below(&p, 4);
    c->prove_ns = scaled(&p, c->prove_ns);
    c->prove_jitter_ns = scaled(&p, c->prove_jitter_ns);
    c->prove_fails = chance(&p, 0.1);
    c->prove_dies = chance(&p, 0.1);
    c->disk_full = chance(&p, 0.1);
    c->disk_error = chance(&p, 0.1);
    c->disk_lost = chance(&p, 0.5);
    c->disk_torn = chance(&p, 1);
    c->clock_drift_ppm = prng_below(&p, 2) ? (double)prng_between(&p, -50000, 50000) : 0;
    c->wall_skew_ns = prng_between(&p, -3600, 3600) * NS_PER_S;
    c->disk_stalls = chance(&p, 0.1);
    c->prove_wrong = chance(&p, 0.05);
    c->disk_rot = chance(&p, 0.3);
    c->memory_short = chance(&p, 0.05);
}

static void draw_orchestrator(struct settings *s, uint64_t seed)
{
    struct prng p = of_name(seed, "orchestrator", 0);

    if (s->task_expiry_ns < 3 * 3600 * NS_PER_S) /* or a slow prover never earns anything */
        s->task_expiry_ns = 3 * 3600 * NS_PER_S;
    s->fetches_per_window = 2 + (uint32_t)prng_below(&p, 4);
    s->submissions_per_window = prng_below(&p, 2) ? 2 + (uint32_t)prng_below(&p, 3) : 0;
    s->inputs_per_task = (struct settings_range){1, 1 + (uint32_t)prng_below(&p, 4)};
    for (int i = 0; i < 3; i++)
        s->type_weights[i] = (uint32_t)prng_below(&p, 3);
    s->type_weights[prng_below(&p, 3)]++;
    s->retry_after_date = prng_below(&p, 2);
}

static void *copy_of(const void *array, size_t count, size_t size)
{
    void *copy = memory_grown(NULL, count + 1, size);

    if (count)
        memcpy(copy, array, count * size);
    return copy;
}

struct scenario *swarm_draw(const struct scenario *s, uint64_t seed)
{
    struct scenario *drawn = memory_new(sizeof *drawn);

    *drawn = *s;
    drawn->rules = copy_of(s->rules, s->rule_count, sizeof *s->rules);
    drawn->clients = copy_of(s->clients, s->client_count, sizeof *s->clients);
    drawn->events = copy_of(s->events, s->event_count, sizeof *s->events);
    drawn->expect_count = 0;
    for (size_t i = 0; i < s->rule_count; i++)
        draw_rule(&drawn->rules[i], seed, i);
    for (size_t i = 0; i < s->client_count; i++)
        draw_client(&drawn->clients[i], seed);
    for (size_t i = 0; i < s->event_count; i++)
        draw_event(&drawn->events[i], seed, s->heal_ns ? s->heal_ns : s->duration_ns);
    draw_network(&drawn->network, seed);
    draw_orchestrator(&drawn->orchestrator, seed);
    return drawn;
}

void swarm_free(struct scenario *drawn)
{
    if (!drawn)
        return;
    free(drawn->rules);
    free(drawn->clients);
    free(drawn->events);
    free(drawn);
}
