/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "mockorch/scenario/scalar.h"

const char *argp_program_version = "nxp-mockorch " NXP_VERSION;

#define TOKEN_LEAST 8

enum key {
    KEY_PORT_FILE = 256,
    KEY_GUEST,
    KEY_SCENARIO,
    KEY_SEED,
    KEY_JUDGE,
    KEY_JUDGE_THREADS,
    KEY_JSON_LOG,
    KEY_FETCHES,
    KEY_WINDOW,
    KEY_EXPIRY,
    KEY_LIMIT,
    KEY_NODE,
    KEY_FAULT,
    KEY_BY_HEADER,
    KEY_LIST_FAULTS,
    KEY_ADMIN,
    KEY_ADMIN_TOKEN,
    KEY_TLS,
    KEY_TLS_OUT,
    KEY_RECORD,
    KEY_REPLAY,
    KEY_DIFF,
    KEY_HAR,
    KEY_STORE,
    KEY_MAX_CONNECTIONS,
    KEY_MAX_REQUESTS,
    KEY_REQUEST_TIMEOUT,
};

static const struct argp_option table[] = {
    {0, 0, 0, 0, "Where", 1},
    {"listen", 'l', "ADDRESS", 0,
     "HOST:PORT or unix:PATH to listen on (default 127.0.0.1:8080). Port 0 takes a free one. The "
     "line \"listening on http://…\" on standard output tells which, as soon as it accepts",
     0},
    {"port-file", KEY_PORT_FILE, "FILE", 0, "Write the port number to this file as well", 0},
    {"tls", KEY_TLS, "CERT,KEY", 0,
     "Speak TLS with this certificate and key (PEM). `self` makes a throw-away certificate for "
     "localhost, 127.0.0.1 and ::1; self:expired, self:future and self:wrong-host make one that a "
     "good client refuses",
     0},
    {"tls-cert-out", KEY_TLS_OUT, "FILE", 0,
     "Write the throw-away certificate there, for `nxp start --cacert FILE`", 0},
    {"admin", KEY_ADMIN, "ADDRESS", 0,
     "Serve /admin and /metrics there only, in plain HTTP (default: beside the protocol)", 0},
    {"admin-token", KEY_ADMIN_TOKEN, "TOKEN", 0,
     "Show /admin and /metrics only to those who send \"Authorization: Bearer TOKEN\". Without it "
     "they are shown on loopback and unix listeners only. The variable NXP_MOCKORCH_TOKEN does the "
     "same unseen by `ps`",
     0},
    {"store", KEY_STORE, "WHERE", 0,
     "memory (default), or sqlite:FILE: users, nodes, tasks, credits, allowances and fault counters "
     "survive a restart and kill -9",
     0},
    {0, 0, 0, 0, "Work", 2},
    {"guest", KEY_GUEST, "NAME=ELF", 0,
     "Hand out tasks of this program too and verify its proofs. May be repeated. The built-in "
     "guest `fib` is always there",
     0},
    {"node", KEY_NODE, "ID[=WALLET]", 0,
     "Know this node from the start, so that `nxp start --node-id ID` works without registration. "
     "May be repeated",
     0},
    {"fetches-per-window", KEY_FETCHES, "N", 0,
     "Tasks for one user in one window (default 3; 0: as many as he wants)", 0},
    {"window", KEY_WINDOW, "SPAN", 0, "Length of that window (default 180s)", 0},
    {"task-expiry", KEY_EXPIRY, "SPAN", 0, "Life of a task: 404 for what comes later (default 10m)",
     0},
    {"task-limit", KEY_LIMIT, "N", 0, "Give out so many tasks in all, then only 429", 0},
    {"judge", KEY_JUDGE, "MODE", 0,
     "full: compare hashes and verify every proof (default). hash: compare hashes. none: take the "
     "client's word",
     0},
    {"judge-threads", KEY_JUDGE_THREADS, "N", 0, "Proofs verified at once (default 1)", 0},
    {"max-connections", KEY_MAX_CONNECTIONS, "N", 0,
     "Connections at once, if the system allows so many open files; one more gets 503 and ends (default "
     "16384)",
     0},
    {"max-requests", KEY_MAX_REQUESTS, "N", 0,
     "Requests of the protocol that wait for their answers at once; one more gets 503 with Retry-After "
     "(default 8192)",
     0},
    {"request-timeout", KEY_REQUEST_TIMEOUT, "SPAN", 0,
     "Time in which a request has to arrive, head and body; 408 when it does not (default 60s)", 0},
    {0, 0, 0, 0, "Trouble", 3},
    {"scenario", KEY_SCENARIO, "FILE", 0,
     "Behave as this YAML file says: settings, faults, seed. The other options stand above it", 0},
    {"seed", KEY_SEED, "N", 0, "Start of all chance (default 1, or the scenario's)", 0},
    {"fault", KEY_FAULT, "NAME", 0,
     "Strike every call it makes sense for with this fault. May be repeated", 0},
    {"faults-by-header", KEY_BY_HEADER, 0, 0,
     "Let a request ask for a fault by name in the header x-mock-fault", 0},
    {"list-faults", KEY_LIST_FAULTS, 0, 0, "Print the faults with a name, and end", 0},
    {0, 0, 0, 0, "Recordings", 5},
    {"record", KEY_RECORD, "FILE", 0,
     "Append every exchange to this file, one JSON object a line (0600; credentials are left out)",
     0},
    {"replay", KEY_REPLAY, "FILE", 0,
     "Answer from such a recording: the k-th request of a method and path gets the k-th answer", 0},
    {"diff", KEY_DIFF, "FILE", 0,
     "Compare each answer with the recorded one in status, headers and form of the body; differences "
     "go to standard error, and make the exit code 3",
     0},
    {"har", KEY_HAR, "FILE", 0,
     "Print a recording as an HTTP Archive (HAR 1.2), and end. While --record runs, "
     "/admin/har gives the same",
     0},
    {0, 0, 0, 0, "Output", 4},
    {"json-log", KEY_JSON_LOG, 0, 0, "Log one JSON object a line instead of words", 0},
    {"quiet", 'q', 0, 0, "Do not log answers", 0},
    {0},
};

static const char about[] =
    "A complete orchestrator for prover clients: every call of the protocol, real checks of "
    "signatures, hashes and proofs, allowances, and faults on demand.\v"
    "Try it:\n\n"
    "  nxp-mockorch --node 7\n"
    "  nxp start --node-id 7 --headless --orchestrator-url http://127.0.0.1:8080\n"
    "  curl http://127.0.0.1:8080/admin/state\n\n"
    "Spans are written 250ms, 30s, 5m, 2h, 1d. The log goes to standard error: one line for each "
    "answer, with the check that failed and the fault that struck. SIGINT and SIGTERM finish the "
    "answers under way and end with exit code 0.\n\n"
    "It is a test tool: who reaches its address may use it. Keep it on loopback.";

static void read_judging(struct options *o, struct scalar_reader *r, const char *text)
{
    static const char *const words[] = {"full", "hash", "none", NULL};
    int judging = 0;

    scalar_word(r, "judge", text, words, &judging);
    o->judging = (enum judging)judging;
    o->has_judging = true;
}

static void read_store(struct options *o, struct argp_state *state, const char *text)
{
    static const char sqlite[] = "sqlite:";

    if (strcmp(text, "memory") == 0)
        o->store = NULL;
    else if (strncmp(text, sqlite, sizeof sqlite - 1) == 0 && text[sizeof sqlite - 1])
        o->store = text + sizeof sqlite - 1;
    else
        argp_error(state, "--store: '%s' is not memory or sqlite:FILE", text);
}

static void read_most(struct scalar_reader *r, const char *key, const char *text, uint32_t *out)
{
    scalar_u32(r, key, text, out);
    if (!r->st && (*out == 0 || *out > 1000000))
        scalar_complain(r, key, text, "within 1 to 1000000");
}

static void add(struct argp_state *state, const char **list, size_t *count, const char *text)
{
    if (*count == OPTIONS_MANY)
        argp_error(state, "at most %d of one kind are possible", OPTIONS_MANY);
    list[(*count)++] = text;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct options *o = state->input;
    struct why why = {""};
    struct scalar_reader r = {.why = &why, .part = "option"};

    switch (key) {
    case 'l':
        o->listen = text;
        break;
    case 'q':
        o->quiet = true;
        break;
    case KEY_PORT_FILE:
        o->port_file = text;
        break;
    case KEY_TLS:
        o->tls = text;
        break;
    case KEY_TLS_OUT:
        o->tls_certificate_out = text;
        break;
    case KEY_RECORD:
        o->record = text;
        break;
    case KEY_REPLAY:
        o->replay = text;
        break;
    case KEY_DIFF:
        o->diff = text;
        break;
    case KEY_HAR:
        o->har = text;
        break;
    case KEY_ADMIN:
        o->admin_listen = text;
        break;
    case KEY_ADMIN_TOKEN:
        o->admin_token = text;
        break;
    case KEY_STORE:
        read_store(o, state, text);
        break;
    case KEY_GUEST:
        if (text[0] == '=' || !strchr(text, '='))
            argp_error(state, "--guest: '%s' is not NAME=ELF", text);
        add(state, o->guests, &o->guest_count, text);
        break;
    case KEY_NODE:
        add(state, o->nodes, &o->node_count, text);
        break;
    case KEY_FAULT:
        add(state, o->faults, &o->fault_count, text);
        break;
    case KEY_SCENARIO:
        o->scenario = text;
        break;
    case KEY_SEED:
        scalar_u64(&r, "seed", text, &o->seed);
        o->has_seed = true;
        break;
    case KEY_JUDGE:
        read_judging(o, &r, text);
        break;
    case KEY_JUDGE_THREADS:
        scalar_u32(&r, "judge-threads", text, &o->judge_threads);
        if (!r.st && (o->judge_threads == 0 || o->judge_threads > 256))
            scalar_complain(&r, "judge-threads", text, "within 1 to 256");
        break;
    case KEY_MAX_CONNECTIONS:
        read_most(&r, "max-connections", text, &o->max_connections);
        break;
    case KEY_MAX_REQUESTS:
        read_most(&r, "max-requests", text, &o->max_requests);
        break;
    case KEY_REQUEST_TIMEOUT:
        scalar_span(&r, "request-timeout", text, &o->request_timeout_ns);
        if (!r.st && o->request_timeout_ns == 0)
            scalar_complain(&r, "request-timeout", text, "above 0");
        break;
    case KEY_JSON_LOG:
        o->json_log = true;
        break;
    case KEY_FETCHES:
        scalar_u32(&r, "fetches-per-window", text, &o->fetches_per_window);
        o->has_fetches = true;
        break;
    case KEY_WINDOW:
        scalar_span(&r, "window", text, &o->window_ns);
        o->has_window = true;
        break;
    case KEY_EXPIRY:
        scalar_span(&r, "task-expiry", text, &o->task_expiry_ns);
        o->has_expiry = true;
        break;
    case KEY_LIMIT:
        scalar_u64(&r, "task-limit", text, &o->task_limit);
        o->has_limit = true;
        break;
    case KEY_BY_HEADER:
        o->faults_by_header = true;
        break;
    case KEY_LIST_FAULTS:
        o->list_faults = true;
        break;
    case ARGP_KEY_END:
        if (o->tls_certificate_out && !(o->tls && strncmp(o->tls, "self", 4) == 0))
            argp_error(state, "--tls-cert-out: only with --tls self");
        if (o->replay && o->diff)
            argp_error(state, "--replay makes no live answers that --diff could compare");
        if (o->admin_token && strlen(o->admin_token) < TOKEN_LEAST)
            argp_error(state, "the admin token must have at least %d characters", TOKEN_LEAST);
        break;
    default:
        return ARGP_ERR_UNKNOWN; /* also plain words: argp says so */
    }
    if (r.st)
        argp_error(state, "%s", why.text);
    return 0;
}

void options_parse(struct options *out, int argc, char **argv)
{
    const struct argp argp = {table, parse, NULL, about, NULL, NULL, NULL};

    argp_err_exit_status = 2;
    *out = (struct options){.listen = "127.0.0.1:8080",
                            .judge_threads = 1,
                            .admin_token = getenv("NXP_MOCKORCH_TOKEN")};
    if (argp_parse(&argp, argc, argv, 0, NULL, out))
        exit(2);
}
