/* SPDX-License-Identifier: Apache-2.0 */
/* nxp-mockorch: options and scenario to settings, then serve until a signal. Exit codes: 0 ended by
 * a signal, 1 it could not start, 2 usage, 3 answers differ from the recording of --diff. */
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mockorch/scenario/scenario.h"
#include "mockorch/server/har.h"
#include "mockorch/server/judge_prover.h"
#include "mockorch/server/options.h"
#include "mockorch/server/server.h"
#include "mockorch/store/store_sqlite.h"
#include "prover/nxp.h"

/* Of the user whose nodes come from --node without a wallet: nobody's, and harmless. */
#define NOBODYS_WALLET "0x000000000000000000000000000000000000dEaD"

#define GUEST_LIMIT ((size_t)64 << 20)

/* The times of a scenario count from the start of the program. */
struct run_clock {
    struct clock base; /* first, so that a cast back is valid */
    int64_t started_ns;
};

struct program { /* all that one run owns */
    struct run_clock clock;
    struct options options;
    struct scenario *scenario;
    struct settings settings;
    struct fault_plan plan;
    struct judge_prover *judge;
    struct store *store; /* NULL: memory */
    struct orchestrator *orchestrator;
    struct tls *tls;
    struct recorder *recorder;
    struct server *server;
};

/* ---- clock ---- */

static int64_t run_now(const struct clock *c)
{
    return clock_now_ns(clock_system()) - ((const struct run_clock *)c)->started_ns;
}

static int64_t run_wall(const struct clock *c)
{
    (void)c;
    return clock_wall_ns(clock_system());
}

static void start_clock(struct run_clock *c)
{
    *c = (struct run_clock){.base = {.now = run_now, .wall = run_wall},
                            .started_ns = clock_now_ns(clock_system())};
}

/* ---- log ---- */

static void log_json(const struct server_record *r)
{
    const struct verdict *v = r->verdict;
    json_t *line =
        json_pack("{sf ss si sf ss ss ss ss ss}", "t", (double)r->now_ns / (double)NS_PER_S, "call",
                  call_name(v->call), "status", (int)v->status, "took_ms",
                  (double)r->took_ns / (double)NS_PER_MS, "node", v->node_id, "task", v->task_id,
                  "failed", check_name(v->failed), "faults", v->faults, "why", v->why.text);
    char *text = line ? json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;

    fprintf(stderr, "%s\n", text ? text : "{}");
    free(text);
    json_decref(line);
}

static void log_words(const struct server_record *r)
{
    const struct verdict *v = r->verdict;

    fprintf(stderr, "%-13s %3u  %s%s%s%s%s%s%s  %s  (%.1f ms)\n", call_name(v->call), v->status,
            v->node_id[0] ? "node " : "", v->node_id, v->task_id[0] ? " task " : "", v->task_id,
            v->faults[0] ? " [" : "", v->faults, v->faults[0] ? "]" : "", v->why.text,
            (double)r->took_ns / (double)NS_PER_MS);
}

static void log_answer(void *context, const struct server_record *record)
{
    const struct options *o = context;

    if (o->quiet)
        return;
    if (o->json_log)
        log_json(record);
    else
        log_words(record);
}

static void list_faults(void)
{
    const struct fault_named *all;
    size_t count = fault_catalogue(&all);

    for (size_t i = 0; i < count; i++)
        printf("%-26s %s\n%-26s a good client %s\n", all[i].name, all[i].about, "", all[i].good);
}

/* ---- settings ---- */

static void apply_options(struct settings *s, const struct options *o)
{
    if (o->has_seed)
        s->seed = o->seed;
    if (o->has_judging)
        s->judging = o->judging;
    if (o->has_fetches)
        s->fetches_per_window = o->fetches_per_window;
    if (o->has_window)
        s->window_ns = o->window_ns;
    if (o->has_expiry)
        s->task_expiry_ns = o->task_expiry_ns;
    if (o->has_limit)
        s->task_limit = o->task_limit;
}

static enum status add_faults(struct program *p, struct why *why)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < p->options.fault_count && !st; i++) {
        const struct fault_named *named = fault_of_name(p->options.faults[i]);
        struct fault_rule rule = {.where.call = FAULT_ANY_CALL};

        if (!named)
            return fail(why, ST_INPUT, "--fault: '%s' is no name (--list-faults)",
                        p->options.faults[i]);
        rule.where.call = named->call;
        rule.what = named->what;
        snprintf(rule.name, sizeof rule.name, "%s", named->name);
        st = fault_plan_add(&p->plan, &rule, why);
    }
    p->plan.by_header |= p->options.faults_by_header;
    return st;
}

static enum status prepare(struct program *p, struct why *why)
{
    const struct options *o = &p->options;
    const struct clock *clock = &p->clock.base;
    enum status st = ST_OK;

    settings_init(&p->settings);
    if (o->scenario) {
        st = scenario_read(&p->scenario, o->scenario, why);
        if (st)
            return st;
        p->settings = p->scenario->orchestrator;
    }
    apply_options(&p->settings, o);
    p->settings.wall_at_zero_ns = clock_wall_ns(clock) - clock_now_ns(clock);
    fault_plan_init(&p->plan, p->settings.seed);
    if (p->scenario)
        st = scenario_plan(&p->plan, p->scenario, p->settings.seed, why);
    p->plan.read = scenario_rule;
    if (!st)
        st = add_faults(p, why);
    return st;
}

/* ---- guests ---- */

static enum status add_guest(struct program *p, const char *argument, struct why *why)
{
    const char *path = strchr(argument, '=') + 1; /* options.c has seen it */
    char name[SETTINGS_PROGRAM_SIZE + 1];
    struct buffer elf;
    bool named_already = false;
    enum status st;

    snprintf(name, sizeof name, "%.*s", (int)(path - 1 - argument), argument);
    buffer_init(&elf, 0);
    st = file_read(&elf, path, GUEST_LIMIT, why);
    if (!st)
        st = judge_prover_add(p->judge, name, buffer_bytes(&elf), why);
    buffer_fini(&elf);
    /* a scenario may already say what its tasks look like */
    for (uint32_t i = 0; i < p->settings.program_count; i++)
        named_already |= strcmp(p->settings.programs[i].id, name) == 0;
    return st || named_already ? st : settings_add_program(&p->settings, name, why);
}

static enum status add_guests(struct program *p, struct why *why)
{
    enum status st = judge_prover_new(&p->judge, why);

    if (!st)
        st = judge_prover_add(p->judge, "fib", nxp_builtin_guest("fib"), why);
    for (size_t i = 0; i < p->options.guest_count && !st; i++)
        st = add_guest(p, p->options.guests[i], why);
    return st;
}

/* ---- nodes ---- */

/* One that the store knows already is as good. */
static enum status add_node(struct program *p, const char *id, const char *wallet, struct why *why)
{
    enum status st = orchestrator_add_node(p->orchestrator, id, wallet, why);

    return st == ST_EXISTS && p->store ? ST_OK : st;
}

static enum status add_nodes(struct program *p, struct why *why)
{
    enum status st = ST_OK;

    for (size_t i = 0; p->scenario && i < p->scenario->node_count && !st; i++)
        st = add_node(p, p->scenario->nodes[i].id, p->scenario->nodes[i].wallet, why);
    for (size_t i = 0; i < p->options.node_count && !st; i++) {
        const char *wallet = strchr(p->options.nodes[i], '=');
        char id[32];

        snprintf(id, sizeof id, "%.*s", (int)strcspn(p->options.nodes[i], "="),
                 p->options.nodes[i]);
        st = add_node(p, id, wallet ? wallet + 1 : NOBODYS_WALLET, why);
    }
    return st;
}

/* ---- run ---- */

static struct server *signalled; /* for the handler: it gets no argument */

static void stop(int signal)
{
    (void)signal;
    server_stop(signalled);
}

static void catch_signals(struct server *server)
{
    struct sigaction action = {.sa_handler = stop};

    signalled = server;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL); /* clients go away; write says so */
}

static enum status announce(const struct program *p, struct why *why)
{
    char port[16];

    snprintf(port, sizeof port, "%u\n", server_port(p->server));
    if (p->options.port_file) {
        enum status st = file_write(p->options.port_file, bytes_of_text(port), 0644, why);

        if (st)
            return st;
    }
    printf("listening on %s\n", server_url(p->server));
    if (server_admin_url(p->server))
        printf("admin pages on %s\n", server_admin_url(p->server));
    fflush(stdout);
    return ST_OK;
}

static void complain(void *context, const char *words)
{
    (void)context;
    fprintf(stderr, "nxp-mockorch: %s\n", words);
}

static enum status prepare_recorder(struct program *p, struct why *why)
{
    const struct options *o = &p->options;
    const struct recorder_options options = {
        .record = o->record, .replay = o->replay, .diff = o->diff, .complain = complain};

    return o->record || o->replay || o->diff ? recorder_new(&p->recorder, &options, why) : ST_OK;
}

static enum status prepare_tls(struct program *p, struct why *why)
{
    const struct tls_options options = {.certificate = p->options.tls,
                                        .certificate_out = p->options.tls_certificate_out,
                                        .wall_s = clock_wall_ns(&p->clock.base) / NS_PER_S};

    return p->options.tls ? tls_new(&p->tls, &options, why) : ST_OK;
}

static enum status run(struct program *p, struct why *why)
{
    struct server_options options = {.listen = p->options.listen,
                                     .admin_listen = p->options.admin_listen,
                                     .admin_token = p->options.admin_token,
                                     .clock = &p->clock.base,
                                     .judge_threads = p->options.judge_threads,
                                     .max_connections = p->options.max_connections,
                                     .max_exchanges = p->options.max_requests,
                                     .arrival_ns = p->options.request_timeout_ns,
                                     .max_body_bytes = p->settings.max_submission_bytes,
                                     .log = log_answer,
                                     .log_context = &p->options};
    enum status st = prepare(p, why);

    if (!st)
        st = add_guests(p, why);
    if (!st)
        st = settings_check(&p->settings, why);
    p->settings.requests_saved = p->options.store != NULL;
    if (!st && p->options.store)
        st = store_sqlite_new(&p->store, p->options.store, why);
    if (!st)
        st = orchestrator_new(&p->orchestrator, &p->settings, &p->plan, p->store,
                              clock_now_ns(&p->clock.base), why);
    if (!st)
        st = add_nodes(p, why);
    if (!st)
        st = prepare_tls(p, why);
    if (!st)
        st = prepare_recorder(p, why);
    if (st)
        return st;
    options.tls = p->tls;
    options.recorder = p->recorder;
    options.tape = p->options.record;
    options.orchestrator = p->orchestrator;
    options.judge = judge_prover_judge(p->judge);
    st = server_new(&p->server, &options, why);
    if (st)
        return st;
    catch_signals(p->server);
    st = announce(p, why);
    if (!st)
        server_run(p->server);
    return st ? st : orchestrator_save(p->orchestrator, why);
}

/* Times in a recording count from the start of a run that is over: the archive begins in 1970. */
static enum status print_har(const char *path, struct why *why)
{
    struct tape *tape;
    struct buffer text;
    enum status st = tape_load(&tape, path, why);

    if (st)
        return st;
    buffer_init(&text, 0);
    har_write(&text, tape, "http://localhost", 0);
    if (buffer_ok(&text))
        printf("%.*s\n", (int)text.size, (const char *)text.data);
    else
        st = fail(why, ST_NO_MEMORY, "'%s': out of memory", path);
    buffer_fini(&text);
    tape_free(tape);
    return st;
}

static bool tell_differences(const struct recorder *r)
{
    if (recorder_compared(r))
        fprintf(stderr, "nxp-mockorch: %" PRIu64 " of %" PRIu64 " compared answers differ\n",
                recorder_differed(r), recorder_compared(r));
    return recorder_differed(r) > 0;
}

int main(int argc, char **argv)
{
    struct program p = {.scenario = NULL};
    struct why why;
    enum status st = ST_OK;
    bool differs;

    start_clock(&p.clock);
    options_parse(&p.options, argc, argv);
    if (p.options.list_faults) {
        list_faults();
        return 0;
    }
    st = p.options.har ? print_har(p.options.har, &why) : run(&p, &why);
    if (st)
        fprintf(stderr, "nxp-mockorch: %s\n", why.text);
    server_free(p.server);
    tls_free(p.tls);
    differs = p.recorder && tell_differences(p.recorder);
    recorder_free(p.recorder);
    orchestrator_free(p.orchestrator);
    store_free(p.store);
    judge_prover_free(p.judge);
    fault_plan_fini(&p.plan);
    scenario_free(p.scenario);
    return st ? 1 : differs ? 3 : 0;
}
