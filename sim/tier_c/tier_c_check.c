/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/tier_c/tier_c_inside.h"

struct checking {
    const struct live_options *o;
    enum status st;
    struct why *why;
};

/* true: it is to be left out. */
static bool leave_out(struct checking *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool leave_out(struct checking *c, const char *format, ...)
{
    char what[200];
    va_list list;

    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    if (!c->o->leave_out) {
        if (!c->st)
            c->st = fail(c->why, ST_INPUT,
                         "%s: with real programs nobody can %s that; --leave-out goes without", what,
                         strncmp(what, "expect", 6) == 0 ? "see" : "do");
        return false;
    }
    if (c->o->progress)
        fprintf(c->o->progress, "%s: left out: %s\n", c->o->name, what);
    return true;
}

bool tier_c_measures(enum run_metric m, bool foreign)
{
    switch (m) {
    case RUN_FETCHED:
    case RUN_CREDITS:
    case RUN_REFUSED:
    case RUN_PROOFS_LOST:
    case RUN_REQUESTS:
    case RUN_FETCH_REQUESTS:
    case RUN_SUBMIT_REQUESTS:
    case RUN_REQUESTS_PER_100_CREDITS:
    case RUN_FAULTS:
    case RUN_RESETS:
    case RUN_LOST_REQUESTS:
    case RUN_LOST_ANSWERS:
    case RUN_KILLS:
    case RUN_STOPS:
    case RUN_EVENTS_BEGUN:
    case RUN_EARLY_REQUESTS:
    case RUN_SUBMIT_BURST:
    case RUN_RECOVERY_S:
    case RUN_EXPECTATIONS_MISSED:
        return true;
    case RUN_ACCEPTED:
    case RUN_UNKNOWN:
    case RUN_ABANDONED:
    case RUN_PROOFS:
    case RUN_REFUSED_INSTANCES:
        return !foreign;
    default:
        return false;
    }
}

/* ---- clients ---- */

static void check_client(struct checking *c, struct scenario_client *s)
{
    const struct {
        const char *key;
        double *value;
    } chances[] = {
        {"disk_full", &s->disk_full},
        {"disk_error", &s->disk_error},
        {"disk_lost", &s->disk_lost},
        {"disk_torn", &s->disk_torn},
        {"prove_fails", &s->prove_fails},
        {"prove_dies", &s->prove_dies},
        {"prove_wrong", &s->prove_wrong},
        {"disk_stalls", &s->disk_stalls},
        {"disk_rot", &s->disk_rot},
        {"memory_short", &s->memory_short},
        {"clock_drift_ppm", &s->clock_drift_ppm},
    };

    for (size_t i = 0; i < sizeof chances / sizeof *chances; i++)
        if (*chances[i].value != 0 && leave_out(c, "client '%s': %s", s->name, chances[i].key))
            *chances[i].value = 0;
    if (s->wall_skew_ns && leave_out(c, "client '%s': wall_skew", s->name))
        s->wall_skew_ns = 0;
    if (s->registers && leave_out(c, "client '%s': registers", s->name))
        s->registers = false; /* it is given a node */
    if (s->version[0] && leave_out(c, "client '%s': version", s->name))
        s->version[0] = 0;
}

static void check_count(struct checking *c, const struct scenario *s)
{
    uint64_t clients = 0, nodes = 0;

    for (size_t i = 0; i < s->client_count; i++) {
        clients += s->clients[i].count;
        nodes += (uint64_t)s->clients[i].count * s->clients[i].nodes;
    }
    if (!c->st && (clients > TIER_C_CLIENTS || nodes > CORE_NODES))
        c->st = fail(c->why, ST_INPUT, "clients: at most %d real ones, with %d nodes together",
                     TIER_C_CLIENTS, CORE_NODES);
    if (!c->st && c->o->port && clients != 1)
        c->st = fail(c->why, ST_INPUT, "--port is for a scenario with one client");
}

/* ---- events ---- */

static bool can_happen(const struct scenario_event *e, bool foreign)
{
    enum run_event event = RUN_EVENTS;

    (void)run_event_of_name(&event, e->event); /* run_check */
    if (run_event_troubles(event, e))
        return false;
    switch (event) {
    case RUN_KILL:
    case RUN_STOP:
    case RUN_PARTITION:
    case RUN_PARTITION_UP:
    case RUN_PARTITION_DOWN:
    case RUN_CLOG:
    case RUN_RESTART:
        return true;
    case RUN_SECOND_INSTANCE:
    case RUN_WORKER_CRASH:
    case RUN_OUT_OF_MEMORY:
    case RUN_SLOW:
        return !foreign; /* whose prover is its own affair */
    default:
        return false;
    }
}

static void drop_event(struct scenario *s, size_t i)
{
    memmove(&s->events[i], &s->events[i + 1], (s->event_count - i - 1) * sizeof *s->events);
    s->event_count--;
}

static void drop_expect(struct scenario *s, size_t i)
{
    memmove(&s->expects[i], &s->expects[i + 1], (s->expect_count - i - 1) * sizeof *s->expects);
    s->expect_count--;
}

enum status tier_c_check(struct scenario *s, const struct live_options *o, struct why *why)
{
    struct checking c = {.o = o, .why = why};
    bool foreign = o->command != NULL;

    if (s->tape_written || s->choice_count)
        return fail(why, ST_INPUT, "choices: those of real programs cannot be written");
    if (s->swarm)
        return fail(why, ST_INPUT, "swarm: real programs are run as it is written");
    if (s->buggify)
        return fail(why, ST_INPUT, "buggify: the programs that users run have no such places");
    check_count(&c, s);
    for (size_t i = 0; i < s->client_count; i++)
        check_client(&c, &s->clients[i]);
    if (s->network.duplicate > 0 && leave_out(&c, "network: duplicate"))
        s->network.duplicate = 0;
    for (size_t i = s->event_count; i-- > 0;)
        if (!can_happen(&s->events[i], foreign) &&
            leave_out(&c, "event '%s'", s->events[i].event))
            drop_event(s, i);
    for (size_t i = s->expect_count; i-- > 0;) {
        enum run_metric m = RUN_METRICS;

        (void)run_metric_of_name(&m, s->expects[i].metric); /* run_check */
        if (!tier_c_measures(m, foreign) && leave_out(&c, "expect '%s'", s->expects[i].metric))
            drop_expect(s, i);
    }
    return c.st;
}
