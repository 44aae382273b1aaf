/* SPDX-License-Identifier: Apache-2.0 */
/* nxp-sim run */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "mockorch/scenario/scalar.h"
#include "sim/command.h"
#include "sim/command_live.h"
#include "sim/memory.h"
#include "sim/page.h"
#include "sim/progress.h"
#include "sim/report.h"
#include "sim/shelf.h"

enum {
    KEY_SEED = 0x100,
    KEY_SEEDS,
    KEY_FIRST,
    KEY_UNTIL,
    KEY_JUNIT,
    KEY_JSON,
    KEY_TRACE,
    KEY_DUMP,
    KEY_REPORT,
    KEY_EXHAUSTIVE,
    KEY_CHOOSE,
    KEY_BREAK,
    KEY_POLICY,
    KEY_MARKS,
    KEY_TIER,
    KEY_TLS,
    KEY_NXP,
    KEY_KERNEL,
    KEY_HASHES,
};

struct request {
    const char **names;
    size_t name_count;
    bool has_seed, has_first;
    uint64_t seeds, first_seed;
    const char *until, *page, *junit, *trace, *broken, *policy, *kernel;
    FILE *hashes; /* NULL: not asked for */
    unsigned exhaustive; /* 0: no */
    bool chosen, failed; /* failed: not in the report */
    struct scenario_choice *choices;
    size_t choice_count;
    bool is_live; /* tier c */
    struct command_live live;
    struct campaign_options campaign;
    struct report report;
    struct buffer extra;
};

static const struct argp_option options[] = {
    {"seed", KEY_SEED, "N", 0, "Run this one seed (decimal, or 0x…)", 1},
    {"seeds", KEY_SEEDS, "K", 0, "Run K seeds in a row (1)", 1},
    {"first-seed", KEY_FIRST, "S", 0, "The first of them (the scenario's own, or 1)", 1},
    {"until", KEY_UNTIL, "T", 0,
     "Stop at this virtual time, e.g. 90s, 2h or 361120ms; what must hold in the end is not asked "
     "then",
     1},
    {"marks", KEY_MARKS, 0, 0,
     "Demand that all scenarios together got into each situation that must occur now and then", 1},
    {"policy", KEY_POLICY, "NAME", 0,
     "Who decides in the clients: ours, reference-current or reference-seed (the network's own, "
     "defects included: what they break is counted, not failed)",
     1},
    {"exhaustive", KEY_EXHAUSTIVE, "K", 0,
     "Instead of drawing faults, place up to K of them (1 to 3) in every possible way, each way a "
     "run; meant for the life of one task (scenario one_task)",
     1},
    {"choose", KEY_CHOOSE, "LANE:NUMBER[=VALUE]", 0,
     "Draw nothing: of all choices only this one, and others so given, is not the tamest "
     "(docs/simulator.md); none: all are",
     1},
    {"tier", KEY_TIER, "TIER", 0,
     "a: network and disk are models (the default). b: libcurl, a socket, evhttp and SQLite are "
     "between and behind them, in virtual time too. c: nxp and nxp-mockorch themselves, in real time",
     1},
    {"tls", KEY_TLS, 0, 0, "With tier b or c: TLS on that socket", 1},
    {"kernel", KEY_KERNEL, "NAME", 0,
     "portable, avx2, avx512 or auto: how real proofs are computed; never what is in them", 1},
    {"nxp", KEY_NXP, "PATH", 0, "With tier c: this nxp, not the one beside nxp-sim", 1},
    {"jobs", 'j', "J", 0, "Spread the seeds over J processes (1)", 2},
    {"trace", KEY_TRACE, "FILE", 0, "Write every event of the run there (with --seed)", 2},
    {"hashes", KEY_HASHES, "FILE", 0,
     "Write scenario, seed and trace hash of every run there: equal files, equal runs", 2},
    {"dump", KEY_DUMP, 0, 0, "Tell how everybody stands where the run ends (with --seed)", 2},
    {"json", KEY_JSON, 0, 0, "Report as JSON on stdout", 3},
    {"junit", KEY_JUNIT, "FILE", 0, "Report as JUnit XML too", 3},
    {"report", KEY_REPORT, "FILE", 0,
     "Write one run as an HTML page: the first that fails, or the first", 3},
    {"break", KEY_BREAK, "NAME", OPTION_HIDDEN,
     "Plant a mistake, to see it found: retry-after, unsaved, resend, forget, reprove", 4},
    {0},
};

static void take_until(struct request *r, struct argp_state *state, const char *text)
{
    struct why why;
    struct scalar_reader reader = {.why = &why, .part = "option"};

    r->until = text;
    scalar_span(&reader, "--until", text, &r->campaign.run.until_ns);
    if (reader.st)
        argp_error(state, "--until: '%s' is no time: 90s, 2h, 361120ms", text);
    if (!r->campaign.run.until_ns)
        argp_error(state, "--until: there is nothing before 0");
}

static void take_choice(struct request *r, struct argp_state *state, const char *text)
{
    const char *colon = strrchr(text, ':');
    struct scenario_choice c = {.value = 1};
    int used = 0;

    r->chosen = true;
    buffer_put_format(&r->extra, " --choose '%s'", text);
    if (strcmp(text, "none") == 0)
        return;
    if (!colon || colon == text || colon - text >= SCENARIO_TEXT ||
        sscanf(colon, ":%" SCNu64 "%n=%" SCNu64 "%n", &c.number, &used, &c.value, &used) < 1 ||
        colon[used] || !c.number)
        argp_error(state, "--choose: '%s' is not LANE:NUMBER or LANE:NUMBER=VALUE", text);
    memcpy(c.lane, text, (size_t)(colon - text));
    r->choices = memory_grown(r->choices, r->choice_count + 1, sizeof *r->choices);
    r->choices[r->choice_count++] = c;
}

static void take_name(struct request *r, const char *name)
{
    r->names = memory_grown(r->names, r->name_count + 1, sizeof *r->names);
    r->names[r->name_count++] = name;
}

/* Real programs have one time and no tape. */
static void check_live(const struct request *r, struct argp_state *state)
{
    const struct run_options *run = &r->campaign.run;

    if (!r->is_live && r->live.said)
        argp_error(state, "--time-scale, --leave-out, --nxp, --mockorch, --keep, --quiet are for --tier c");
    if (r->is_live && (run->until_ns || run->swarm || run->buggify || run->dump || run->bug || r->policy ||
                       r->campaign.jobs > 1 || r->exhaustive || r->chosen || r->page || r->trace ||
                       r->report.demands_marks))
        argp_error(state, "--tier c goes with --seed, --seeds, --first-seed, --tls, --json and --junit");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct request *r = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->live;
        state->child_inputs[1] = &r->campaign.run;
        return 0;
    case KEY_SEED:
        r->has_seed = true;
        r->first_seed = command_number(state, "--seed", arg, 0, UINT64_MAX);
        return 0;
    case KEY_SEEDS:
        r->seeds = command_number(state, "--seeds", arg, 1, UINT32_MAX);
        return 0;
    case KEY_FIRST:
        r->has_first = true;
        r->first_seed = command_number(state, "--first-seed", arg, 0, UINT64_MAX);
        return 0;
    case KEY_UNTIL:
        take_until(r, state, arg);
        return 0;
    case 'j':
        r->campaign.jobs = (unsigned)command_number(state, "--jobs", arg, 1, 1024);
        return 0;
    case KEY_TRACE:
        r->trace = arg;
        return 0;
    case KEY_DUMP:
        r->campaign.run.dump = stdout;
        return 0;
    case KEY_JSON:
        r->report.json = true;
        return 0;
    case KEY_JUNIT:
        r->junit = arg;
        return 0;
    case KEY_EXHAUSTIVE:
        r->exhaustive = (unsigned)command_number(state, "--exhaustive", arg, 1, 3);
        return 0;
    case KEY_CHOOSE:
        take_choice(r, state, arg);
        return 0;
    case KEY_REPORT:
        r->page = arg;
        return 0;
    case KEY_MARKS:
        r->report.demands_marks = true;
        return 0;
    case KEY_POLICY:
        r->policy = arg;
        if (!host_policy_of_name(&r->campaign.run.policy, arg))
            argp_error(state, "--policy: '%s' is none of ours, reference-current, reference-seed",
                       arg);
        return 0;
    case KEY_TIER:
        if (strlen(arg) != 1 || *arg < 'a' || *arg > 'c')
            argp_error(state, "--tier: '%s' is none of a, b, c", arg);
        r->campaign.run.tier = *arg == 'b' ? &tier_b : NULL;
        r->is_live = *arg == 'c';
        return 0;
    case KEY_TLS:
        r->campaign.run.tls = true;
        return 0;
    case KEY_KERNEL:
        r->kernel = arg;
        return 0;
    case KEY_HASHES:
        r->hashes = fopen(arg, "w");
        if (!r->hashes)
            argp_failure(state, EXIT_SYSTEM, errno, "%s", arg);
        return 0;
    case KEY_NXP:
        r->live.live.nxp = arg;
        r->live.said = true;
        return 0;
    case KEY_BREAK:
        r->broken = arg;
        if (!host_bug_of_name(&r->campaign.run.bug, arg))
            argp_error(state, "--break: there is no mistake '%s'", arg);
        return 0;
    case ARGP_KEY_ARG:
        take_name(r, arg);
        return 0;
    case ARGP_KEY_END:
        if (!r->name_count)
            argp_error(state, "which scenario? nxp-sim list shows them");
        if (r->has_seed && (r->seeds || r->has_first))
            argp_error(state, "--seed is one seed; --seeds and --first-seed are many");
        if (r->exhaustive && (r->name_count > 1 || r->seeds || r->has_first || r->chosen ||
                              r->page || r->junit || r->report.json || r->trace || r->hashes))
            argp_error(state, "--exhaustive is for one scenario, and goes with --seed alone");
        if (r->page && r->name_count > 1)
            argp_error(state, "--report is for one scenario");
        if ((r->trace || r->campaign.run.dump) && (!r->has_seed || r->name_count > 1))
            argp_error(state, "--trace and --dump are for one --seed of one scenario");
        if (r->campaign.run.tls && !r->campaign.run.tier && !r->is_live)
            argp_error(state, "--tls is for --tier b and --tier c");
        check_live(r, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct telling {
    struct report *report;
    size_t scenario; /* the report's entries move as it grows */
    FILE *hashes;    /* may be NULL */
    struct progress progress;
};

static void tell(void *context, const struct run_result *result)
{
    struct telling *t = context;
    struct report_scenario *s = &t->report->scenarios[t->scenario];

    if (t->hashes)
        fprintf(t->hashes, "%s 0x%" PRIx64 " %016" PRIx64 "\n", s->name, result->seed, result->hash);
    if (result->broken && s->failure_count < REPORT_SHOWN)
        progress_wipe(&t->progress);
    if (result->broken)
        report_failure(t->report, s, result);
    progress_step(&t->progress, result->broken != 0);
}

static enum status write_page(const struct request *r, const struct report_scenario *entry,
                              const struct scenario *s, struct prover_sim *prover,
                              const struct campaign_options *campaign, struct why *why)
{
    struct run_options run = campaign->run;
    struct buffer page, replay;
    struct story story;
    enum status st;

    run.seed = entry->failure_count ? entry->failures[0].seed : campaign->first_seed;
    run.dump = NULL;
    st = story_of_run(&story, s, prover, &run, why);
    if (st)
        return st;
    buffer_init(&page, 0);
    buffer_init(&replay, 0);
    report_replay(&replay, &r->report, entry, &story.result);
    buffer_put_u8(&replay, 0);
    page_write(&page, s, &story, buffer_ok(&replay) ? (const char *)replay.data : "");
    st = buffer_ok(&page) ? file_write(r->page, buffer_bytes(&page), 0644, why)
                          : fail(why, ST_NO_MEMORY, "page: out of memory");
    buffer_fini(&page);
    buffer_fini(&replay);
    story_fini(&story);
    return st;
}

static enum status run_scenario(struct request *r, struct prover_sim *prover, const char *name,
                                struct why *why)
{
    struct campaign_options campaign = r->campaign;
    int64_t started_ns = clock_now_ns(clock_system());
    struct report_scenario *entry;
    struct telling telling;
    struct scenario *s = NULL;
    enum status st = shelf_take(&s, name, why);

    if (!st)
        st = run_check(s, why);
    if (!st && campaign.run.tier)
        st = campaign.run.tier->check(s, why);
    if (st)
        goto out;
    if (r->chosen) {
        free(s->choices);
        s->tape_written = true;
        s->choice_count = r->choice_count;
        s->choices = memory_new((r->choice_count + 1) * sizeof *s->choices);
        if (r->choice_count)
            memcpy(s->choices, r->choices, r->choice_count * sizeof *s->choices);
    }
    if (!r->has_seed && !r->has_first)
        campaign.first_seed = s->has_seed ? s->seed : 1;
    entry = report_begin(&r->report, s, name);
    telling = (struct telling){.report = &r->report, .scenario = r->report.count - 1, .hashes = r->hashes};
    progress_begin(&telling.progress, progress_terminal(), clock_system(), entry->name, campaign.seeds);
    st = campaign_run(&entry->sum, s, prover, &campaign, tell, &telling, why);
    progress_wipe(&telling.progress);
    if (st)
        goto out;
    entry->seconds = (double)(clock_now_ns(clock_system()) - started_ns) / (double)NS_PER_S;
    if (entry->sum.silent_rule >= 0 && !r->campaign.run.until_ns && !r->report.policy)
        memcpy(entry->silent, s->rules[entry->sum.silent_rule].name, sizeof entry->silent);
    report_end(&r->report, entry);
    if (r->page)
        st = write_page(r, entry, s, prover, &campaign, why);
out:
    scenario_free(s);
    return st;
}

static enum status run_exhaustive(struct request *r, struct why *why)
{
    struct run_options run = r->campaign.run;
    bool held = true;
    enum status st;

    run.seed = r->first_seed;
    st = command_exhaustive(r->names[0], r->report.extra, &run, r->exhaustive, &held, why);
    r->failed = !held;
    return st ? fail_within(why, st, "%s", r->names[0]) : ST_OK;
}

static enum status run_all(struct request *r, struct why *why)
{
    struct prover_sim *prover = NULL;
    enum status st = prover_sim_new(&prover, why);

    if (!st && r->kernel)
        st = prover_sim_use_kernel(prover, r->kernel, why);
    for (size_t i = 0; i < r->name_count && !st; i++) {
        st = run_scenario(r, prover, r->names[i], why);
        if (st)
            fail_within(why, st, "%s", r->names[i]);
    }
    if (!st)
        report_marks(&r->report);
    if (!st)
        report_json(&r->report);
    if (!st && r->junit)
        st = report_junit(&r->report, r->junit, why);
    prover_sim_free(prover);
    return st;
}

static enum status run_live(struct request *r, struct why *why)
{
    struct command_live *c = &r->live;
    enum status st;

    c->has_first = r->has_seed || r->has_first;
    c->first_seed = r->first_seed;
    c->seeds = r->campaign.seeds;
    st = command_live_run(&r->report, c, r->names, r->name_count, why);
    if (!st && r->junit)
        st = report_junit(&r->report, r->junit, why);
    return st;
}

static enum status prepare(struct request *r, struct why *why)
{
    struct campaign_options *c = &r->campaign;

    c->seeds = r->seeds ? r->seeds : 1;
    c->first_seed = r->first_seed;
    if (!c->jobs)
        c->jobs = 1;
    if (c->jobs > c->seeds)
        c->jobs = (unsigned)c->seeds;
    if (c->run.tier)
        buffer_put_format(&r->extra, " --tier b%s", c->run.tls ? " --tls" : "");
    if (r->is_live) {
        r->live.live.tls = c->run.tls;
        buffer_put_text(&r->extra, " --tier c");
        command_live_repeat(&r->extra, &r->live);
        if (r->live.live.nxp)
            buffer_put_format(&r->extra, " --nxp %s", r->live.live.nxp);
    }
    command_ways_repeat(&r->extra, &c->run);
    if (r->broken)
        buffer_put_format(&r->extra, " --break %s", r->broken);
    if (c->run.policy != HOST_OURS)
        buffer_put_format(&r->extra, " --policy %s", r->policy);
    r->report.policy = c->run.policy == HOST_OURS ? NULL : r->policy;
    buffer_put_u8(&r->extra, 0);
    r->report.extra = (const char *)r->extra.data;
    if (r->trace) {
        c->run.trace = fopen(r->trace, "w");
        if (!c->run.trace)
            return fail(why, ST_IO, "%s: %s", r->trace, strerror(errno));
    }
    return ST_OK;
}

int command_run(int argc, char **argv)
{
    static const struct argp_child children[] = {
        {&command_live_argp, 0, "With --tier c:", 4}, {&command_ways_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .args_doc = "SCENARIO...",
        .doc = "Runs scenarios: names that nxp-sim list shows, or YAML files (docs/simulator.md). "
               "Time is virtual, proofs are real, and one seed is one run, event by event.\v"
               "A failure says which rule was broken, when, and the line that repeats it up to "
               "that moment; with --trace FILE the way there can be read. " COMMAND_EXIT_CODES,
    };
    struct request r = {.name_count = 0};
    struct why why = {""};
    enum status st;
    int code;

    buffer_init(&r.extra, 0);
    argp_parse(&argp, argc, argv, 0, NULL, &r);
    st = prepare(&r, &why);
    if (!st)
        st = r.is_live      ? run_live(&r, &why)
             : r.exhaustive ? run_exhaustive(&r, &why)
                            : run_all(&r, &why);
    if (r.campaign.run.trace && fclose(r.campaign.run.trace) && !st)
        st = fail(&why, ST_IO, "%s: %s", r.trace, strerror(errno));
    if (r.hashes && (ferror(r.hashes) | fclose(r.hashes)) && !st)
        st = fail(&why, ST_IO, "--hashes: %s", strerror(errno));
    code = st ? command_live_exit(st) : report_passed(&r.report) && !r.failed ? EXIT_PASSED : EXIT_FAILED;
    if (st)
        fprintf(stderr, "nxp-sim: %s\n", why.text);
    report_fini(&r.report);
    buffer_fini(&r.extra);
    free(r.names);
    free(r.choices);
    return code;
}
