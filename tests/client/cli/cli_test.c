/* SPDX-License-Identifier: Apache-2.0 */
/* The commands from outside: help, mistakes, files, registration. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "proto/wire.h"
#include "prover/nxp.h"
#include "tests/client/cli/run.h"
#include "tests/client/shell/scratch.h"
#include "tests/client/shell/tiny_server.h"

static struct run r; /* large */

/* ---- help and mistakes ---- */

static void help_says_what_the_document_says(void **state)
{
    static const char *const commands[] = {"",       "start",         "prove",         "verify",
                                           "bench",  "register-user", "register-node", "logout",
                                           "guest",  "status",        "outbox"};
    struct scratch s;

    (void)state;
    scratch_init(&s);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char name[300], args[64];
        struct buffer golden;

        snprintf(args, sizeof args, "help %s", commands[i]);
        snprintf(name, sizeof name, "%s/tests/client/cli/help/%s.txt", NXP_SOURCE,
                 *commands[i] ? commands[i] : "nxp");
        assert_int_equal(run(&r, s.path, args), 0);
        assert_string_equal(r.err, "");
        if (getenv("NXP_UPDATE_GOLDEN"))
            scratch_write(name, r.out);
        buffer_init(&golden, 0);
        assert_int_equal(file_read(&golden, name, 65536, NULL), ST_OK);
        buffer_put_u8(&golden, 0);
        assert_string_equal(r.out, (const char *)golden.data);
        buffer_fini(&golden);
    }
    assert_int_equal(run(&r, s.path, "--help"), 0);
    assert_int_equal(run(&r, s.path, "-h"), 0);
    assert_int_equal(run(&r, s.path, "start -h"), 0);
    assert_non_null(strstr(r.out, "Usage: nxp start"));
    assert_int_equal(run(&r, s.path, "outbox list -h"), 0);
    assert_non_null(strstr(r.out, "Usage: nxp outbox"));
    assert_int_equal(run(&r, s.path, "--version"), 0);
    assert_non_null(strstr(r.out, "nexus-cli 0.10.18"));
    assert_int_equal(run(&r, s.path, "-V"), 0);
    assert_int_equal(strncmp(r.out, "nxp " NXP_VERSION " (as nexus-cli 0.10.18, build ", 12), 0);
    scratch_fini(&s);
}

static void mistakes_on_the_command_line_end_with_2_and_say_why(void **state)
{
    static const struct {
        const char *args, *says;
    } table[] = {
        {"", "Usage: nxp COMMAND"},
        {"dance", "no command 'dance'"},
        {"help dance", "no command 'dance'"},
        {"prove", "--elf FILE or --guest NAME"},
        {"prove --guest fib --elf x -o p", "--elf FILE or --guest NAME"},
        {"prove --guest fib", "-o PROOF"},
        {"prove --guest fib -o p --public-input 1,x", "32-bit numbers"},
        {"prove --guest fib -o p extra", "unexpected argument"},
        {"prove --guest fib -o p --threads 0", "from 1 to 1024"},
        {"prove --guest fib -o p --max-steps 0", "--max-steps"},
        {"prove --guest fib -o p --max-log-rows 99", "--max-log-rows"},
        {"prove --guest fib -o p --max-memory x", "--max-memory"},
        {"prove --guest fib -o p --nonsense", "unrecognized option"},
        {"prove --guest fib -o p --private-input-hex abc", "hex digits"},
        {"prove --guest fib -o p --private-input-hex zz", "hex digits"},
        {"prove --guest nobody -o p", "not installed"},
        {"prove --elf /nowhere/x.elf -o p", "/nowhere/x.elf"},
        {"prove --guest fib -o p --kernel abacus", "abacus"},
        {"verify --guest fib", "PROOF"},
        {"verify --guest fib a b", "one proof"},
        {"verify --guest fib --exit-code x p", "--exit-code"},
        {"verify --guest fib --max-log-rows 0 p", "--max-log-rows"},
        {"verify --guest fib --output-hex abc /dev/null", "hex digits"},
        {"verify --guest fib /nowhere/proof", "/nowhere/proof"},
        {"bench --sizes x", "--sizes"},
        {"bench --runs 0", "--runs"},
        {"bench extra", "unexpected argument"},
        {"start --node-id x", "--node-id"},
        {"start --node-id 7 --node-id +07", "given twice"},
        {"start --max-tasks 0", "--max-tasks"},
        {"start --max-threads x", "--max-threads"},
        {"start --max-difficulty HUGE", "EXTRA_LARGE"},
        {"start --fetch-interval 5", "--orchestrator-url"},
        {"start --fetch-interval x", "--fetch-interval"},
        {"start --anonymous --node-id 1", "--anonymous"},
        {"start --profile newest", "--profile"},
        {"start --faithful --node-id 1 --node-id 2", "one node"},
        {"start now", "unexpected argument"},
        {"start --log-level loud", "--log-level"},
        {"start --log-file x --log-size x", "--log-size"},
        {"start --log-file x --log-keep 1001", "--log-keep"},
        {"start --log-size 1", "--log-file"},
        {"start --log-keep 1", "--log-file"},
        {"register-user", "--wallet-address"},
        {"register-user --wallet-address 0x12", "40 digits"},
        {"register-node --node-id x", "--node-id"},
        {"register-node", "register-user"},
        {"register-user --wallet-address 0x1111111111111111111111111111111111111111 "
         "--orchestrator-url ftp://x",
         "http://"},
        {"guest", "install NAME"},
        {"guest install", "install NAME"},
        {"guest install a b c", "unexpected argument"},
        {"guest install x /nowhere", "/nowhere"},
        {"guest install x /dev/null", "guest: "},
        {"status now", "unexpected argument"},
        {"status --watch=0", "--watch"},
        {"status --metrics --json", "--metrics"},
        {"status --metrics --watch", "--metrics"},
        {"outbox", "list"},
        {"outbox burn", "list"},
        {"outbox list 1", "unexpected argument"},
        {"outbox show", "show ID"},
        {"outbox show x", "no id of a record"},
        {"outbox show 1", "no task has been fetched"},
        {"outbox retry 0", "no id of a record"},
        {"outbox export 1", "export ID FILE"},
        {"outbox export 1 a b", "unexpected argument"},
        {"prover-worker", "a part of nxp start"},
        {"prover-worker now", "a part of nxp start"},
    };
    struct scratch s;

    (void)state;
    scratch_init(&s);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int code = run(&r, s.path, table[i].args);

        if (code != 2 || !strstr(r.err, table[i].says))
            fail_msg("nxp %s: exit %d, stderr: %s", table[i].args, code, r.err);
    }
    scratch_fini(&s);
}

static void no_more_than_64_nodes_are_worked_for(void **state)
{
    char args[2000] = "start";
    struct scratch s;

    (void)state;
    scratch_init(&s);
    for (unsigned i = 1; i <= 65; i++)
        sprintf(args + strlen(args), " --node-id=%u", i);
    assert_int_equal(run(&r, s.path, args), 2);
    assert_non_null(strstr(r.err, "more than 64"));
    scratch_fini(&s);
}

static void an_environment_that_is_gone_is_mentioned(void **state)
{
    struct scratch s;

    (void)state;
    scratch_init(&s);
    scratch_write(scratch_path(&s, "config.json"), "{\"user_id\": \"u\"}");
    setenv("NEXUS_ENVIRONMENT", "beta", 1);
    setenv("HTTPS_PROXY", "http://127.0.0.1:1", 1); /* nobody outside is asked */
    assert_int_equal(run(&r, s.path, "register-node"), 5);
    assert_non_null(strstr(r.err, "NEXUS_ENVIRONMENT=beta: there is only production"));
    assert_int_equal(run(&r, s.path, "register-node --orchestrator-url http://127.0.0.1:1"), 5);
    assert_null(strstr(r.err, "NEXUS_ENVIRONMENT"));
    setenv("NEXUS_ENVIRONMENT", "PRODUCTION", 1);
    assert_int_equal(run(&r, s.path, "register-node"), 5);
    assert_null(strstr(r.err, "NEXUS_ENVIRONMENT"));
    unsetenv("NEXUS_ENVIRONMENT");
    unsetenv("HTTPS_PROXY");
    scratch_fini(&s);
}

static void start_says_what_is_missing(void **state)
{
    static const struct {
        const char *config, *says;
    } table[] = {
        {NULL, "register-user"},
        {"{}", "register-user"},
        {"{\"user_id\":\"u\"}", "register-node"},
        {"{\"user_id\":\"u\",\"node_id\":\"x1\"}", "no node id"},
        {"{\"user_id\":\"u\",\"node_id\":5}", "in quotes"},
        {"{", "config.json"},
    };
    struct scratch s;

    (void)state;
    scratch_init(&s);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].config)
            scratch_write(scratch_path(&s, "config.json"), table[i].config);
        assert_int_equal(run(&r, s.path, "start"), 1);
        assert_non_null(strstr(r.err, table[i].says));
    }
    assert_int_equal(run(&r, s.path, "start --node-id 1 --orchestrator-url nonsense"), 1);
    scratch_fini(&s);
}

/* ---- proofs on files ---- */

static void a_proof_goes_into_a_file_and_is_checked(void **state)
{
    struct scratch s;
    char args[600];
    struct buffer proof, golden;
    const char *path;

    (void)state;
    scratch_init(&s);
    path = scratch_path(&s, "p");
    snprintf(args, sizeof args, "prove --guest fib --public-input 9,1,1 --threads 2 -o %s", path);
    assert_int_equal(run(&r, s.path, args), 0);
    assert_non_null(strstr(r.out, "keccak-256"));
    assert_non_null(strstr(r.out, "exit code      0"));
    assert_non_null(strstr(r.out, "output         "));
    buffer_init(&proof, 0);
    buffer_init(&golden, 0);
    assert_int_equal(file_read(&proof, path, 1 << 20, NULL), ST_OK);
    assert_int_equal(file_read(&golden, NXP_GOLDEN "/proofs/fib_9_1_1.proof", 1 << 20, NULL), ST_OK);
    assert_true(bytes_equal(buffer_bytes(&proof), buffer_bytes(&golden)));

    snprintf(args, sizeof args, "verify --guest fib --public-input 9,1,1 %s", path);
    assert_int_equal(run(&r, s.path, args), 0);
    assert_string_equal(r.out, "valid\n");
    snprintf(args, sizeof args, "verify --elf %s/guest/fib.elf --public-input 9,1,1 %s", NXP_GOLDEN,
             path);
    assert_int_equal(run(&r, s.path, args), 0);
    snprintf(args, sizeof args, "verify --guest fib --public-input 9,1,1 --max-log-rows 8 %s", path);
    assert_int_equal(run(&r, s.path, args), 0);
    snprintf(args, sizeof args, "verify --guest fib --public-input 9,1,1 --max-log-rows 7 %s", path);
    assert_int_not_equal(run(&r, s.path, args), 0);
    snprintf(args, sizeof args, "verify --guest fib --public-input 9,1,2 %s", path);
    assert_int_equal(run(&r, s.path, args), 1);
    assert_string_equal(r.out, "invalid\n");
    assert_true(strlen(r.err) > 20);
    snprintf(args, sizeof args, "verify --guest fib --public-input 9,1,1 --exit-code 3 %s", path);
    assert_int_equal(run(&r, s.path, args), 1);
    snprintf(args, sizeof args, "verify --guest fib --public-input 9,1,1 --output-hex 00 %s", path);
    assert_int_equal(run(&r, s.path, args), 1);
    scratch_write(path, "no proof");
    snprintf(args, sizeof args, "verify --guest fib --public-input 9,1,1 %s", path);
    assert_in_range(run(&r, s.path, args), 1, 2);
    buffer_fini(&proof);
    buffer_fini(&golden);
    scratch_fini(&s);
}

static void a_proof_is_described_in_json(void **state)
{
    struct scratch s;
    char args[600];

    (void)state;
    scratch_init(&s);
    snprintf(args, sizeof args,
             "prove --guest fib --public-input 9,1,1 --kernel portable --json -o %s",
             scratch_path(&s, "p"));
    assert_int_equal(run(&r, s.path, args), 0);
    assert_non_null(strstr(r.out, "\"keccak256\": \""));
    assert_non_null(strstr(r.out, "\"kernel\": \"portable\""));
    assert_non_null(strstr(r.out, "\"stages\": {"));
    snprintf(args, sizeof args, "prove --guest fib --public-input 9,1,1 -o %s/no/folder", s.path);
    assert_int_equal(run(&r, s.path, args), 5);
    scratch_fini(&s);
}

static void an_answer_that_cannot_be_written_is_a_failure(void **state)
{
    static const char *const table[] = {
        "--version", "help", "start --help", "guest list",
        "prove --guest fib --public-input 5,1,1 --json -o /dev/null"};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char command[300];
        int status;

        snprintf(command, sizeof command, "%s/nxp %s 2>/dev/null >/dev/full", NXP_BUILD, table[i]);
        status = system(command);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 5);
    }
}

static void limits_and_failed_guests_have_their_exit_codes(void **state)
{
    struct scratch s;
    char args[600];
    const char *path;

    (void)state;
    scratch_init(&s);
    path = scratch_path(&s, "p");
    snprintf(args, sizeof args,
             "prove --guest fib --public-input 1000,1,1 --max-steps 100 -o %s", path);
    assert_int_equal(run(&r, s.path, args), 4);
    assert_int_equal(scratch_mode(path), 0);
    snprintf(args, sizeof args, "prove --guest fib --public-input 1000,1,1 --max-log-rows 8 -o %s",
             path);
    assert_int_equal(run(&r, s.path, args), 4);
    snprintf(args, sizeof args,
             "prove --guest fib --public-input 9,1,1 --max-memory 1 -o %s", path);
    assert_int_equal(run(&r, s.path, args), 4);
    scratch_fini(&s);
}

static void the_machine_is_measured(void **state)
{
    struct scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(run(&r, s.path, "bench --sizes 9 --runs 1"), 0);
    assert_non_null(strstr(r.out, "kHz"));
    assert_int_equal(run(&r, s.path, "bench --sizes 9 --runs 1 --json --threads 1"), 0);
    assert_non_null(strstr(r.out, "{\"n\": 9, \"figure\": \"padded_rows_per_second\", \"value\": "));
    assert_int_equal(run(&r, s.path, "bench --sizes 9 --runs 1 --max-steps 5"), 4);
    scratch_fini(&s);
}

/* ---- guests, outbox ---- */

static bool serve_guest(void *context, const struct tiny_request *q)
{
    struct bytes fib = nxp_builtin_guest("fib");

    (void)context;
    if (strcmp(q->path, "/fib.elf") == 0)
        tiny_reply(q->fd, 200, "", fib.data, fib.size);
    else
        tiny_reply(q->fd, 404, "", "", 0);
    return true;
}

static void guests_are_installed_from_files_and_addresses(void **state)
{
    struct tiny_server *server = tiny_server_new(serve_guest, NULL);
    struct scratch s;
    char args[600];

    (void)state;
    scratch_init(&s);
    assert_int_equal(run(&r, s.path, "guest list"), 0);
    assert_non_null(strstr(r.out, "fib "));
    snprintf(args, sizeof args, "guest install mine %s/guest/fib.elf", NXP_GOLDEN);
    assert_int_equal(run(&r, s.path, args), 0);
    snprintf(args, sizeof args, "guest install far %s/fib.elf", tiny_server_url(server));
    assert_int_equal(run(&r, s.path, args), 0);
    snprintf(args, sizeof args, "guest install far %s/fib.elf --cacert /nowhere/ca.pem",
             tiny_server_url(server));
    assert_int_equal(run(&r, s.path, args), 0); /* plain HTTP needs none */
    snprintf(args, sizeof args, "guest install gone %s/other", tiny_server_url(server));
    assert_int_equal(run(&r, s.path, args), 5);
    snprintf(args, sizeof args, "guest install gone %s", tiny_server_url(server));
    assert_int_equal(run(&r, s.path, args), 5);
    snprintf(args, sizeof args, "guest install fib_input_initial %s/guest/fib.elf", NXP_GOLDEN);
    assert_int_equal(run(&r, s.path, args), 1);
    assert_int_equal(run(&r, s.path, "guest list --json"), 0);
    assert_non_null(strstr(r.out, "\"name\": \"far\""));
    assert_non_null(strstr(r.out, "\"name\": \"mine\""));
    snprintf(args, sizeof args, "prove --guest mine --public-input 1,2,3 -o %s",
             scratch_path(&s, "p"));
    assert_int_equal(run(&r, s.path, args), 0);
    tiny_server_free(server);
    scratch_fini(&s);
}

static void looking_takes_the_files_of_an_older_version_over(void **state)
{
    struct scratch s;

    (void)state;
    scratch_init(&s);
    mkdir(scratch_path(&s, "outbox"), 0700);
    scratch_write(scratch_path(&s, "outbox/000000000000002a.record"), "torn");
    assert_int_equal(run(&r, s.path, "outbox list"), 0);
    assert_string_equal(r.out, "no tasks yet\n");
    assert_non_null(strstr(r.err, "1 damaged record: 42"));
    assert_int_equal(scratch_mode(scratch_path(&s, "outbox")), 0);
    assert_int_equal(scratch_mode(scratch_path(&s, "outbox.db")), 0600);
    assert_int_equal(run(&r, s.path, "outbox list"), 0);
    assert_string_equal(r.err, "");
    scratch_fini(&s);
}

static void an_empty_outbox_is_no_error(void **state)
{
    struct scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(run(&r, s.path, "outbox list"), 0);
    assert_string_equal(r.out, "no tasks yet\n");
    assert_int_equal(run(&r, s.path, "outbox list --json"), 0);
    assert_string_equal(r.out, "[]\n");
    scratch_fini(&s);
}

/* ---- registration ---- */

#define WALLET "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"

struct registry {
    unsigned lookup, user, node; /* statuses to answer */
    const char *user_id, *node_id;
    unsigned posts;
    bool late; /* the look-up knows the user from the second time on */
    unsigned looks, blind_from; /* look-ups; from which on they fail, 0: never */
    const char *nodes[3]; /* of the user; the last comes, or the last two come, with the first registration */
    unsigned before;      /* how many there are before it */
};

static void reply_user(int fd, const struct registry *g)
{
    struct wire_user_node nodes[3];
    struct wire_user user = {.user_id = g->user_id, .wallet_address = "", .nodes = nodes};
    struct buffer body;

    for (size_t i = 0; i < 3 && g->nodes[i] && (g->posts || i < g->before); i++)
        nodes[user.node_count++] = (struct wire_user_node){g->nodes[i], NODE_CLI_PROVER};
    buffer_init(&body, 0);
    wire_encode_user(&body, &user);
    tiny_reply(fd, 200, "", (const char *)body.data, body.size);
    buffer_fini(&body);
}

static void reply_text(int fd, unsigned number, const char *text)
{
    char body[200];
    size_t size = strlen(text);

    body[0] = (char)(number << 3 | 2);
    body[1] = (char)size;
    memcpy(body + 2, text, size);
    tiny_reply(fd, 200, "", body, size + 2);
}

static bool serve_registry(void *context, const struct tiny_request *q)
{
    struct registry *g = context;
    static const char problem[] = "{\"name\":\"X\",\"message\":\"told you so\",\"httpCode\":1}";
    bool lookup = strncmp(q->path, "/v3/users/", 10) == 0;
    unsigned status = lookup                               ? g->lookup
                      : strcmp(q->path, "/v3/users") == 0 ? g->user
                                                           : g->node;

    g->posts += strcmp(q->method, "POST") == 0;
    if (lookup && g->late)
        g->lookup = q->number > 1 ? 200 : 404;
    g->looks += lookup;
    status = lookup ? g->lookup : status;
    if (lookup && g->blind_from && g->looks >= g->blind_from)
        status = 503;
    if (status != 200)
        tiny_reply(q->fd, status, "", problem, sizeof problem - 1);
    else if (lookup)
        reply_user(q->fd, g);
    else if (strcmp(q->path, "/v3/nodes") == 0)
        reply_text(q->fd, 1, g->node_id);
    else
        tiny_reply(q->fd, 200, "", "", 0);
    return true;
}

static int register_user(const struct scratch *s, const struct tiny_server *server)
{
    char args[300];

    snprintf(args, sizeof args, "register-user --wallet-address " WALLET " --orchestrator-url %s",
             tiny_server_url(server));
    return run(&r, s->path, args);
}

static int register_node(const struct scratch *s, const struct tiny_server *server)
{
    char args[300];

    snprintf(args, sizeof args, "register-node --orchestrator-url %s", tiny_server_url(server));
    return run(&r, s->path, args);
}

static const char *config_text(const struct scratch *s)
{
    static char text[1000];
    FILE *f = fopen(scratch_path(s, "config.json"), "rb");
    size_t size;

    assert_non_null(f);
    size = fread(text, 1, sizeof text - 1, f);
    text[size] = '\0';
    fclose(f);
    return text;
}

static void a_wallet_and_a_node_are_registered_once(void **state)
{
    struct registry g = {.lookup = 404, .user = 200, .node = 200, .node_id = "5880437"};
    struct tiny_server *server = tiny_server_new(serve_registry, &g);
    struct scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(register_user(&s, server), 0);
    assert_int_equal(g.posts, 1);
    assert_non_null(strstr(config_text(&s), "\"wallet_address\": \"" WALLET "\""));
    assert_non_null(strstr(config_text(&s), "\"node_id\": \"\""));
    assert_int_equal(scratch_mode(scratch_path(&s, "config.json")), 0600);
    assert_int_equal(register_node(&s, server), 0);
    assert_non_null(strstr(config_text(&s), "\"node_id\": \"5880437\""));
    assert_int_equal(register_user(&s, server), 0); /* the node stays, nobody is asked */
    assert_int_equal(g.posts, 2);
    assert_non_null(strstr(config_text(&s), "\"node_id\": \"5880437\""));
    assert_int_equal(run(&r, s.path, "register-node --node-id 77"), 0);
    assert_non_null(strstr(config_text(&s), "\"node_id\": \"77\""));
    assert_int_equal(run(&r, s.path, "logout"), 0);
    assert_int_equal(scratch_mode(scratch_path(&s, "config.json")), 0);
    assert_int_equal(run(&r, s.path, "logout"), 0);
    tiny_server_free(server);
    scratch_fini(&s);
}

/* Each try makes a node, whether its answer arrives or not. */
static void a_node_whose_answer_was_lost_is_found(void **state)
{
    static const struct {
        struct registry registry;
        int code;
        const char *node, *words;
    } table[] = {
        {{.node = 500, .nodes = {"11", "12"}, .before = 1}, 0, "12", "made node 12: it is taken"},
        {{.node = 200, .node_id = "x", .nodes = {"12"}}, 0, "12", "made node 12: it is taken"},
        {{.node = 500, .nodes = {"11"}, .before = 1}, 1, "", "No node was made; try again later"},
        {{.node = 500, .nodes = {"11", "12", "13"}, .before = 1}, 1, "", "has 3 nodes (11, 12, 13)"},
        {{.node = 500, .nodes = {"12"}, .blind_from = 2}, 1, "", "may have made a node all the same"},
        {{.node = 500, .nodes = {"12"}, .blind_from = 1}, 1, "", "told you so"},
        {{.node = 429, .nodes = {"11"}, .before = 1}, 1, "", "has 1 node (11), and one that no other machine"},
        {{.node = 429}, 1, "", "Too many registrations for now"},
        {{.node = 200, .node_id = "13", .nodes = {"11", "12"}, .before = 2}, 0, "13", "has 2 nodes already (11, 12)"},
        {{.node = 200, .node_id = "13", .nodes = {"11"}, .before = 1}, 0, "13", "has 1 node already (11)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct registry g = table[i].registry;
        struct tiny_server *server;
        char text[100];
        struct scratch s;

        g.lookup = 200;
        g.user_id = "u";
        server = tiny_server_new(serve_registry, &g);
        scratch_init(&s);
        scratch_write(scratch_path(&s, "config.json"), "{\"user_id\":\"u\",\"wallet_address\":\"" WALLET "\"}");
        if (register_node(&s, server) != table[i].code || !(strstr(r.err, table[i].words) || strstr(r.out, table[i].words)))
            fail_msg("row %zu: exit %d, %s%s", i, r.code, r.out, r.err);
        assert_int_equal(g.posts, 1);
        snprintf(text, sizeof text, "\"node_id\": \"%s\"", table[i].node);
        if (*table[i].node)
            assert_non_null(strstr(config_text(&s), text));
        tiny_server_free(server);
        scratch_fini(&s);
    }
}

static void a_known_wallet_gets_its_user_id_back(void **state)
{
    struct registry g = {.lookup = 200, .user_id = "11111111-2222-4333-8444-555555555555"};
    struct tiny_server *server = tiny_server_new(serve_registry, &g);
    struct scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(register_user(&s, server), 0);
    assert_int_equal(g.posts, 0);
    assert_non_null(strstr(config_text(&s), "\"user_id\": \"11111111-2222"));
    tiny_server_free(server);
    scratch_fini(&s);
}

static void a_wallet_that_turns_out_to_be_known_gets_its_user_id_back(void **state)
{
    struct registry g = {.late = true, .user = 409, .user_id = "known-after-all"};
    struct tiny_server *server = tiny_server_new(serve_registry, &g);
    struct scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(register_user(&s, server), 0);
    assert_non_null(strstr(config_text(&s), "\"user_id\": \"known-after-all\""));
    tiny_server_free(server);
    scratch_fini(&s);
}

static void a_node_stays_unless_it_belonged_to_another_user(void **state)
{
    static const struct {
        const char *config;
        bool stays;
    } table[] = {
        {"{\"node_id\":\"7\"}", true}, /* nxp register-node --node-id 7 came first */
        {"{\"node_id\":\"7\",\"user_id\":\"u1\"}", true},
        {"{\"node_id\":\"7\",\"user_id\":\"u1\",\"wallet_address\":\"0x1\"}", true},
        {"{\"node_id\":\"7\",\"wallet_address\":\"" WALLET "\"}", true},
        {"{\"node_id\":\"7\",\"user_id\":\"u2\"}", false},
        {"{\"node_id\":\"7\",\"wallet_address\":\"0x1\"}", false},
    };
    struct scratch s;

    (void)state;
    scratch_init(&s);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct registry g = {.lookup = 200, .user_id = "u1"};
        struct tiny_server *server = tiny_server_new(serve_registry, &g);

        scratch_write(scratch_path(&s, "config.json"), table[i].config);
        assert_int_equal(register_user(&s, server), 0);
        if (table[i].stays) {
            assert_non_null(strstr(config_text(&s), "\"node_id\": \"7\""));
            assert_non_null(strstr(r.out, "next: nxp start"));
        } else {
            assert_non_null(strstr(config_text(&s), "\"node_id\": \"\""));
            assert_non_null(strstr(r.err, "node 7 belonged to another user"));
        }
        tiny_server_free(server);
    }
    scratch_fini(&s);
}

static void a_refused_registration_says_what_can_be_done(void **state)
{
    static const struct {
        struct registry registry;
        bool node;
        int code;
        const char *says;
    } table[] = {
        {{.lookup = 403}, false, 6, "does not serve this place"},
        {{.lookup = 404, .user = 403}, false, 6, "does not serve this place"},
        {{.lookup = 404, .user = 409}, false, 1, "does not tell its id"},
        {{.lookup = 404, .user = 429}, false, 1, "try again later"},
        {{.node = 403}, true, 6, "does not serve this place"},
        {{.node = 404}, true, 1, "nxp logout"},
        {{.node = 429}, true, 1, "try again later"},
        {{.node = 500}, true, 1, "told you so"},
    };
    struct scratch s;

    (void)state;
    scratch_init(&s);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct registry g = table[i].registry;
        struct tiny_server *server = tiny_server_new(serve_registry, &g);
        int code;

        scratch_write(scratch_path(&s, "config.json"), "{\"user_id\": \"u\"}");
        code = table[i].node ? register_node(&s, server) : register_user(&s, server);
        if (code != table[i].code || !strstr(r.err, table[i].says))
            fail_msg("case %zu: exit %d, %s", i, code, r.err);
        assert_string_equal(config_text(&s), "{\"user_id\": \"u\"}");
        tiny_server_free(server);
    }
    scratch_fini(&s);
}

static void a_server_in_trouble_is_not_a_new_user(void **state)
{
    static const struct registry table[] = {
        {.lookup = 503},
        {.lookup = 429},
        {.lookup = 200, .user_id = ""},
        {.lookup = 200, .user_id = "two words"},
        {.lookup = 404, .user = 409},
    };
    struct scratch s;

    (void)state;
    scratch_init(&s);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct registry g = table[i];
        struct tiny_server *server = tiny_server_new(serve_registry, &g);

        assert_int_equal(register_user(&s, server), 1);
        assert_int_equal(scratch_mode(scratch_path(&s, "config.json")), 0);
        assert_int_equal(g.posts, table[i].lookup == 404);
        if (table[i].lookup != 200)
            assert_non_null(strstr(r.err, "told you so"));
        tiny_server_free(server);
    }
    assert_int_equal(run(&r, s.path, "register-user --wallet-address " WALLET
                                     " --orchestrator-url http://127.0.0.1:1"),
                     5);
    scratch_write(scratch_path(&s, "config.json"), "{\"user_id\": \"u\"}");
    {
        struct registry g = {.node = 404};
        struct tiny_server *server = tiny_server_new(serve_registry, &g);

        assert_int_equal(register_node(&s, server), 1);
        g = (struct registry){.node = 200, .node_id = "not a number"};
        assert_int_equal(register_node(&s, server), 2);
        tiny_server_free(server);
    }
    scratch_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_says_what_the_document_says),
        cmocka_unit_test(mistakes_on_the_command_line_end_with_2_and_say_why),
        cmocka_unit_test(no_more_than_64_nodes_are_worked_for),
        cmocka_unit_test(an_environment_that_is_gone_is_mentioned),
        cmocka_unit_test(start_says_what_is_missing),
        cmocka_unit_test(a_proof_goes_into_a_file_and_is_checked),
        cmocka_unit_test(a_proof_is_described_in_json),
        cmocka_unit_test(an_answer_that_cannot_be_written_is_a_failure),
        cmocka_unit_test(limits_and_failed_guests_have_their_exit_codes),
        cmocka_unit_test(the_machine_is_measured),
        cmocka_unit_test(guests_are_installed_from_files_and_addresses),
        cmocka_unit_test(looking_takes_the_files_of_an_older_version_over),
        cmocka_unit_test(an_empty_outbox_is_no_error),
        cmocka_unit_test(a_wallet_and_a_node_are_registered_once),
        cmocka_unit_test(a_node_whose_answer_was_lost_is_found),
        cmocka_unit_test(a_known_wallet_gets_its_user_id_back),
        cmocka_unit_test(a_wallet_that_turns_out_to_be_known_gets_its_user_id_back),
        cmocka_unit_test(a_node_stays_unless_it_belonged_to_another_user),
        cmocka_unit_test(a_refused_registration_says_what_can_be_done),
        cmocka_unit_test(a_server_in_trouble_is_not_a_new_user),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
