/* SPDX-License-Identifier: Apache-2.0 */
/* nxp start: fetch, prove, submit, until told to stop (client.md 8.3, 8.6). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/anonymous.h"
#include "client/cli/command.h"
#include "client/cli/faithful.h"
#include "client/cli/interrupt.h"
#include "client/cli/memory_check.h"
#include "client/cli/outside.h"
#include "client/cli/printer.h"
#include "client/cli/start_options.h"
#include "client/cli/start_store.h"
#include "client/cli/words.h"
#include "client/core/core.h"
#include "client/core/enrol.h"
#include "client/shell/config.h"
#include "client/shell/hardware.h"
#include "client/shell/home.h"
#include "client/shell/keystore.h"
#include "client/shell/prover_process.h"
#include "client/shell/release_watch.h"
#include "client/shell/secrecy.h"
#include "client/shell/resources.h"
#include "client/shell/shell.h"

struct start {
    struct start_options options;

    struct printer printer;
    struct home home;
    char configured[ENROL_ID_SIZE]; /* the node id of the configuration */
    int stop_fd, hangup_fd;
    struct start_store store;
    struct signing_key *key;
    struct runtime *runtime;
    struct transport_curl *transport;
    struct prover *prover;
    struct outside outside;
    struct startup_context startup;
    char country[COUNTRY_CODE];
    struct release_watch *release; /* NULL: nobody is asked */
};

/* ---- getting ready ---- */

static void note(const struct start *s, const char *tag, const char *event, const char *text)
{
    printer_note(&s->printer, tag, event, clock_wall_ns(clock_system()), "%s", text);
}

/* The file is not read when the option is given (client.md 8.2). */
static enum status find_node(struct start *s, struct why *why)
{
    struct config config = {0};
    enum status st = ST_OK;

    if (s->options.node_count)
        return ST_OK;
    st = config_load(&config, s->home.config, why);
    if (st == ST_NOT_FOUND)
        st = fail(why, st,
                  "welcome! There is no configuration yet. First: nxp register-user "
                  "--wallet-address 0x…, then nxp register-node. Or name a node: --node-id N");
    else if (!st && !*config.user_id && !*config.node_id)
        st = fail(why, ST_INPUT, "the configuration is incomplete: nxp register-user first");
    else if (!st && !*config.node_id)
        st = fail(why, ST_INPUT, "the user is registered but has no node: nxp register-node");
    else if (!st &&
             (!enrol_node_id_valid(config.node_id) || strlen(config.node_id) >= sizeof s->configured))
        st = fail(why, ST_INPUT, "'%.40s' in the configuration is no node id: nxp register-node",
                  config.node_id);
    if (!st) {
        snprintf(s->configured, sizeof s->configured, "%s", config.node_id);
        s->options.node_ids[s->options.node_count++] = s->configured;
    }
    config_fini(&config);
    return st;
}

static const char *server_of(const struct start *s)
{
    const char *own = s->options.profile == &profile_current ? "production"
                                                             : s->options.profile->base_url;

    return s->options.server.url ? s->options.server.url : own;
}

static unsigned cores_of(const struct start *s)
{
    uint64_t threads = s->options.threads;

    if (s->options.profile == &profile_seed) /* one worker unless told otherwise, 8 at most */
        return threads == 0 ? 1 : threads > 8 ? 8 : (unsigned)threads;
    return threads ? (unsigned)threads : (3 * resources_read("", hardware_cpus()).cores + 3) / 4;
}

static enum status open_core(struct start *s, struct why *why)
{
    unsigned workers = s->options.profile == &profile_seed ? cores_of(s) : s->prover->slots;
    struct core_options o = {
        .profile = s->options.profile,
        .node_ids = s->options.node_ids,
        .node_count = s->options.node_count,
        .proofs_at_once = s->prover->slots < workers ? s->prover->slots : workers,
        .max_tasks = s->options.max_tasks,
        .has_max_difficulty = s->options.has_difficulty,
        .max_difficulty = s->options.difficulty,
        .fetch_gap_ns = (int64_t)s->options.interval_s * NS_PER_S,
    };
    struct learnt learnt;
    struct core *core;
    bool kept, experienced = false;
    struct why unlocked;
    enum status st = signing_start(why);

    if (secrecy_lockable(&unlocked))
        words_warn("the signing key cannot be locked in memory (%s): it may get into swap space; "
                   "raise the limit with ulimit -l",
                   unlocked.text);
    if (!st)
        st = start_store_holds(&s->store, o.hold_ns, why);
    if (!st)
        st = start_store_learnt(&s->store, &learnt, &experienced, why);
    if (experienced)
        o.learnt = &learnt;
    /* The list of a batch shows tasks of former runs again, also such whose arrival no run has
     * seen: they belong to the key that asked for them. */
    if (!st)
        st = keystore_session(&s->key, &kept, s->home.keys,
                              s->store.open_tasks > 0 || s->options.profile->batch, why);
    if (st)
        return st;
    o.key = s->key;
    hardware_random(&o.seed, sizeof o.seed);
    st = core_new(&core, &o, why);
    if (st)
        return st;
    s->runtime = core_runtime(core);
    return start_store_restore(&s->store, s->runtime, why);
}

/* What is missing here has been said before; nobody is asked for a run that cannot begin. */
static enum status ask_the_network(struct start *s, struct why *why)
{
    s->startup = (struct startup_context){
        .option = &s->options.startup,
        .server = &s->options.server,
        .profile = s->options.profile,
        .printer = &s->printer,
        .copy = s->home.version,
        .telemetry = !s->options.no_telemetry,
        .stop_fd = s->stop_fd,
    };
    return startup_option_run(&s->startup, s->country, why);
}

static enum status check_memory(const struct start *s, struct why *why)
{
    const struct resources r = resources_read("", hardware_cpus());
    struct buffer words;
    enum status st;

    buffer_init(&words, 0);
    st = memory_check(&words, &r, why);
    buffer_put_u8(&words, 0);
    if (!st && buffer_ok(&words))
        note(s, "INFO", "memory", (const char *)words.data);
    buffer_fini(&words);
    return st;
}

static enum status open_all(struct start *s, struct why *why)
{
    struct prover_process_options o = {.cores = cores_of(s), .kernel = s->options.kernel};
    enum status st = home_prepare(&s->home, why);

    if (!st)
        st = home_lock(&s->home, why);
    if (!st)
        st = ask_the_network(s, why);
    if (!st && !s->options.faithful)
        st = start_store_open(&s->store, &s->home, server_of(s), why);
    o.guests = s->home.guests;
    if (!st)
        st = prover_process_new(&s->prover, &o, why);
    if (!st)
        st = s->options.faithful
                 ? faithful_open(&s->runtime, &s->key, &s->options, s->prover->slots, why)
                 : open_core(s, why);
    return st ? st
              : server_option_connect(&s->transport, &s->options.server, s->options.profile, why);
}

/* ---- running ---- */

static void tell(void *context, const struct line *line, int64_t wall_ns)
{
    struct start *s = context;

    outside_told(&s->outside, line);
    printer_line(&s->printer, line, wall_ns);
}

static void proved(void *context, const struct prover_outcome *outcome, int64_t wall_ns)
{
    struct start *s = context;

    outside_proved(&s->outside, &outcome->facts);
    printer_proof(&s->printer, outcome, wall_ns);
}

/* With a custom orchestrator no third host is asked where we are, so no country is told. */
static struct telemetry measure(void *context)
{
    struct start *s = context;

    return s->options.no_telemetry ? (struct telemetry){0} : hardware_telemetry(s->country);
}

static void stopping(void *context)
{
    struct start *s = context;

    outside_stopping(&s->outside);
}

static enum status hold(void *context, enum core_route route, int64_t until_wall_ns,
                        struct why *why)
{
    struct start *s = context;

    return start_store_hold(&s->store, route, until_wall_ns, why);
}

static enum status keep(void *context, const struct learnt *learnt, struct why *why)
{
    struct start *s = context;

    return start_store_learn(&s->store, learnt, why);
}

static void note_books(const struct start *s)
{
    const struct stats *t = runtime_stats(s->runtime);

    if (s->options.faithful) {
        printer_note(&s->printer, "INFO", "totals", clock_wall_ns(clock_system()),
                     "%llu task(s) fetched: %llu accepted, %llu finished proofs thrown away, %llu "
                     "given up, %zu dropped now",
                     (unsigned long long)t->fetched, (unsigned long long)t->accepted,
                     (unsigned long long)t->lost, (unsigned long long)t->abandoned,
                     runtime_open_tasks(s->runtime));
        return;
    }
    printer_note(&s->printer, "INFO", "totals", clock_wall_ns(clock_system()),
                 "%llu task(s) fetched, %llu taken up: %llu accepted, %llu refused or expired, "
                 "%llu probably credited, %llu given up, %zu kept for the next start",
                 (unsigned long long)t->fetched, (unsigned long long)t->restored,
                 (unsigned long long)t->accepted, (unsigned long long)t->refused,
                 (unsigned long long)t->unknown, (unsigned long long)t->abandoned,
                 runtime_open_tasks(s->runtime));
}

/* "Starting headless mode with Node ID: N", a line for each: scripts search this text. */
static void note_nodes(const struct start *s)
{
    for (size_t i = 0; i < s->options.node_count; i++)
        printer_note(&s->printer, "INFO", "start", clock_wall_ns(clock_system()),
                     "Starting headless mode with Node ID: %s", s->options.node_ids[i]);
}

static void note_release(void *context)
{
    struct start *s = context;
    char tag[CONSTRAINT_TAG];

    if (release_watch_newer(s->release, tag))
        printer_note(&s->printer, "INFO", "update", clock_wall_ns(clock_system()),
                     "The network's client has a newer release, %s; this nxp appears as %s. Look "
                     "for a newer nxp",
                     tag, profile_current.network_version);
}

static int run(struct start *s)
{
    struct shell shell = {
        .runtime = s->runtime,
        .clock = clock_system(),
        .transport = s->transport,
        .prover = s->prover,
        .outbox = s->store.outbox ? &s->store.outbox->base : NULL, /* --faithful saves nothing */
        .stop_fd = s->stop_fd,
        .tell = tell,
        .proved = proved,
        .measure = measure,
        .hold = hold,
        .keep = keep,
        .stopping = stopping,
        .context = s,
        .watches = s->outside.watches,
    };
    enum core_end end;

    outside_init(&s->outside, &(struct outside_options){.runtime = s->runtime,
                                                        .clock = clock_system(),
                                                        .control_path = s->home.control,
                                                        .server = server_of(s),
                                                        .threads = cores_of(s),
                                                        .prover = s->prover,
                                                        .log = s->printer.log,
                                                        .hangup_fd = s->hangup_fd});
    note_nodes(s);
    if (s->options.with_background)
        note(s, "INFO", "no_dashboard", "--with-background has no effect without a dashboard");
    s->release = startup_option_watch(&s->startup);
    if (s->release)
        outside_watch(&s->outside, release_watch_fd(s->release), note_release, s);
    shell.watch_count = s->outside.watch_count;
    end = shell_run(&shell);
    note(s, "INFO", "stop", "Shutting down...");
    note_books(s);
    if (end == CORE_NO_NODE || end == CORE_BROKEN)
        return EXIT_NO;
    if (end == CORE_NOT_SERVED)
        return EXIT_NOT_SERVED;
    note(s, "SUCCESS", "end", "Nexus CLI exited successfully");
    return EXIT_OK;
}

/* NEXUS_ENVIRONMENT of v0.9.0. */
static void apply_seed(struct start *s)
{
    const char *url = profile_base_url(&profile_seed, getenv("NEXUS_ENVIRONMENT"));

    if (s->options.profile != &profile_seed)
        return;
    if (!s->options.server.url && strcmp(url, profile_seed.base_url) != 0)
        s->options.server.url = url;
}

static void start_fini(struct start *s)
{
    outside_fini(&s->outside);
    release_watch_free(s->release);
    prover_free(s->prover);
    transport_curl_free(s->transport);
    runtime_free(s->runtime);
    signing_key_free(s->key);
    start_store_fini(&s->store);
    home_fini(&s->home);
}

/* As the reference: what start finds missing before it runs is 1 (client.md 8.6). */
static int exit_of(enum status st)
{
    return st == ST_IO || st == ST_NO_MEMORY || st == ST_LIMIT ? (int)words_exit(st) : EXIT_NO;
}

int command_start(int argc, char **argv)
{
    struct start s = {0};
    struct why why = {""};
    enum status st;
    int code = EXIT_OK;

    argp_parse(&start_options_argp, argc, argv, 0, NULL, &s.options);
    secrecy_begin();
    st = interrupt_open(&s.stop_fd, &why);
    if (!st)
        st = log_option_open(&s.printer, &s.hangup_fd, &s.options.log, s.stop_fd, &why);
    if (!st)
        st = home_init(&s.home, getenv("NXP_HOME"), getenv("HOME"), &why);
    if (!st && s.options.check_memory)
        st = check_memory(&s, &why);
    apply_seed(&s);
    if (!st && !s.options.anonymous) {
        st = find_node(&s, &why);
        if (st == ST_NOT_FOUND && s.options.profile == &profile_seed) {
            s.options.anonymous = true; /* client.md 12.10 */
            st = ST_OK;
        }
    }
    if (!st && s.options.anonymous) {
        code = anonymous_run(&s.printer, s.home.guests, cores_of(&s), s.options.kernel,
                             s.options.max_tasks, s.stop_fd);
    } else if (!st) {
        st = open_all(&s, &why);
        if (!st)
            code = run(&s);
    }
    start_fini(&s);
    if (st == ST_CANCELLED) { /* before there was anything to end */
        note(&s, "INFO", "stop", "Shutting down...");
    } else if (st) {
        words_failed(st, &why, "not started");
        code = exit_of(st);
    }
    log_file_free(s.printer.log);
    return code;
}
