/* SPDX-License-Identifier: Apache-2.0 */
/* What `run --tier c` and `judge` have in common: options, and runs in real time, one after another. */
#include "sim/command_live.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "mockorch/scenario/scalar.h"
#include "sim/command.h"
#include "sim/shelf.h"

#define TIME_SCALE_MOST 1000

enum { KEY_TIME_SCALE = 0x400, KEY_LEAVE_OUT, KEY_MOCKORCH, KEY_KEEP, KEY_QUIET };

static const struct argp_option options[] = {
    {"time-scale", KEY_TIME_SCALE, "N", 0,
     "Divide the scenario's times by N: phases, events, windows, every Retry-After up to whole "
     "seconds. Delays of messages, lives of tasks, and what a client waits by itself, stay",
     0},
    {"leave-out", KEY_LEAVE_OUT, 0, 0,
     "What nobody can do with real programs, or see of them, is left out and told, not refused", 0},
    {"mockorch", KEY_MOCKORCH, "PATH", 0, "This nxp-mockorch, not the one beside nxp-sim", 0},
    {"keep", KEY_KEEP, "FOLDER", 0,
     "Make this folder and leave logs, homes and the orchestrator's store there", 0},
    {"quiet", KEY_QUIET, 0, 0, "No lines of progress on standard error", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct command_live *c = state->input;
    char *end;

    switch (key) {
    case ARGP_KEY_INIT:
        c->live.time_scale = 1;
        c->live.progress = stderr;
        return 0;
    case KEY_TIME_SCALE:
        errno = 0;
        c->live.time_scale = (unsigned)strtoul(arg, &end, 10);
        if (errno || *end || *arg < '0' || *arg > '9' || !c->live.time_scale ||
            c->live.time_scale > TIME_SCALE_MOST)
            argp_error(state, "--time-scale: '%s' is no number from 1 to %d", arg, TIME_SCALE_MOST);
        break;
    case KEY_LEAVE_OUT:
        c->live.leave_out = true;
        break;
    case KEY_MOCKORCH:
        c->live.mockorch = arg;
        break;
    case KEY_KEEP:
        c->live.keep = arg;
        break;
    case KEY_QUIET:
        c->live.progress = NULL;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    c->said = true;
    return 0;
}

const struct argp command_live_argp = {.options = options, .parser = parse};

struct telling {
    struct report *report;
    size_t scenario;
};

static void tell(void *context, const struct run_result *result)
{
    struct telling *t = context;

    report_failure(t->report, &t->report->scenarios[t->scenario], result);
}

static enum status run_seeds(struct report *report, const struct command_live *c, const char *name,
                             struct why *why)
{
    struct live_options o = c->live;
    int64_t started_ns = clock_now_ns(clock_system());
    struct telling telling;
    struct scenario *s = NULL;
    uint64_t first;
    enum status st = shelf_take(&s, name, why);

    if (st)
        return st;
    o.name = name;
    first = c->has_first ? c->first_seed : s->has_seed ? s->seed : 1;
    report_begin(report, s, name);
    telling = (struct telling){report, report->count - 1};
    for (uint64_t seed = first; seed - first < c->seeds && !st; seed++) {
        struct report_scenario *entry = &report->scenarios[telling.scenario];
        struct run_result result;

        o.seed = seed;
        st = tier_c.run(&result, &o, tell, &telling, why);
        if (st)
            break;
        entry->sum.runs++;
        entry->sum.failed += result.broken != 0;
        entry->sum.events += result.events;
        entry->sum.virtual_h += (double)result.ended_ns / (3600.0 * (double)NS_PER_S);
        for (int m = 0; m < RUN_METRICS; m++)
            entry->sum.metrics[m] += result.metrics[m];
    }
    if (!st) {
        struct report_scenario *entry = &report->scenarios[telling.scenario];

        entry->seconds = (double)(clock_now_ns(clock_system()) - started_ns) / (double)NS_PER_S;
        report_end(report, entry);
    }
    scenario_free(s);
    return st;
}

enum status command_live_run(struct report *report, const struct command_live *c,
                             const char *const *names, size_t count, struct why *why)
{
    enum status st = ST_OK;

    report->live = true;
    if (c->live.keep && (count > 1 || c->seeds > 1))
        return fail(why, ST_INPUT, "--keep is for one run");
    for (size_t i = 0; i < count && !st; i++) {
        st = run_seeds(report, c, names[i], why);
        if (st)
            fail_within(why, st, "%s", names[i]);
    }
    if (!st)
        report_json(report);
    return st;
}

void command_live_repeat(struct buffer *out, const struct command_live *c)
{
    if (c->live.tls)
        buffer_put_text(out, " --tls");
    if (c->live.time_scale > 1)
        buffer_put_format(out, " --time-scale %u", c->live.time_scale);
    if (c->live.leave_out)
        buffer_put_text(out, " --leave-out");
    if (c->live.for_ns)
        buffer_put_format(out, " --for %lldms", (long long)(c->live.for_ns / NS_PER_MS));
    if (c->live.port)
        buffer_put_format(out, " --port %u", c->live.port);
    if (c->live.mockorch)
        buffer_put_format(out, " --mockorch %s", c->live.mockorch);
}

int command_live_exit(enum status st)
{
    return st == ST_INPUT || st == ST_NOT_FOUND ? EXIT_USAGE
           : st == ST_CANCELLED                 ? EXIT_INTERRUPTED
                                                : EXIT_SYSTEM;
}
