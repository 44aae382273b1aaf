/* SPDX-License-Identifier: Apache-2.0 */
/* nxp-sim judge: somebody else's client. */
#include <stdlib.h>
#include <string.h>

#include "mockorch/scenario/scalar.h"
#include "sim/command.h"
#include "sim/command_live.h"

enum { KEY_CLIENT = 0x100, KEY_FOR, KEY_SEED, KEY_SEEDS, KEY_TLS, KEY_PORT, KEY_JSON, KEY_JUNIT };

struct request {
    const char *name, *junit;
    struct command_live live;
    struct report report;
    struct buffer extra;
};

static const struct argp_option options[] = {
    {"client", KEY_CLIENT, "CMD", 0, "The client: a command for sh -c. It is needed", 1},
    {"for", KEY_FOR, "TIME", 0,
     "End after this time, e.g. 90s or 5m, and judge what there is; otherwise when everything is "
     "settled, as late as our own client would be allowed to",
     1},
    {"seed", KEY_SEED, "N", 0, "The orchestrator's seed (the scenario's own, or 1)", 1},
    {"seeds", KEY_SEEDS, "K", 0, "K runs with seeds in a row (1)", 1},
    {"tls", KEY_TLS, 0, 0, "Serve https, with a certificate that NXP_SIM_CA_FILE names", 1},
    {"port", KEY_PORT, "N", 0,
     "Serve on this port of 127.0.0.1, for a client that cannot be told another address", 1},
    {"json", KEY_JSON, 0, 0, "Report as JSON on stdout", 3},
    {"junit", KEY_JUNIT, "FILE", 0, "Report as JUnit XML too", 3},
    {0},
};

static void take_for(struct request *r, struct argp_state *state, const char *text)
{
    struct why why;
    struct scalar_reader reader = {.why = &why, .part = "option"};

    scalar_span(&reader, "--for", text, &r->live.live.for_ns);
    if (reader.st || !r->live.live.for_ns)
        argp_error(state, "--for: '%s' is no time: 90s, 5m", text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct request *r = state->input;
    struct live_options *o = &r->live.live;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->live;
        return 0;
    case KEY_CLIENT:
        o->command = arg;
        return 0;
    case KEY_FOR:
        take_for(r, state, arg);
        return 0;
    case KEY_SEED:
        r->live.first_seed = command_number(state, "--seed", arg, 0, UINT64_MAX);
        r->live.has_first = true;
        return 0;
    case KEY_SEEDS:
        r->live.seeds = command_number(state, "--seeds", arg, 1, UINT32_MAX);
        return 0;
    case KEY_TLS:
        o->tls = true;
        return 0;
    case KEY_PORT:
        o->port = (unsigned)command_number(state, "--port", arg, 1, UINT16_MAX);
        return 0;
    case KEY_JSON:
        r->report.json = true;
        return 0;
    case KEY_JUNIT:
        r->junit = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (r->name)
            argp_error(state, "one scenario at a time");
        r->name = arg;
        return 0;
    case ARGP_KEY_END:
        if (!r->name)
            argp_error(state, "which scenario? nxp-sim list shows them");
        if (!o->command || !*o->command)
            argp_error(state, "--client: which one?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* As the shell would have it in single quotes. */
static void put_quoted(struct buffer *out, const char *text)
{
    buffer_put_u8(out, '\'');
    for (; *text; text++)
        if (*text == '\'')
            buffer_put_text(out, "'\\''");
        else
            buffer_put_u8(out, (uint8_t)*text);
    buffer_put_u8(out, '\'');
}

static enum status judge(struct request *r, struct why *why)
{
    enum status st;

    if (!r->live.seeds)
        r->live.seeds = 1;
    buffer_put_text(&r->extra, " --client ");
    put_quoted(&r->extra, r->live.live.command);
    command_live_repeat(&r->extra, &r->live);
    buffer_put_u8(&r->extra, 0);
    if (!buffer_ok(&r->extra))
        return fail(why, ST_NO_MEMORY, "out of memory");
    r->report.extra = (const char *)r->extra.data;
    r->report.command = "judge";
    st = command_live_run(&r->report, &r->live, &r->name, 1, why);
    if (!st && r->junit)
        st = report_junit(&r->report, r->junit, why);
    return st;
}

int command_judge(int argc, char **argv)
{
    static const struct argp_child children[] = {{&command_live_argp, 0, NULL, 2}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "SCENARIO --client CMD",
        .children = children,
        .doc =
            "Runs another team's client against nxp-mockorch under a scenario, on a network as bad "
            "as it says, kills it and starts it again when it says so, and judges it by what the "
            "orchestrator has recorded: no request before its Retry-After, no submission after a "
            "definite answer, resends byte for byte the same, one submission at a time, no flood, "
            "no proof lost.\v"
            "CMD finds in its environment:\n"
            "  NXP_SIM_URL       http://127.0.0.1:PORT; also as ORCHESTRATOR_URL\n"
            "  NXP_SIM_NODE_ID   a node that is registered; also as NODE_ID\n"
            "  NXP_SIM_USER_ID   its user, and NXP_SIM_WALLET the user's wallet\n"
            "  NXP_SIM_CA_FILE   with --tls: what to trust; also as SSL_CERT_FILE\n"
            "  NXP_SIM_HOME      an empty folder, the same one after each kill\n"
            "\n"
            "The network's own client, which waits 120 s between fetches:\n"
            "  nxp-sim judge pain_02_proofs_lost_at_submission --for 30m --client \\\n"
            "    'HOME=$NXP_SIM_HOME nexus-network start --headless --orchestrator-url \\\n"
            "     $NXP_SIM_URL --node-id $NXP_SIM_NODE_ID'\n"
            "\n"
            "Ours, as if it were not:\n"
            "  nxp-sim judge pain_01_rate_limited --time-scale 60 --client \\\n"
            "    'NXP_HOME=$NXP_SIM_HOME nxp start --headless --node-id \\\n"
            "     $NXP_SIM_NODE_ID --fetch-interval 2 --orchestrator-url $NXP_SIM_URL'\n"
            "\n"
            "It is told to end by SIGTERM. " COMMAND_EXIT_CODES " With 130 it was interrupted.",
    };
    struct request r = {.name = NULL};
    struct why why = {""};
    enum status st;
    int code;

    buffer_init(&r.extra, 0);
    argp_parse(&argp, argc, argv, 0, NULL, &r);
    st = judge(&r, &why);
    if (st)
        fprintf(stderr, "nxp-sim: %s\n", why.text);
    code = st ? command_live_exit(st) : report_passed(&r.report) ? EXIT_PASSED : EXIT_FAILED;
    report_fini(&r.report);
    buffer_fini(&r.extra);
    return code;
}
