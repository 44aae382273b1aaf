/* SPDX-License-Identifier: Apache-2.0 */
/* nxp register-user | register-node | logout: the configuration file and the calls that fill it
 * (client.md 8.3 - 8.5, with 17.14 and 17.15). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/cli/command.h"
#include "client/cli/interrupt.h"
#include "client/cli/server_option.h"
#include "client/cli/words.h"
#include "client/core/enrol.h"
#include "client/core/profile.h"
#include "client/core/wallet.h"
#include "client/shell/config.h"
#include "client/shell/hardware.h"
#include "client/shell/home.h"
#include "proto/wire.h"

enum { KEY_WALLET = 0x300, KEY_NODE };

struct enrolment {
    struct server_option server;
    const char *wallet;
    const char *node_id;

    struct home home;
    struct config config;
    struct transport_curl *transport;
    int stop_fd;
    unsigned status; /* of the last answer; 0: none */
};

/* ---- what the three commands share ---- */

static enum status open_config(struct enrolment *e, struct why *why)
{
    enum status st = home_init(&e->home, getenv("NXP_HOME"), getenv("HOME"), why);

    if (st)
        return st;
    st = config_load(&e->config, e->home.config, why);
    return st == ST_NOT_FOUND ? config_init(&e->config, why) : st;
}

static enum status save_config(struct enrolment *e, struct why *why)
{
    enum status st = home_prepare(&e->home, why);

    if (!st && !*e->config.environment)
        st = config_set(&e->config.environment, "Production", why);
    return st ? st : config_save(&e->config, e->home.config, why);
}

static enum status open_transport(struct enrolment *e, struct why *why)
{
    enum status st = interrupt_open(&e->stop_fd, why);

    return st ? st : server_option_connect(&e->transport, &e->server, &profile_current, why);
}

static enum status call(struct enrolment *e, struct transport_reply *reply,
                        enum http_method method, const char *path, struct bytes body,
                        struct why *why)
{
    struct http_request r = {.method = method, .path = path, .body = body};

    if (method == HTTP_POST)
        r.headers[r.header_count++] =
            (struct http_header){"content-type", "application/octet-stream"};
    r.headers[r.header_count++] = (struct http_header){"user-agent", profile_current.user_agent};
    r.headers[r.header_count++] =
        (struct http_header){"x-build-timestamp", profile_current.build_timestamp};
    r.headers[r.header_count++] = (struct http_header){"accept", "*/*"};
    enum status st;

    e->status = 0;
    st = transport_curl_call(e->transport, reply, &r, e->stop_fd, why);
    if (!st)
        e->status = reply->response.status;
    return st;
}

static enum status advise(struct why *why, enum status st, const char *advice)
{
    const struct why said = *why;

    return fail(why, st, "%s. %s", said.text, advice);
}

/* What a refusal means and what can be done (users-want.md 13, 14). */
static enum status explain(const struct enrolment *e, enum status st, struct why *why)
{
    if (st != ST_INVALID)
        return st;
    if (e->status == 403)
        return advise(why, st, "The network does not serve this place or this address");
    if (e->status == 429)
        return advise(why, st, "Too many registrations for now; nothing is lost, try again later");
    return st;
}

static int exit_of(const struct enrolment *e, enum status st, const struct why *why)
{
    if (!st)
        return EXIT_OK;
    words_failed(st, why, "not registered");
    return st == ST_INVALID && e->status == 403 ? EXIT_NOT_SERVED : (int)words_exit(st);
}

static void enrolment_fini(struct enrolment *e)
{
    transport_curl_free(e->transport);
    config_fini(&e->config);
    home_fini(&e->home);
}

/* ---- register-user ---- */

static const struct argp_option user_options[] = {
    {"wallet-address", KEY_WALLET, "0x…", 0, "The wallet that is to be credited", 0},
    {0},
};

static error_t parse_user(int key, char *arg, struct argp_state *state)
{
    struct enrolment *e = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &e->server;
        return 0;
    case KEY_WALLET:
        e->wallet = arg;
        return 0;
    case ARGP_KEY_END:
        if (!e->wallet)
            argp_error(state, "--wallet-address is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static enum status make_user(struct enrolment *e, char id[static ENROL_ID_SIZE], struct why *why)
{
    struct transport_reply reply;
    uint8_t random[16];
    struct buffer body;
    enum status st;

    hardware_random(random, sizeof random);
    enrol_uuid(id, random);
    buffer_init(&body, 0);
    wire_encode_register_user(
        &body, &(struct wire_register_user){.uuid = id, .wallet_address = e->wallet});
    st = call(e, &reply, HTTP_POST, "/v3/users", buffer_bytes(&body), why);
    if (!st)
        st = enrol_judge_user(&reply.response, why);
    buffer_fini(&body);
    return st;
}

/* The wallet has passed wallet_check, so nothing in it needs percent-encoding. */
static enum enrol_answer look_up(struct enrolment *e, char id[static ENROL_ID_SIZE],
                                 enum status *st, struct why *why)
{
    struct transport_reply reply;
    enum enrol_answer answer;
    char path[80];

    snprintf(path, sizeof path, "/v3/users/%s", e->wallet);
    *st = call(e, &reply, HTTP_GET, path, bytes_of(NULL, 0), why);
    if (*st)
        return ENROL_FAILED;
    answer = enrol_judge_lookup(id, &reply.response, why);
    if (answer == ENROL_FAILED)
        *st = ST_INVALID;
    else if (answer == ENROL_KNOWN)
        words_info("the wallet is known; its user id is taken from the orchestrator");
    return answer;
}

static enum status find_or_make_user(struct enrolment *e, char id[static ENROL_ID_SIZE],
                                     struct why *why)
{
    struct why ignored;
    enum status st, again;

    if (look_up(e, id, &st, why) != ENROL_NEW)
        return st;
    st = make_user(e, id, why);
    if (st != ST_INVALID || e->status != 409)
        return st;
    /* Known after all: made a moment ago, or the look-up was behind. */
    if (look_up(e, id, &again, &ignored) == ENROL_KNOWN)
        return ST_OK;
    e->status = 409;
    return advise(why, st,
                  "The wallet has a user, but the orchestrator does not tell its id; try again "
                  "later, or write \"user_id\" and \"wallet_address\" into the configuration");
}

/* A node of another user is not ours; one that stood there without a user, or with this one, is. */
static bool node_is_of_another(const struct config *c, const char *id, const char *wallet)
{
    if (*c->user_id)
        return strcmp(c->user_id, id) != 0;
    return *c->wallet_address && strcasecmp(c->wallet_address, wallet) != 0;
}

static enum status keep_user(struct enrolment *e, const char *id, struct why *why)
{
    enum status st = ST_OK;

    if (*e->config.node_id && node_is_of_another(&e->config, id, e->wallet)) {
        words_warn("node %s belonged to another user and is forgotten", e->config.node_id);
        st = config_set(&e->config.node_id, "", why);
    }
    if (!st)
        st = config_set(&e->config.user_id, id, why);
    if (!st)
        st = config_set(&e->config.wallet_address, e->wallet, why);
    return st ? st : save_config(e, why);
}

static enum status register_user(struct enrolment *e, struct why *why)
{
    char id[ENROL_ID_SIZE];
    enum status st = open_config(e, why);

    if (st)
        return st;
    if (strcasecmp(e->config.wallet_address, e->wallet) == 0 && *e->config.user_id) {
        words_success("already registered: user %s", e->config.user_id);
        return ST_OK;
    }
    st = open_transport(e, why);
    if (!st)
        st = find_or_make_user(e, id, why);
    if (!st)
        st = keep_user(e, id, why);
    if (st)
        return explain(e, st, why);
    words_success("user %s is registered; next: %s", id,
                  *e->config.node_id ? "nxp start" : "nxp register-node");
    return ST_OK;
}

int command_register_user(int argc, char **argv)
{
    static const struct argp_child children[] = {{&server_option_argp, 0, 0, 0}, {0}};
    static const struct argp argp = {
        .options = user_options,
        .parser = parse_user,
        .args_doc = "--wallet-address 0x…",
        .doc = "Finds or makes the user of a wallet and writes the configuration. A node in it stays when it "
               "is the same user's.\v" WORDS_EXIT_CODES " The network refuses this place or address: 6.",
        .children = children,
    };
    struct enrolment e = {0};
    struct why why = {""};
    enum status st;

    argp_parse(&argp, argc, argv, 0, NULL, &e);
    st = wallet_check(e.wallet, &why);
    if (!st)
        st = register_user(&e, &why);
    enrolment_fini(&e);
    return exit_of(&e, st, &why);
}

/* ---- register-node ---- */

static const struct argp_option node_options[] = {
    {"node-id", KEY_NODE, "N", 0, "Use this node, which is registered already; asks nobody", 0},
    {0},
};

static error_t parse_node(int key, char *arg, struct argp_state *state)
{
    struct enrolment *e = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &e->server;
        return 0;
    case KEY_NODE:
        if (!enrol_node_id_valid(arg))
            argp_error(state, "--node-id: '%s' is no node id (a decimal number)", arg);
        e->node_id = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* false: nobody knows which nodes the user has. A failure of this question is no failure of the command. */
static bool find_nodes(struct enrolment *e, struct enrol_nodes *nodes)
{
    struct transport_reply reply;
    struct why ignored;
    char path[80];

    nodes->count = 0;
    if (wallet_check(e->config.wallet_address, &ignored))
        return false;
    snprintf(path, sizeof path, "/v3/users/%s", e->config.wallet_address);
    return call(e, &reply, HTTP_GET, path, bytes_of(NULL, 0), &ignored) == ST_OK &&
           enrol_read_nodes(nodes, &reply.response);
}

/* Perhaps made by a former try whose answer was lost. */
static void tell_nodes(const struct enrol_nodes *nodes)
{
    char list[ENROL_LIST];

    enrol_list_nodes(list, nodes);
    if (nodes->count > 0)
        words_info("the user has %zu node%s already (%s); --node-id N takes one of them instead of a new one",
                   nodes->count, nodes->count == 1 ? "" : "s", list);
}

static enum status ask_for_node(struct enrolment *e, char id[static ENROL_ID_SIZE], struct why *why)
{
    struct transport_reply reply;
    struct buffer body;
    enum status st;

    buffer_init(&body, 0);
    wire_encode_register_node(&body, &(struct wire_register_node){.node_type = NODE_CLI_PROVER,
                                                                  .user_id = e->config.user_id});
    st = call(e, &reply, HTTP_POST, "/v3/nodes", buffer_bytes(&body), why);
    if (!st)
        st = enrol_judge_node(id, &reply.response, why);
    buffer_fini(&body);
    return st;
}

static enum status name_nodes(const struct enrol_nodes *nodes, enum status st, struct why *why)
{
    char list[ENROL_LIST], advice[ENROL_LIST + 150];

    enrol_list_nodes(list, nodes);
    snprintf(advice, sizeof advice,
             "The user has %zu node%s (%s), and one that no other machine works for will do: nxp "
             "register-node --node-id N",
             nodes->count, nodes->count == 1 ? "" : "s", list);
    return advise(why, st, advice);
}

/* A node counts against what a user may have, even when the answer that names it is lost. (Another
 * machine of the user that registers in the same seconds is the one case that looks alike.) */
static enum status find_lost_node(struct enrolment *e, const struct enrol_nodes *before,
                                  char id[static ENROL_ID_SIZE], enum status st, struct why *why)
{
    struct enrol_nodes now;
    const char *found;

    if (!find_nodes(e, &now))
        return advise(why, st,
                      "The orchestrator may have made a node all the same, which counts against what a user may "
                      "have: look for it on the website, and take it with nxp register-node --node-id N");
    found = enrol_new_node(before, &now);
    if (!found && now.count > before->count)
        return name_nodes(&now, st, why);
    if (!found)
        return advise(why, st, "No node was made; try again later");
    words_info("the answer was lost, and the orchestrator has made node %s: it is taken", found);
    snprintf(id, ENROL_ID_SIZE, "%s", found);
    return ST_OK;
}

/* What was asked for may have happened: no answer, an error of the server's, or an answer that nobody can read. */
static bool may_be_made(const struct enrolment *e, enum status st)
{
    return st && st != ST_CANCELLED && (e->status == 0 || e->status / 100 == 2 || e->status >= 500);
}

static enum status make_node(struct enrolment *e, char id[static ENROL_ID_SIZE], struct why *why)
{
    struct enrol_nodes before;
    enum status st;
    bool known;

    if (!*e->config.user_id)
        return fail(why, ST_INPUT, "no user yet: nxp register-user --wallet-address 0x… first");
    st = open_transport(e, why);
    if (st)
        return st;
    known = find_nodes(e, &before);
    tell_nodes(&before);
    st = ask_for_node(e, id, why);
    if (known && may_be_made(e, st))
        return find_lost_node(e, &before, id, st, why);
    if (known && before.count > 0 && st == ST_INVALID && e->status == 429)
        return name_nodes(&before, st, why);
    if (st == ST_INVALID && e->status == 404)
        return advise(why, st,
                      "That orchestrator does not know the user of the configuration: nxp logout, "
                      "then nxp register-user; or name a node that you have: --node-id N");
    return explain(e, st, why);
}

static enum status register_node(struct enrolment *e, struct why *why)
{
    char id[ENROL_ID_SIZE];
    enum status st = open_config(e, why);

    if (!st && e->node_id)
        snprintf(id, sizeof id, "%s", e->node_id);
    else if (!st)
        st = make_node(e, id, why);
    if (!st)
        st = config_set(&e->config.node_id, id, why);
    if (!st)
        st = save_config(e, why);
    if (!st)
        words_success("node %s is in the configuration; next: nxp start", id);
    return st;
}

int command_register_node(int argc, char **argv)
{
    static const struct argp_child children[] = {{&server_option_argp, 0, 0, 0}, {0}};
    static const struct argp argp = {
        .options = node_options,
        .parser = parse_node,
        .doc = "Registers a node of the user in the configuration, or takes one that exists.\v"
               WORDS_EXIT_CODES " The network refuses this place or address: 6.",
        .children = children,
    };
    struct enrolment e = {0};
    struct why why = {""};
    enum status st;

    argp_parse(&argp, argc, argv, 0, NULL, &e);
    st = register_node(&e, &why);
    enrolment_fini(&e);
    return exit_of(&e, st, &why);
}

/* ---- logout ---- */

int command_logout(int argc, char **argv)
{
    static const struct argp argp = {
        .doc = "Deletes the configuration. Tasks and proofs in the outbox stay.\v" WORDS_EXIT_CODES,
    };
    struct home home = {0};
    struct why why = {""};
    bool existed = false;
    enum status st;

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    st = home_init(&home, getenv("NXP_HOME"), getenv("HOME"), &why);
    if (!st)
        st = config_remove(home.config, &existed, &why);
    if (!st && existed)
        words_success("logged out: %s is deleted", home.config);
    else if (!st)
        words_info("there was no configuration");
    home_fini(&home);
    return st ? (int)words_failed(st, &why, "not logged out") : EXIT_OK;
}
