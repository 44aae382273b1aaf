/* SPDX-License-Identifier: Apache-2.0 */
/* nxp-mockorch as a process: what it prints, what it obeys, how it ends. */
#include "tests/support/test.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/mockorch/dial.h"

#define PROGRAM NXP_BUILD "/nxp-mockorch"

extern char **environ;

struct child {
    pid_t pid;
    FILE *out, *err;
};

static struct child spawn(const char *const *arguments)
{
    const char *argv[32] = {PROGRAM};
    posix_spawn_file_actions_t actions;
    int out[2], err[2];
    struct child c;

    for (size_t i = 0; arguments[i]; i++)
        argv[i + 1] = arguments[i];
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(err), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    for (int i = 0; i < 2; i++) {
        posix_spawn_file_actions_addclose(&actions, out[i]);
        posix_spawn_file_actions_addclose(&actions, err[i]);
    }
    assert_int_equal(posix_spawn(&c.pid, PROGRAM, &actions, NULL, (char **)argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(err[1]);
    c.out = fdopen(out[0], "r");
    c.err = fdopen(err[0], "r");
    return c;
}

/* Ends it (0: it ends by itself); everything it said after goes to the texts. */
static int end(struct child *c, int signal, char out[static 65536], char err[static 65536])
{
    int status;

    if (signal)
        kill(c->pid, signal);
    out[fread(out, 1, 65535, c->out)] = 0;
    err[fread(err, 1, 65535, c->err)] = 0;
    assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
    fclose(c->out);
    fclose(c->err);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static unsigned listening_port(struct child *c)
{
    char line[256];
    unsigned port;

    assert_non_null(fgets(line, sizeof line, c->out));
    assert_int_equal(sscanf(line, "listening on http://127.0.0.1:%u", &port), 1);
    return port;
}

static char out[65536], err[65536];

static unsigned ask(unsigned port, const char *path)
{
    static struct dial_answer answer;
    int fd = dial(port);

    dial_request(fd, "GET", path, "", bytes_of(NULL, 0));
    dial_read(fd, &answer);
    close(fd);
    return answer.status;
}

static void it_says_where_it_listens_and_ends_on_a_signal(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT};
    char port_file[] = "/tmp/nxp_port_XXXXXX", text[16];

    (void)state;
    close(mkstemp(port_file));
    for (size_t i = 0; i < 2; i++) {
        struct child c = spawn(
            (const char *[]){"--listen", "127.0.0.1:0", "--port-file", port_file, "--node", "7",
                             "--node", "8=0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", NULL});
        unsigned port = listening_port(&c);
        struct buffer file;

        buffer_init(&file, 0);
        assert_int_equal(file_read(&file, port_file, 100, NULL), ST_OK);
        snprintf(text, sizeof text, "%u\n", port);
        assert_true(bytes_equal(buffer_bytes(&file), bytes_of_text(text)));
        buffer_fini(&file);
        assert_int_equal(ask(port, "/healthz"), 200);
        assert_int_equal(ask(port, "/v3/nodes/7"), 200);
        assert_int_equal(ask(port, "/v3/nodes/8"), 200);
        assert_int_equal(ask(port, "/v3/nodes/9"), 404);
        assert_int_equal(end(&c, signals[i], out, err), 0);
        assert_string_equal(out, "");
        assert_non_null(strstr(err, "no such node"));
    }
    unlink(port_file);
}

static void a_scenario_and_named_faults_are_obeyed(void **state)
{
    char path[] = "/tmp/nxp_scenario_XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    struct child c;
    unsigned port;

    (void)state;
    fputs("name: test\norchestrator:\n  nodes: [{id: 5, wallet: "
          "'0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'}]\n"
          "faults:\n  - {call: node, nth: 2, status: 502, body: html}\n",
          file);
    fclose(file);
    c = spawn((const char *[]){"-l", "127.0.0.1:0", "--scenario", path, "--fault",
                               "register_answer_lost", "--json-log", "--seed", "3", "--judge",
                               "hash", "--window", "10s", "--task-expiry", "20s", NULL});
    port = listening_port(&c);
    assert_int_equal(ask(port, "/v3/nodes/5"), 200);
    assert_int_equal(ask(port, "/v3/nodes/5"), 502);
    assert_int_equal(ask(port, "/v3/nodes/5"), 200);
    assert_int_equal(end(&c, SIGTERM, out, err), 0);
    assert_non_null(strstr(err, "\"call\":\"node\""));
    assert_non_null(strstr(err, "\"faults\":\"rule 1\""));
    unlink(path);
}

static void a_store_brings_everything_back(void **state)
{
    char folder[] = "/tmp/nxp_store_XXXXXX", store[64], command[64];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(store, sizeof store, "sqlite:%s/mock.db", folder);
    for (int run = 0; run < 2; run++) { /* the second time node 7 is there already */
        struct child c = spawn((const char *[]){"-l", "127.0.0.1:0", "-q", "--store", store,
                                                "--node", run ? "8" : "7", "--node",
                                                run ? "7" : "9", NULL});
        unsigned port = listening_port(&c);

        assert_int_equal(ask(port, "/v3/nodes/7"), 200);
        assert_int_equal(ask(port, "/v3/nodes/8"), run ? 200 : 404);
        assert_int_equal(ask(port, "/v3/nodes/9"), 200);
        assert_int_equal(end(&c, SIGTERM, out, err), 0);
        assert_string_equal(err, "");
    }
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

static void guests_come_from_files(void **state)
{
    struct child c = spawn((const char *[]){"-l", "127.0.0.1:0", "-q", "--guest",
                                            "isa=" NXP_GOLDEN "/guest/isa.elf",
                                            "--fetches-per-window", "0", "--task-limit", "9",
                                            "--judge-threads", "2", "--faults-by-header", NULL});

    (void)state;
    assert_int_equal(ask(listening_port(&c), "/healthz"), 200);
    assert_int_equal(end(&c, SIGTERM, out, err), 0);
    assert_string_equal(err, "");
}

static void mistakes_end_it_with_words(void **state)
{
    static const struct {
        const char *arguments[5];
        int code;
        const char *words;
    } table[] = {
        {{"--listen", "nowhere"}, 1, "neither a numeric HOST:PORT nor unix:PATH"},
        {{"--tls", "selfish", "-l", "127.0.0.1:0"}, 1, "CERT,KEY"},
        {{"--tls", "/nonexistent,/key", "-l", "127.0.0.1:0"}, 1, "/nonexistent"},
        {{"--admin", "0.0.0.0:0", "-l", "127.0.0.1:0"}, 1, "token"},
        {{"--admin-token", "short"}, 2, "at least 8"},
        {{"--tls-cert-out", "x"}, 2, "only with --tls self"},
        {{"--replay", "x", "--diff", "y"}, 2, "no live answers"},
        {{"--replay", "/nonexistent", "-l", "127.0.0.1:0"}, 1, "/nonexistent"},
        {{"--har", "/nonexistent"}, 1, "/nonexistent"},
        {{"--scenario", "/nonexistent"}, 1, "/nonexistent"},
        {{"--fault", "fetsch"}, 1, "'fetsch' is no name"},
        {{"--guest", "x=/nonexistent"}, 1, "/nonexistent"},
        {{"--guest", "fib=" NXP_GOLDEN "/guest/fib.elf"}, 1, "given twice"},
        {{"--guest", "x=" NXP_GOLDEN "/client/retry.json"}, 1, "guest 'x'"},
        {{"--node", "seven"}, 1, "not a decimal number"},
        {{"--node", "7=wallet"}, 1, "wallet_address"},
        {{"--window", "0"}, 1, "window"},
        {{"--port-file", "/nonexistent/x", "-l", "127.0.0.1:0"}, 1, "/nonexistent/x"},
        {{"--guest", "x"}, 2, "NAME=ELF"},
        {{"--guest", "=x"}, 2, "NAME=ELF"},
        {{"--seed", "x"}, 2, "whole number"},
        {{"--store", "sqlite:"}, 2, "not memory or sqlite:FILE"},
        {{"--store", "file"}, 2, "not memory or sqlite:FILE"},
        {{"--store", "sqlite:/nonexistent/x"}, 1, "/nonexistent/x"},
        {{"--judge", "maybe"}, 2, "full hash none"},
        {{"--judge-threads", "0"}, 2, "within 1 to 256"},
        {{"--max-connections", "0"}, 2, "within 1 to 1000000"},
        {{"--max-requests", "1000001"}, 2, "within 1 to 1000000"},
        {{"--max-requests", "many"}, 2, "max-requests"},
        {{"--request-timeout", "0s"}, 2, "above 0"},
        {{"--task-expiry", "soon"}, 2, "a span"},
        {{"--what"}, 2, "unrecognized option"},
        {{"word"}, 2, "Too many arguments"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct child c = spawn(table[i].arguments);

        if (end(&c, 0, out, err) != table[i].code || !strstr(err, table[i].words))
            fail_msg("row %zu: %s", i, err);
    }
}

/* The lowest descriptors are taken first: so the number is exact. */
static void connections_have_a_limit(void **state)
{
    struct child c = spawn((const char *[]){"--listen", "127.0.0.1:0", "--max-connections", "3",
                                            "--max-requests", "2", "--quiet", NULL});
    static struct dial_answer answer;
    unsigned port = listening_port(&c), status;
    int fds[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        fds[i] = dial(port);
        dial_request(fds[i], "GET", "/healthz", "", bytes_of(NULL, 0));
        dial_read(fds[i], &answer);
        assert_int_equal(answer.status, 200);
    }
    for (int i = 0; i < 10; i++)
        assert_int_equal(ask(port, "/healthz"), 503);
    dial_request(fds[0], "GET", "/healthz", "", bytes_of(NULL, 0));
    dial_read(fds[0], &answer);
    assert_int_equal(answer.status, 200);
    close(fds[1]);
    do /* until the server has seen that one leave */
        status = ask(port, "/healthz");
    while (status == 503);
    assert_int_equal(status, 200);
    close(fds[0]);
    close(fds[2]);
    assert_int_equal(end(&c, SIGTERM, out, err), 0);
    assert_string_equal(err, "");
}

static void the_time_of_a_request_has_a_limit(void **state)
{
    struct child c =
        spawn((const char *[]){"--listen", "127.0.0.1:0", "--request-timeout", "20ms", NULL});
    static struct dial_answer answer;
    int fd = dial(listening_port(&c));

    (void)state;
    dial_read(fd, &answer);
    assert_int_equal(answer.status, 408);
    close(fd);
    assert_int_equal(end(&c, SIGTERM, out, err), 0);
}

static void help_version_and_the_list_go_to_standard_output(void **state)
{
    static const struct {
        const char *arguments[2];
        const char *words;
    } table[] = {
        {{"--help"}, "--faults-by-header"},
        {{"--version"}, "nxp-mockorch " NXP_VERSION},
        {{"--list-faults"}, "submit_answer_lost"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct child c = spawn(table[i].arguments);

        assert_int_equal(end(&c, 0, out, err), 0);
        assert_non_null(strstr(out, table[i].words));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_where_it_listens_and_ends_on_a_signal),
        cmocka_unit_test(a_scenario_and_named_faults_are_obeyed),
        cmocka_unit_test(a_store_brings_everything_back),
        cmocka_unit_test(guests_come_from_files),
        cmocka_unit_test(mistakes_end_it_with_words),
        cmocka_unit_test(connections_have_a_limit),
        cmocka_unit_test(the_time_of_a_request_has_a_limit),
        cmocka_unit_test(help_version_and_the_list_go_to_standard_output),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
