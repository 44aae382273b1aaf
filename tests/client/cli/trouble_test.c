/* SPDX-License-Identifier: Apache-2.0 */
/* Commands where the system is in the way: no home, odd files, full disks, a client that answers
 * nonsense. Each says what it could not do, with the exit code of docs/output.md. */
#include "tests/support/test.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tests/client/cli/run.h"
#include "tests/client/shell/scratch.h"
#include "tests/client/shell/tiny_server.h"

static struct run r, look; /* large */

/* ---- no home, odd files ---- */

static void without_a_home_nothing_can_be_kept(void **state)
{
    static const struct {
        const char *args;
        int code;
    } table[] = {
        {"start --node-id 1", 1}, /* as the reference: what start misses is 1 */
        {"start --anonymous --max-tasks 1", 1},
        {"status", 2},
        {"status --watch", 2},
        {"outbox list", 2},
        {"register-node --node-id 1", 2},
        {"logout", 2},
        {"guest list", 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int code = run(&r, "", table[i].args);

        if (code != table[i].code || !strstr(r.err, "neither HOME nor NXP_HOME is set"))
            fail_msg("nxp %s: exit %d, stderr: %s", table[i].args, code, r.err);
    }
}

static void files_that_are_none_are_named(void **state)
{
    static const struct {
        const char *folder; /* stands where a file should */
        const char *args;
        int code;
    } table[] = {
        {"config.json", "register-node --node-id 1", 5},
        {"config.json", "register-node", 5},
        {"config.json", "register-user --wallet-address 0x1111111111111111111111111111111111111111", 5},
        {"config.json", "start --headless", 5},
        {"config.json", "logout", 5},
        {"lock", "start --node-id 1 --orchestrator-url http://127.0.0.1:1", 5},
        {"outbox.db", "start --node-id 1 --orchestrator-url http://127.0.0.1:1", 5},
        {"outbox.db", "status", 5},
        {"outbox.db", "outbox list", 5},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct scratch s;
        char inside[40];
        int code;

        scratch_init(&s);
        assert_int_equal(mkdir(scratch_path(&s, table[i].folder), 0700), 0);
        snprintf(inside, sizeof inside, "%s/x", table[i].folder); /* it is not empty */
        scratch_write(scratch_path(&s, inside), "");
        code = run(&r, s.path, table[i].args);
        if (code != table[i].code || !strstr(r.err, table[i].folder))
            fail_msg("nxp %s with a folder %s: exit %d, stderr: %s", table[i].args, table[i].folder,
                     code, r.err);
        scratch_fini(&s);
    }
}

static void a_home_that_cannot_be_made_is_named(void **state)
{
    static const char *const table[] = {
        "start --node-id 1 --orchestrator-url http://127.0.0.1:1",
        "start --headless",
        "status",
        "status --json",
        "outbox list",
        "outbox retry 1",
        "register-node --node-id 1",
        "register-user --wallet-address 0x1111111111111111111111111111111111111111",
        "logout",
        "guest install mine " NXP_GOLDEN "/guest/fib.elf",
    };
    struct scratch s;
    char home[300];

    (void)state;
    scratch_init(&s);
    scratch_write(scratch_path(&s, "plain"), "a file");
    snprintf(home, sizeof home, "%s/home", scratch_path(&s, "plain"));
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int code = run(&r, home, table[i]);

        if (code != 5 || !strstr(r.err, "Not a directory"))
            fail_msg("nxp %s: exit %d, stderr: %s", table[i], code, r.err);
    }
    scratch_fini(&s);
}

/* ---- a terminal ---- */

/* All that is shown until `text` is there; then Ctrl+C, and the exit code. */
static int run_on_a_terminal(char *shown, size_t room, const char *home, const char *text,
                             const char *const argv[])
{
    bool interrupted = false;
    size_t size = 0;
    int screen, status;
    ssize_t n;
    pid_t pid = forkpty(&screen, NULL, NULL, NULL);

    if (pid == 0) {
        setenv("NXP_HOME", home, 1);
        execv(NXP_BUILD "/nxp", (char *const *)argv);
        _exit(99);
    }
    assert_true(pid > 0);
    shown[0] = '\0';
    while ((n = read(screen, shown + size, room - 1 - size)) > 0) {
        shown[size += (size_t)n] = '\0';
        if (!interrupted && strstr(shown, text)) {
            interrupted = true;
            assert_int_equal(write(screen, "\003", 1), 1);
        }
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(screen);
    if (!strstr(shown, text))
        fail_msg("'%s' is not shown: %s", text, shown);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void on_a_terminal_there_are_colours_and_progress(void **state)
{
    static char shown[65536];
    struct scratch s;
    const char *const proof[] = {"nxp",   "prove",    "--guest", "fib", "--public-input",
                                 "9,1,1", "--stages", NULL,      "-o",  "/dev/null", NULL};
    const char *prove[sizeof proof / sizeof *proof];

    (void)state;
    scratch_init(&s);
    run_on_a_terminal(shown, sizeof shown, s.path, "\033[33m[INFO]\033[0m there was no configuration",
                      (const char *const[]){"nxp", "logout", NULL});
    run_on_a_terminal(shown, sizeof shown, s.path, "\033[31m[ERROR]\033[0m ",
                      (const char *const[]){"nxp", "start", "--headless", NULL});
    assert_int_equal(run_on_a_terminal(shown, sizeof shown, s.path, "\033[H\033[2Jno nxp runs on ",
                                       (const char *const[]){"nxp", "status", "--watch", NULL}),
                     1);
    memcpy(prove, proof, sizeof prove);
    prove[7] = s.path; /* --stages */
    run_on_a_terminal(shown, sizeof shown, s.path, "8/8 fri", prove);
    scratch_fini(&s);
}

/* ---- exit codes ---- */

/* The built-in guest with its first instruction made illegal. */
static void write_broken_guest(const char *path)
{
    struct buffer elf;
    FILE *f = fopen(path, "wb");
    uint32_t entry, header, offset, address;

    buffer_init(&elf, 0);
    assert_int_equal(file_read(&elf, NXP_GOLDEN "/guest/fib.elf", 1 << 20, NULL), ST_OK);
    entry = load_le32(elf.data + 24);
    header = load_le32(elf.data + 28);
    while (load_le32(elf.data + header) != 1 || !(load_le32(elf.data + header + 24) & 1))
        header += 32; /* to the loaded segment with code */
    offset = load_le32(elf.data + header + 4);
    address = load_le32(elf.data + header + 8);
    store_le32(elf.data + offset + (entry - address), 0);
    assert_int_equal(fwrite(elf.data, 1, elf.size, f), elf.size);
    fclose(f);
    buffer_fini(&elf);
}

/* Until it has taken SIGTERM into its own hands. */
static void wait_until_it_minds_signals(pid_t pid)
{
    unsigned long long blocked = 0;

    while (!(blocked & 1ull << (SIGTERM - 1))) {
        char path[40], line[200];
        FILE *f;

        snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
        f = fopen(path, "re");
        assert_non_null(f);
        while (fgets(line, sizeof line, f))
            if (sscanf(line, "SigBlk: %llx", &blocked) == 1)
                break;
        fclose(f);
    }
}

static bool deny(void *context, const struct tiny_request *q)
{
    (void)context;
    tiny_reply(q->fd, 403, "", "RBAC: access denied", 19);
    return true;
}

static void every_exit_code_of_the_document_can_be_seen(void **state)
{
    struct tiny_server *server = tiny_server_new(deny, NULL);
    struct buffer document;
    struct scratch s;
    char elf[300], denied[300];
    const struct {
        int code;
        const char *args;
    } table[] = {{0, "--version"},
                 {1, "status"},
                 {2, "dance"},
                 {3, elf},
                 {4, "prove --guest fib --public-input 9,1,1 --max-steps 5 -o /dev/null"},
                 {5, "register-node --orchestrator-url http://127.0.0.1:1"},
                 {6, denied},
                 {130, "prove --guest fib --public-input 8000,1,1 -o /dev/null"}};
    const char *row;
    size_t rows = 0;

    (void)state;
    scratch_init(&s);
    scratch_write(scratch_path(&s, "config.json"), "{\"user_id\":\"u\"}");
    write_broken_guest(scratch_path(&s, "broken.elf"));
    snprintf(elf, sizeof elf, "prove --elf %s -o /dev/null", scratch_path(&s, "broken.elf"));
    snprintf(denied, sizeof denied, "register-node --orchestrator-url %s", tiny_server_url(server));
    buffer_init(&document, 0);
    assert_int_equal(file_read(&document, NXP_SOURCE "/docs/output.md", 1 << 20, NULL), ST_OK);
    buffer_put_u8(&document, 0);
    row = strstr((const char *)document.data, "| status | meaning |");
    assert_non_null(row);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char begins[20];

        snprintf(begins, sizeof begins, "\n| %d | ", table[i].code);
        assert_non_null(strstr(row, begins));
        run_begin(&r, s.path, table[i].args);
        if (table[i].code == 130) {
            wait_until_it_minds_signals(r.pid);
            kill(r.pid, SIGTERM);
        }
        run_finish(&r);
        if (r.code != table[i].code)
            fail_msg("nxp %s: exit %d, not %d: %s", table[i].args, r.code, table[i].code, r.err);
    }
    for (row = strstr(row, "\n| "); row && strncmp(row, "\n\n", 2) != 0; row = strchr(row + 1, '\n'))
        rows += row[3] >= '0' && row[3] <= '9';
    assert_int_equal(rows, sizeof table / sizeof *table);
    buffer_fini(&document);
    tiny_server_free(server);
    scratch_fini(&s);
}

/* ---- a socket that is no client's ---- */

static int listen_at(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void an_answer_that_is_none_is_a_failure_of_status(void **state)
{
    static const char *const answers[] = {"", "certainly\n", "{\"running\":tr"};
    struct scratch s;
    int fd;

    (void)state;
    scratch_init(&s);
    fd = listen_at(scratch_path(&s, "control.sock"));
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        char question[64] = "";
        int peer;

        run_begin(&r, s.path, i == 1 ? "status --watch" : "status");
        peer = accept(fd, NULL, NULL);
        assert_int_equal(recv(peer, question, sizeof question, 0), 7);
        assert_string_equal(question, "status\n");
        assert_int_equal(send(peer, answers[i], strlen(answers[i]), MSG_NOSIGNAL),
                         strlen(answers[i]));
        close(peer);
        run_finish(&r);
        assert_int_equal(r.code, 5);
        assert_non_null(strstr(r.err, "control.sock"));
    }
    close(fd);
    scratch_fini(&s);
}

static void a_client_of_another_version_is_shown_as_far_as_it_is_understood(void **state)
{
    static const char answer[] = "{\"running\":true,\"version\":\"9.9\",\"new\":[1]}\n";
    struct scratch s;
    char question[64];
    int fd, peer;

    (void)state;
    scratch_init(&s);
    fd = listen_at(scratch_path(&s, "control.sock"));
    run_begin(&r, s.path, "status");
    peer = accept(fd, NULL, NULL);
    assert_int_equal(recv(peer, question, sizeof question, 0), 7);
    assert_int_equal(send(peer, answer, sizeof answer - 1, 0), sizeof answer - 1);
    close(peer);
    run_finish(&r);
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.out, "nxp 9.9 runs since "));
    close(fd);
    scratch_fini(&s);
}

static void watching_goes_on_when_no_client_runs_and_ends_with_1(void **state)
{
    struct scratch s;

    (void)state;
    scratch_init(&s);
    run_begin(&r, s.path, "status --watch=1 --json");
    run_until(&r, "}\n{");
    kill(r.pid, SIGTERM);
    run_finish(&r);
    assert_int_equal(r.code, 1);
    scratch_fini(&s);
}

/* ---- a run with trouble around it ---- */

static bool serve(void *context, const struct tiny_request *q)
{
    static const char task[] =
        "\x22\x17\x0a\x02T0\x12\x03" "fib\x2a\x0c\x09\0\0\0\1\0\0\0\1\0\0\0";
    const unsigned *node_status = context;

    if (strncmp(q->path, "/v3/nodes/", 10) == 0)
        tiny_reply(q->fd, *node_status, "", "", 0);
    else if (strcmp(q->path, "/v3/tasks") == 0)
        tiny_reply(q->fd, 200, "", task, sizeof task - 1);
    else
        tiny_reply(q->fd, 200, "", "", 0);
    return true;
}

static const char *args_of(const struct tiny_server *server, const char *more)
{
    static char args[500];

    snprintf(args, sizeof args, "start --headless --orchestrator-url %s --max-tasks 1%s",
             tiny_server_url(server), more);
    return args;
}

static void a_configured_node_works_and_its_proofs_are_json_lines(void **state)
{
    unsigned node_status = 200;
    struct tiny_server *server = tiny_server_new(serve, &node_status);
    struct scratch s;

    (void)state;
    scratch_init(&s);
    scratch_write(scratch_path(&s, "config.json"), "{\"user_id\":\"u\",\"node_id\":\"77\"}");
    assert_int_equal(mkdir(scratch_path(&s, "outbox"), 0700), 0);
    scratch_write(scratch_path(&s, "outbox/000000000000002a.record"), "torn");
    assert_int_equal(run(&r, s.path, args_of(server, " --json-log --no-telemetry --with-background")),
                     0);
    assert_non_null(strstr(r.out, "Starting headless mode with Node ID: 77\"}"));
    assert_non_null(strstr(r.out, "\"event\":\"no_dashboard\""));
    assert_non_null(strstr(r.out, "\"event\":\"input_proved\",\"task_id\":\"T0\""));
    assert_non_null(strstr(r.out, "\"input\":[9,1,1],\"steps\":"));
    assert_non_null(strstr(r.err, "1 damaged record is set aside in "));
    tiny_server_free(server);
    scratch_fini(&s);
}

static void a_place_that_is_not_served_has_its_exit_code(void **state)
{
    unsigned node_status = 403;
    struct tiny_server *server = tiny_server_new(serve, &node_status);
    struct scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(run(&r, s.path, args_of(server, " --node-id 1")), 6);
    assert_non_null(strstr(r.out, "does not serve this place"));
    tiny_server_free(server);
    scratch_fini(&s);
}

static void a_log_that_cannot_be_written_is_told_once(void **state)
{
    unsigned node_status = 200;
    struct tiny_server *server = tiny_server_new(serve, &node_status);
    struct scratch s;
    const char *told;

    (void)state;
    scratch_init(&s);
    assert_int_equal(run(&r, s.path, args_of(server, " --node-id 1 --log-file /dev/full")), 0);
    told = strstr(r.err, "[WARN] the log file: /dev/full: ");
    assert_non_null(told);
    assert_null(strstr(told + 1, "[WARN]"));
    tiny_server_free(server);
    scratch_fini(&s);
}

static void a_log_that_cannot_be_opened_anew_stays_in_use(void **state)
{
    unsigned node_status = 500; /* it waits, and goes on waiting */
    struct tiny_server *server = tiny_server_new(serve, &node_status);
    struct scratch s;
    char more[300];

    (void)state;
    scratch_init(&s);
    snprintf(more, sizeof more, " --node-id 1 --log-file %s", scratch_path(&s, "log"));
    run_begin(&r, s.path, args_of(server, more));
    run_until(&r, "again in");
    assert_int_equal(unlink(scratch_path(&s, "log")), 0);
    assert_int_equal(mkdir(scratch_path(&s, "log"), 0700), 0);
    kill(r.pid, SIGHUP);
    while (!strstr(r.err, "going on with the one that is open"))
        assert_true(run_more(&r));
    kill(r.pid, SIGTERM);
    run_finish(&r);
    assert_int_equal(r.code, 0);
    tiny_server_free(server);
    scratch_fini(&s);
}

static void under_nohup_a_closed_terminal_does_not_matter(void **state)
{
    unsigned node_status = 500;
    struct tiny_server *server = tiny_server_new(serve, &node_status);
    struct scratch s;

    (void)state;
    scratch_init(&s);
    signal(SIGHUP, SIG_IGN);
    run_begin(&r, s.path, args_of(server, " --node-id 1"));
    signal(SIGHUP, SIG_DFL);
    run_until(&r, "again in");
    kill(r.pid, SIGHUP);
    assert_int_equal(run(&look, s.path, "status"), 0);
    assert_non_null(strstr(look.out, "phase greeting"));
    kill(r.pid, SIGTERM);
    run_finish(&r);
    assert_int_equal(r.code, 0);
    tiny_server_free(server);
    scratch_fini(&s);
}

static void a_question_that_nobody_knows_is_told_so(void **state)
{
    unsigned node_status = 500;
    struct tiny_server *server = tiny_server_new(serve, &node_status);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    char answer[200] = "";
    struct scratch s;

    (void)state;
    scratch_init(&s);
    run_begin(&r, s.path, args_of(server, " --node-id 1"));
    run_until(&r, "again in");
    snprintf(at.sun_path, sizeof at.sun_path, "%s", scratch_path(&s, "control.sock"));
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(send(fd, "key\n", 4, 0), 4);
    assert_true(recv(fd, answer, sizeof answer - 1, MSG_WAITALL) > 0);
    assert_string_equal(answer, "{\"error\":\"the only question is: status\"}\n");
    close(fd);
    kill(r.pid, SIGTERM);
    run_finish(&r);
    tiny_server_free(server);
    scratch_fini(&s);
}

static void a_file_that_only_has_the_name_of_the_network_s_guest_is_not_used(void **state)
{
    struct scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(mkdir(scratch_path(&s, "guests"), 0700), 0);
    /* The network's name, but not its program: what is installed is checked again. */
    scratch_write(scratch_path(&s, "guests/fib_input_initial.elf"), "no program");
    assert_int_equal(run(&r, s.path, "start --anonymous --max-tasks 1"), 0);
    assert_non_null(strstr(r.out, "Anonymous proof 1 completed (fib, "));
    scratch_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_home_nothing_can_be_kept),
        cmocka_unit_test(files_that_are_none_are_named),
        cmocka_unit_test(a_home_that_cannot_be_made_is_named),
        cmocka_unit_test(on_a_terminal_there_are_colours_and_progress),
        cmocka_unit_test(every_exit_code_of_the_document_can_be_seen),
        cmocka_unit_test(an_answer_that_is_none_is_a_failure_of_status),
        cmocka_unit_test(a_client_of_another_version_is_shown_as_far_as_it_is_understood),
        cmocka_unit_test(watching_goes_on_when_no_client_runs_and_ends_with_1),
        cmocka_unit_test(a_configured_node_works_and_its_proofs_are_json_lines),
        cmocka_unit_test(a_place_that_is_not_served_has_its_exit_code),
        cmocka_unit_test(a_log_that_cannot_be_written_is_told_once),
        cmocka_unit_test(a_log_that_cannot_be_opened_anew_stays_in_use),
        cmocka_unit_test(under_nohup_a_closed_terminal_does_not_matter),
        cmocka_unit_test(a_question_that_nobody_knows_is_told_so),
        cmocka_unit_test(a_file_that_only_has_the_name_of_the_network_s_guest_is_not_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
