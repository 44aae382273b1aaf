/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/start_options.h"

#include <stdlib.h>
#include <string.h>

#include "client/cli/parse.h"
#include "client/cli/words.h"
#include "client/core/enrol.h"

enum {
    KEY_NODE = 0x300,
    KEY_PROFILE,
    KEY_FAITHFUL,
    KEY_HEADLESS,
    KEY_THREADS,
    KEY_TASKS,
    KEY_DIFFICULTY,
    KEY_ANONYMOUS,
    KEY_INTERVAL,
    KEY_NO_TELEMETRY,
    KEY_KERNEL,
    KEY_CHECK_MEMORY,
    KEY_BACKGROUND,
};

static const struct argp_option options[] = {
    {"node-id", KEY_NODE, "N", 0,
     "Node to work for (from the configuration); may be given up to 64 times, the nodes share one "
     "allowance",
     1},
    {"headless", KEY_HEADLESS, 0, 0, "Print lines (always, in this version)", 1},
    {"max-threads", KEY_THREADS, "T", 0,
     "Cores to use at most (three quarters of those that it may use)", 1},
    {"max-tasks", KEY_TASKS, "K", 0, "Stop after K accepted proofs", 1},
    {"max-difficulty", KEY_DIFFICULTY, "D", 0,
     "Always ask for this difficulty: SMALL, SMALL_MEDIUM, MEDIUM, LARGE, EXTRA_LARGE, "
     "EXTRA_LARGE_2 … EXTRA_LARGE_5 (adapts to the machine when left out)",
     1},
    {"fetch-interval", KEY_INTERVAL, "SECONDS", 0,
     "Time between two fetches (120); less only with --orchestrator-url", 1},
    {"kernel", KEY_KERNEL, "NAME", 0, "portable, avx2, avx512 or auto", 1},
    {"profile", KEY_PROFILE, "NAME", 0,
     "Which version of the network's client to appear as: current (0.10.18), or seed (0.9.0)", 1},
    {"faithful", KEY_FAITHFUL, 0, 0,
     "Do as that client did, defects included; finished proofs are thrown away. To compare with",
     1},
    {"check-memory", KEY_CHECK_MEMORY, 0, 0,
     "Say how much memory is free and which proofs fit into it; end with 4 when none does", 1},
    {"with-background", KEY_BACKGROUND, 0, 0,
     "Background colour of the dashboard; no effect without one", 1},
    {"no-telemetry", KEY_NO_TELEMETRY, 0, 0, "Say nothing about this machine in submissions", 1},
    {"anonymous", KEY_ANONYMOUS, 0, 0,
     "Prove the same small run over and over for nobody, with no network at all", 1},
    {0},
};

static void add_node(struct start_options *o, const char *id, struct argp_state *state)
{
    if (!enrol_node_id_valid(id)) {
        argp_error(state, "--node-id: '%s' is no node id (a decimal number)", id);
        return;
    }
    for (size_t i = 0; i < o->node_count; i++)
        if (strtoull(o->node_ids[i], NULL, 10) == strtoull(id, NULL, 10))
            argp_error(state, "--node-id: %s is given twice", id);
    if (o->node_count == CORE_NODES)
        argp_error(state, "--node-id: more than %d nodes", CORE_NODES);
    else
        o->node_ids[o->node_count++] = id;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct start_options *o = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        o->profile = &profile_current;
        state->child_inputs[0] = &o->server;
        state->child_inputs[1] = &o->startup;
        state->child_inputs[2] = &o->log;
        return 0;
    case KEY_NODE:
        add_node(o, arg, state);
        return 0;
    case KEY_PROFILE:
        o->profile = profile_of_name(arg);
        if (!o->profile)
            argp_error(state, "--profile: '%s' is neither current nor seed", arg);
        return 0;
    case KEY_FAITHFUL:
        o->faithful = true;
        return 0;
    case KEY_HEADLESS:
        return 0;
    case KEY_THREADS:
        if (!parse_u64(&o->threads, arg, 0, UINT32_MAX))
            argp_error(state, "--max-threads: '%s' is no number from 0 to 4294967295", arg);
        if (o->threads == 0) /* as the reference */
            o->threads = 1;
        return 0;
    case KEY_TASKS:
        if (!parse_u64(&o->max_tasks, arg, 1, UINT32_MAX))
            argp_error(state, "--max-tasks: '%s' is no number above 0", arg);
        return 0;
    case KEY_DIFFICULTY: {
        struct why why;

        if (difficulty_parse(&o->difficulty, arg, &why))
            argp_error(state, "--max-difficulty: %s", why.text);
        o->has_difficulty = true;
        return 0;
    }
    case KEY_INTERVAL:
        if (!parse_u64(&o->interval_s, arg, 1, 86400))
            argp_error(state, "--fetch-interval: '%s' is no number from 1 to 86400", arg);
        return 0;
    case KEY_KERNEL:
        o->kernel = strcmp(arg, "auto") == 0 ? NULL : arg;
        return 0;
    case KEY_CHECK_MEMORY:
        o->check_memory = true;
        return 0;
    case KEY_BACKGROUND:
        o->with_background = true;
        return 0;
    case KEY_NO_TELEMETRY:
        o->no_telemetry = true;
        return 0;
    case KEY_ANONYMOUS:
        o->anonymous = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", arg);
        return 0;
    case ARGP_KEY_END:
        if (!o->server.url && o->interval_s && o->interval_s < 120)
            argp_error(state, "--fetch-interval: less than 120 s only with --orchestrator-url");
        if (o->anonymous && (o->node_count || o->server.url))
            argp_error(state, "--anonymous knows no node and no orchestrator");
        if (o->faithful && o->node_count > 1)
            argp_error(state, "--faithful: that client knows one node");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {
    {&server_option_argp, 0, "Network:", 3},
    {&startup_option_argp, 0, "Before the start, on the production network:", 4},
    {&log_option_argp, 0, "Lines and log file:", 2},
    {0},
};

const struct argp start_options_argp = {
    .options = options,
    .parser = parse_option,
    .doc =
        "Fetches tasks, proves them, and submits the proofs, until Ctrl+C or SIGTERM. A finished "
        "proof is kept on disk and sent again until there is a definite answer.\v"
        "On the production network other hosts are asked before the start: which versions it takes "
        "and where this machine is; and once, after it, for a newer release. With "
        "--orchestrator-url no other host than that one is contacted. " WORDS_EXIT_CODES
        " A run that was told to stop has done its work: 0. The network refuses this place or "
        "address: 6.",
    .children = children,
};
