/* SPDX-License-Identifier: Apache-2.0 */
/* nxp-sim explain */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "mockorch/scenario/scalar.h"
#include "sim/command.h"
#include "sim/report.h"
#include "sim/story.h"

enum { KEY_SEED = 0x100, KEY_UNTIL, KEY_POLICY, KEY_BREAK };

struct request {
    const char *name;
    bool has_seed;
    struct run_options run;
};

static const struct argp_option options[] = {
    {"seed", KEY_SEED, "S", 0, "Which run (the scenario's own seed, or 1)", 0},
    {"until", KEY_UNTIL, "T", 0,
     "Stop at this virtual time, e.g. 90s, 2h or 361120ms, and tell how everybody stands then", 0},
    {"policy", KEY_POLICY, "NAME", 0, "Who decides in the clients, as for run", 0},
    {"break", KEY_BREAK, "NAME", OPTION_HIDDEN, "Plant a mistake, as run does", 0},
    {0},
};

static void take_seed(struct request *r, struct argp_state *state, const char *text)
{
    char *end;

    errno = 0;
    r->run.seed = strtoull(text, &end, 0);
    r->has_seed = true;
    if (errno || end == text || *end || *text == '-')
        argp_error(state, "--seed: '%s' is no number", text);
}

static void take_until(struct request *r, struct argp_state *state, const char *text)
{
    struct why why;
    struct scalar_reader reader = {.why = &why, .part = "option"};

    scalar_span(&reader, "--until", text, &r->run.until_ns);
    if (reader.st || !r->run.until_ns)
        argp_error(state, "--until: '%s' is no time: 90s, 2h, 361120ms", text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct request *r = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->run;
        return 0;
    case KEY_SEED:
        take_seed(r, state, arg);
        return 0;
    case KEY_UNTIL:
        take_until(r, state, arg);
        return 0;
    case KEY_POLICY:
        if (!host_policy_of_name(&r->run.policy, arg))
            argp_error(state, "--policy: '%s' is none of ours, reference-current, reference-seed",
                       arg);
        return 0;
    case KEY_BREAK:
        if (!host_bug_of_name(&r->run.bug, arg))
            argp_error(state, "--break: there is no mistake '%s'", arg);
        return 0;
    case ARGP_KEY_ARG:
        if (r->name)
            argp_error(state, "one scenario at a time");
        r->name = arg;
        return 0;
    case ARGP_KEY_END:
        if (!r->name)
            argp_error(state, "which scenario? nxp-sim list shows them");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void tell_head(const struct request *r, const struct scenario *s)
{
    char heal[32];

    printf("%s, seed 0x%" PRIx64 "\n%s\n", s->name, r->run.seed, s->about);
    if (s->heal_ns) {
        story_time(heal, s->heal_ns);
        printf("Faults stop at %s.\n", heal);
    }
    printf("\n");
}

static void tell_end(const struct run_result *result)
{
    char ended[32], broken[32];

    story_time(ended, result->ended_ns);
    story_time(broken, result->broken_ns);
    printf("\n%" PRIu64 " events until %s.", result->events, ended);
    if (result->broken)
        printf(" Broken at %s: %s: %s", broken, report_rule(result->broken), result->text);
    printf("\n");
    for (int m = 0; m < RUN_METRICS; m++)
        if (result->metrics[m])
            printf("  %s %" PRIu64 "\n", run_metric_name((enum run_metric)m), result->metrics[m]);
}

static enum status explain(struct request *r, struct why *why)
{
    struct prover_sim *prover = NULL;
    struct story story = {.count = 0};
    struct scenario *s = NULL;
    char *state = NULL;
    size_t state_size = 0;
    enum status st = command_take(&s, &prover, r->name, why);

    if (st)
        goto out;
    if (!r->has_seed)
        r->run.seed = s->has_seed ? s->seed : 1;
    if (r->run.until_ns)
        r->run.dump = open_memstream(&state, &state_size);
    st = story_of_run(&story, s, prover, &r->run, why);
    if (r->run.dump)
        fclose(r->run.dump);
    if (st)
        goto out;
    tell_head(r, s);
    story_tell(&story, stdout);
    tell_end(&story.result);
    if (state)
        printf("\n%s", state);
out:
    free(state);
    story_fini(&story);
    scenario_free(s);
    prover_sim_free(prover);
    return st;
}

int command_explain(int argc, char **argv)
{
    static const struct argp_child children[] = {{&command_ways_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .args_doc = "SCENARIO [--seed S]",
        .doc =
            "Tells one run as a story: who did what and when, requests with their answers, what "
            "the client told its user, writes to the disk, faults, restarts, and long silences.\v"
            "Exit codes: 0 told, whatever the run came to, 2 usage or a scenario that cannot be "
            "read, 3 the system refused.",
    };
    struct request r = {.name = NULL};
    struct why why = {""};
    enum status st;

    argp_parse(&argp, argc, argv, 0, NULL, &r);
    st = explain(&r, &why);
    if (!st)
        return EXIT_PASSED;
    fprintf(stderr, "nxp-sim: %s: %s\n", r.name, why.text);
    return st == ST_INPUT || st == ST_NOT_FOUND ? EXIT_USAGE : EXIT_SYSTEM;
}
