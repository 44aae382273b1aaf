/* SPDX-License-Identifier: Apache-2.0 */
/* What the scenario has happen to hosts and lines. */
#include <signal.h>
#include <string.h>

#include "sim/tier_c/tier_c_inside.h"

#define DOWN_NS NS_PER_S /* of what is killed or restarted, when the scenario does not say */

static void strike(struct tier_c_run *r, enum run_event event, const struct scenario_event *e,
                   struct tier_c_client *c)
{
    int64_t for_ns = e->for_ns ? e->for_ns : DOWN_NS;

    switch (event) {
    case RUN_KILL:
        tier_c_client_kill(r, c, for_ns);
        break;
    case RUN_STOP:
        tier_c_client_stop(r, c, for_ns);
        break;
    case RUN_SECOND_INSTANCE:
        tier_c_client_second(c);
        break;
    case RUN_WORKER_CRASH:
        tier_c_client_hurt_worker(c, SIGSEGV);
        break;
    case RUN_OUT_OF_MEMORY:
        tier_c_client_hurt_worker(c, SIGKILL);
        break;
    case RUN_SLOW:
        tier_c_client_slow(r, c, e->amount, e->for_ns ? e->for_ns : TIER_C_NEVER);
        break;
    default:
        relay_strike(c->relay, e);
        break;
    }
}

static void happen(struct tier_c_run *r, const struct scenario_event *e)
{
    enum run_event event = RUN_EVENTS;
    bool one = strcmp(e->who, "one") == 0;
    unsigned who;

    (void)run_event_of_name(&event, e->event); /* run_check */
    prng_place(&r->prng, "who");
    who = one ? (unsigned)prng_below(&r->prng, r->client_count) : 0;
    r->happened++;
    tier_c_tell(r, "%s", e->event);
    if (event == RUN_RESTART) {
        if (r->mock.start_ns == TIER_C_NEVER)
            tier_c_mock_down(r, e->for_ns ? e->for_ns : DOWN_NS);
        return;
    }
    for (unsigned i = 0; i < r->client_count; i++) {
        struct tier_c_client *c = &r->clients[i];

        if (one ? i == who : run_means(e->who, c->plan->name, c->k))
            strike(r, event, e, c);
    }
}

void tier_c_events_look(struct tier_c_run *r)
{
    int64_t now_ns = tier_c_now_ns(r);

    for (size_t i = 0; i < r->s->event_count && !r->healed; i++) {
        const struct scenario_event *e = &r->s->events[i];

        if (r->event_due_ns[i] > now_ns)
            continue;
        r->event_due_ns[i] = e->every_ns ? r->event_due_ns[i] + e->every_ns : TIER_C_NEVER;
        happen(r, e);
    }
}
