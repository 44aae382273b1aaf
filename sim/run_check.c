/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "client/core/version.h"
#include "sim/clockwork.h"
#include "sim/run_inside.h"

bool run_metric_of_name(enum run_metric *out, const char *name)
{
    for (int m = 0; m < RUN_METRICS; m++) {
        if (strcmp(run_metric_name(m), name) == 0) {
            *out = (enum run_metric)m;
            return true;
        }
    }
    return false;
}

static enum status check_client(const struct scenario_client *c, struct why *why)
{
    struct version version;

    if (c->profile[0] && !profile_of_name(c->profile))
        return fail(why, ST_INPUT, "client '%s': profile '%s' is not simulated (--policy is)",
                    c->name, c->profile);
    if (c->nodes > CORE_NODES)
        return fail(why, ST_INPUT, "client '%s': at most %d nodes are simulated", c->name,
                    CORE_NODES);
    if (c->registers && c->nodes != 1)
        return fail(why, ST_INPUT, "client '%s': one that registers has one node", c->name);
    if (c->version[0] && !version_parse(&version, c->version))
        return fail(why, ST_INPUT, "client '%s': '%s' is no version", c->name, c->version);
    if (c->clock_drift_ppm > CLOCKWORK_MOST_PPM || c->clock_drift_ppm < -CLOCKWORK_MOST_PPM)
        return fail(why, ST_INPUT, "client '%s': clocks drift by at most %d ppm", c->name,
                    CLOCKWORK_MOST_PPM);
    return ST_OK;
}

static bool means_anybody(const struct scenario *s, const char *who)
{
    for (size_t i = 0; i < s->client_count; i++)
        for (uint32_t k = 0; k < s->clients[i].count; k++)
            if (run_means(who, s->clients[i].name, k))
                return true;
    return false;
}

static enum status check_event_of_server(enum run_event event, const struct scenario_event *e,
                                         struct why *why)
{
    if (strcmp(e->who, "orchestrator") != 0)
        return fail(why, ST_INPUT, "event '%s' is one of who: orchestrator", e->event);
    if ((event == RUN_ADMIN || event == RUN_VISIT) && !strstr(e->call, " /"))
        return fail(why, ST_INPUT, "event '%s': call is 'METHOD /path'", e->event);
    if ((event == RUN_DAMAGED_STORE || event == RUN_DAMAGED_BACKUP || event == RUN_STRANGER) &&
        !(e->amount >= 1 && e->amount <= 1000))
        return fail(why, ST_INPUT, "event '%s': amount says how many, 1 to 1000", e->event);
    if (event == RUN_BAD_SETTINGS && !e->body[0])
        return fail(why, ST_INPUT, "event '%s': body is a configuration with a mistake", e->event);
    return ST_OK;
}

static enum status check_event(const struct scenario *s, const struct scenario_event *e,
                               struct why *why)
{
    enum run_event event;

    if (!run_event_of_name(&event, e->event))
        return fail(why, ST_INPUT, "event '%s' is not simulated", e->event);
    if (run_event_restarts(event) || event == RUN_ADMIN || event == RUN_VISIT ||
        event == RUN_DAMAGED_BACKUP || event == RUN_STRANGER || run_event_troubles(event, e))
        return check_event_of_server(event, e, why);
    if (!means_anybody(s, e->who))
        return fail(why, ST_INPUT, "event '%s': there is no client '%s'", e->event, e->who);
    if (event == RUN_SLOW && (e->amount < 1 || e->amount > 1000))
        return fail(why, ST_INPUT, "event 'slow': amount says how many times, 1 to 1000");
    if (event == RUN_CLOCK_STEP && (e->amount > 1e8 || e->amount < -1e8 || e->amount == 0))
        return fail(why, ST_INPUT, "event 'clock_step': amount says how many seconds");
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
    for (size_t i = 0; i < s->event_count && !st; i++)
        st = check_event(s, &s->events[i], why);
    for (size_t i = 0; i < s->expect_count && !st; i++)
        if (!run_metric_of_name(&m, s->expects[i].metric))
            st = fail(why, ST_INPUT, "expect: there is no metric '%s'", s->expects[i].metric);
    return st;
}
