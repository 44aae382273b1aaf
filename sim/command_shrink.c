/* SPDX-License-Identifier: Apache-2.0 */
/* nxp-sim shrink */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sim/command.h"
#include "sim/report.h"
#include "sim/shelf.h"
#include "sim/shrink.h"

enum { KEY_SEED = 0x100, KEY_RUNS, KEY_BREAK };

struct request {
    const char *name, *out, *broken;
    bool has_seed;
    struct shrink_options options;
};

static const struct argp_option options[] = {
    {"seed", KEY_SEED, "S", 0, "The seed that fails", 0},
    {"output", 'o', "FILE", 0, "Write the small scenario there (shrunk.yaml)", 0},
    {"runs", KEY_RUNS, "N", 0, "Try no more than N runs (4000)", 0},
    {"break", KEY_BREAK, "NAME", OPTION_HIDDEN, "Plant a mistake, as run does", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct request *r = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->options.run;
        return 0;
    case KEY_SEED:
        r->has_seed = true;
        r->options.run.seed = command_number(state, "--seed", arg, 0, UINT64_MAX);
        return 0;
    case KEY_RUNS:
        r->options.most_runs = command_number(state, "--runs", arg, 1, UINT64_MAX);
        return 0;
    case 'o':
        r->out = arg;
        return 0;
    case KEY_BREAK:
        r->broken = arg;
        if (!host_bug_of_name(&r->options.run.bug, arg))
            argp_error(state, "--break: there is no mistake '%s'", arg);
        return 0;
    case ARGP_KEY_ARG:
        if (r->name)
            argp_error(state, "one scenario at a time");
        r->name = arg;
        return 0;
    case ARGP_KEY_END:
        if (!r->name)
            argp_error(state, "which scenario?");
        if (!r->has_seed)
            argp_error(state, "--seed: which seed fails?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void tell(const struct request *r, const struct shrink_result *result, double seconds)
{
    const struct shrink_size *b = &result->before, *a = &result->after;

    printf("SHRUNK %s: %" PRIu64 " events to %" PRIu64 ", %" PRIu64
           " faults and choices to %" PRIu64 "; %" PRIu64 " rules to %" PRIu64 ", %" PRIu64
           " happenings to %" PRIu64 ", %" PRIu64 " written choices to %" PRIu64 " (%" PRIu64
           " runs, %.2f s), written to %s\n",
           r->name, b->events, a->events, b->schedule, a->schedule, b->rules, a->rules,
           b->happenings, a->happenings, b->choices, a->choices, result->runs, seconds, r->out);
}

/* As `nxp-sim run FILE` will say it. */
static void tell_failure(const struct request *r, const struct shrink_result *result,
                         const struct scenario *s)
{
    struct report report = {.extra = ""};
    struct report_scenario entry;
    char extra[64];

    if (r->broken) {
        snprintf(extra, sizeof extra, " --break %.40s", r->broken);
        report.extra = extra;
    }
    report_begin(&report, s, r->out);
    entry = report.scenarios[0];
    report_failure(&report, &entry, &result->run);
    report_fini(&report);
}

static enum status shrink(struct request *r, struct why *why)
{
    struct progress progress;
    int64_t started_ns = clock_now_ns(clock_system());
    struct prover_sim *prover = NULL;
    struct shrink_result result = {.runs = 0};
    struct scenario *s = NULL;
    struct buffer yaml;
    enum status st;

    buffer_init(&yaml, 0);
    st = shelf_text(&yaml, r->name, why);
    if (!st)
        st = scenario_parse(&s, buffer_bytes(&yaml), why);
    if (!st)
        st = prover_sim_new(&prover, why);
    if (!st)
        st = prover_sim_ahead(prover, &s->orchestrator, why);
    progress_begin(&progress, progress_terminal(), clock_system(), r->name, 0);
    r->options.progress = &progress;
    if (!st)
        st = shrink_scenario(&result, buffer_bytes(&yaml), prover, &r->options, why);
    progress_wipe(&progress);
    if (st)
        goto out;
    st = file_write(r->out, buffer_bytes(&result.yaml), 0644, why);
    if (st)
        goto out;
    tell(r, &result, (double)(clock_now_ns(clock_system()) - started_ns) / (double)NS_PER_S);
    tell_failure(r, &result, s);
out:
    buffer_fini(&result.yaml);
    buffer_fini(&yaml);
    scenario_free(s);
    prover_sim_free(prover);
    return st;
}

int command_shrink(int argc, char **argv)
{
    static const struct argp_child children[] = {{&command_ways_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .args_doc = "SCENARIO --seed S",
        .doc = "Makes a failing run small: takes away faults, choices, clients and keys of the "
               "scenario for as long as the same rule is broken, and writes what is left as a "
               "scenario that `nxp-sim run` fails on.\v"
               "Exit codes: 0 a smaller scenario is written, 2 usage, or a run that does not "
               "fail, 3 the system refused.",
    };
    struct request r = {.out = "shrunk.yaml", .options.most_runs = SHRINK_RUNS};
    struct why why = {""};
    enum status st;

    argp_parse(&argp, argc, argv, 0, NULL, &r);
    st = shrink(&r, &why);
    if (!st)
        return EXIT_PASSED;
    fprintf(stderr, "nxp-sim: %s: %s\n", r.name, why.text);
    return st == ST_INPUT || st == ST_NOT_FOUND ? EXIT_USAGE : EXIT_SYSTEM;
}
