/* SPDX-License-Identifier: Apache-2.0 */
/* nxp start as a process: it proves and submits, stops when told to, and survives kill -9. */
#include "tests/support/test.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/shell/outbox_sqlite.h"
#include "proto/signing.h"
#include "proto/wire.h"
#include "tests/client/cli/run.h"
#include "tests/client/shell/scratch.h"
#include "tests/client/shell/tiny_server.h"

static struct run r, look; /* large */

struct orchestrator {
    unsigned node_status;
    bool silent; /* takes submissions, never answers */
    bool dry;    /* has no tasks */
    bool refuses; /* submissions */
    bool large;   /* tasks are LARGE */
    enum difficulty asked; /* by the last fetch */
    unsigned fetches, submissions, look_ups;
    char first_node[24]; /* that a task was fetched for */
    struct buffer submitted[2];
};

static void note_node(struct orchestrator *o, struct bytes body)
{
    struct wire_memory memory = {0};
    struct wire_fetch m;

    if (wire_decode_fetch(&m, &memory, body, WIRE_MAX_RESPONSE, NULL) == ST_OK) {
        if (o->fetches == 0)
            snprintf(o->first_node, sizeof o->first_node, "%s", m.node_id);
        o->asked = m.max_difficulty;
    }
    wire_memory_fini(&memory);
}

static bool serve(void *context, const struct tiny_request *q)
{
    struct orchestrator *o = context;
    char task[] = "\x22\x17\x0a\x02T0\x12\x03" "fib\x2a\x0c\x09\0\0\0\1\0\0\0\1\0\0\0";
    char large[] = "\x22\x19\x0a\x02T0\x12\x03" "fib\x2a\x0c\x09\0\0\0\1\0\0\0\1\0\0\0\x38\x0a";
    bool answer = true;

    if (strncmp(q->path, "/v3/nodes/", 10) == 0) {
        o->look_ups++;
        tiny_reply(q->fd, o->node_status, "", "", 0);
    } else if (strcmp(q->path, "/v3/tasks") == 0) {
        note_node(o, bytes_of(q->body, q->body_size));
        task[5] = large[5] = (char)('0' + o->fetches++);
        if (o->dry)
            tiny_reply(q->fd, 429, "Retry-After: 3600\r\n", "", 0);
        else if (o->large)
            tiny_reply(q->fd, 200, "", large, sizeof large - 1);
        else
            tiny_reply(q->fd, 200, "", task, sizeof task - 1);
    } else {
        if (o->submissions < 2)
            buffer_put(&o->submitted[o->submissions], q->body, q->body_size);
        o->submissions++;
        answer = !o->silent;
        if (answer)
            tiny_reply(q->fd, o->refuses ? 422 : 200, "", "", 0);
    }
    return true;
}

static void set_up(struct orchestrator *o)
{
    *o = (struct orchestrator){.node_status = 200};
    buffer_init(&o->submitted[0], 0);
    buffer_init(&o->submitted[1], 0);
    assert_int_equal(signing_start(NULL), ST_OK);
}

static void tear_down(struct orchestrator *o)
{
    buffer_fini(&o->submitted[0]);
    buffer_fini(&o->submitted[1]);
}

static const char *args_of(const struct tiny_server *server, const char *more)
{
    static char args[300];

    snprintf(args, sizeof args,
             "start --headless --node-id 5880437 --orchestrator-url %s --fetch-interval 1%s",
             tiny_server_url(server), more);
    return args;
}

static void tasks_are_proved_and_submitted_until_enough(void **state)
{
    struct orchestrator o;
    struct tiny_server *server = tiny_server_new(serve, &o);
    struct wire_submission m;
    struct wire_memory memory = {0};
    struct buffer golden;
    struct scratch s;

    (void)state;
    set_up(&o);
    scratch_init(&s);
    assert_int_equal(run(&r, s.path, args_of(server, " --max-tasks 2")), 0);
    assert_non_null(strstr(r.out, "[INFO] Starting headless mode with Node ID: 5880437\n"));
    assert_non_null(strstr(r.out, "] Step 4 of 4: Proof submitted successfully for task T0\n"));
    assert_non_null(strstr(r.out, "] Step 4 of 4: Proof submitted successfully for task T1\n"));
    assert_non_null(strstr(r.out, "[SUCCESS] Nexus CLI exited successfully\n"));
    assert_string_equal(r.err, "");
    assert_int_equal(o.submissions, 2);

    buffer_init(&golden, 0);
    assert_int_equal(file_read(&golden, NXP_GOLDEN "/proofs/fib_9_1_1.proof", 1 << 20, NULL), ST_OK);
    assert_int_equal(wire_decode_submission(&m, &memory, buffer_bytes(&o.submitted[0]),
                                            WIRE_MAX_SUBMISSION, NULL),
                     ST_OK);
    assert_true(bytes_equal(m.proof, buffer_bytes(&golden)));
    assert_true(signing_verify(NULL, m.public_key, m.signature, "T0", m.proof_hash));
    wire_memory_fini(&memory);
    buffer_fini(&golden);

    assert_int_equal(run(&r, s.path, "outbox list"), 0);
    assert_non_null(strstr(r.out, "accepted"));
    assert_int_equal(run(&r, s.path, "outbox list --json"), 0);
    assert_non_null(strstr(r.out, "\"task_id\": \"T1\""));
    assert_int_equal(run(&r, s.path, "outbox show 1"), 0);
    assert_non_null(strstr(r.out, "state       accepted\n"));
    assert_int_equal(run(&r, s.path, "outbox retry 1"), 2); /* accepted is accepted */
    assert_non_null(strstr(r.err, "nothing to retry"));
    assert_int_equal(run(&r, s.path, "outbox export 1 x"), 2);
    assert_non_null(strstr(r.err, "holds no proof"));
    tiny_server_free(server);
    scratch_fini(&s);
    tear_down(&o);
}

static void several_nodes_are_worked_for_in_turn(void **state)
{
    struct orchestrator o;
    struct tiny_server *server = tiny_server_new(serve, &o);
    struct scratch s;

    (void)state;
    set_up(&o);
    scratch_init(&s);
    /* The second node is known after two seconds, so one of four fetches at least is for it. */
    assert_int_equal(run(&r, s.path, args_of(server, " --node-id 77 --max-tasks 4")), 0);
    assert_non_null(strstr(r.out, "Starting headless mode with Node ID: 5880437\n"));
    assert_non_null(strstr(r.out, "Starting headless mode with Node ID: 77\n"));
    assert_int_equal(o.look_ups, 2);
    assert_string_equal(o.first_node, "5880437");
    assert_int_equal(run(&r, s.path, "outbox list --json"), 0);
    assert_non_null(strstr(r.out, "\"node_id\": \"5880437\""));
    assert_non_null(strstr(r.out, "\"node_id\": \"77\""));
    tiny_server_free(server);
    scratch_fini(&s);
    tear_down(&o);
}

/* ---- the lines of client.md 9.1 ---- */

static bool serve_trouble(void *context, const struct tiny_request *q)
{
    struct orchestrator *o = context;
    char task[] = "\x22\x17\x0a\x02T0\x12\x03" "fib\x2a\x0c\x09\0\0\0\1\0\0\0\1\0\0\0";

    if (strncmp(q->path, "/v3/nodes/", 10) == 0) {
        tiny_reply(q->fd, 200, "", "", 0);
    } else if (strcmp(q->path, "/v3/tasks") == 0) {
        task[5] = (char)('0' + o->fetches);
        switch (o->fetches++) {
        case 0:
            tiny_reply(q->fd, 500, "", "out of order", 12);
            break;
        case 1:
            memcpy(task + 8, "huh", 3); /* a program that nobody has */
            tiny_reply(q->fd, 200, "", task, sizeof task - 1);
            break;
        default:
            tiny_reply(q->fd, 200, "", task, sizeof task - 1);
        }
    } else {
        tiny_reply(q->fd, o->submissions++ == 0 ? 503 : 200, "", "", 0);
    }
    return true;
}

static void the_lines_of_a_run_are_those_of_the_reference(void **state)
{
    static const struct {
        const char *type, *text;
    } lines[] = {
        {"[INFO]", "Starting headless mode with Node ID: 5880437\n"},
        {"StateChange [", "Ready to fetch tasks\n"},
        {"Refresh [", "Step 1 of 4: Fetching task...\n"},
        {"Error [", "Failed to fetch a task: HTTP 500: out of order; next try in "},
        {"Success [", "Server adjusted difficulty: asked SMALL_MEDIUM, assigned SMALL"},
        {"Success [", "Step 1 of 4: Got task T1\n"},
        {"StateChange [", "Step 2 of 4: Proving task T1\n"},
        {"Error [", "Task T1 is given up: "},
        {"Waiting [", "Step 1 of 4: Waiting - ready for next task ("},
        {"Success [", "Step 1 of 4: Got task T2\n"},
        {"StateChange [", "Step 2 of 4: Proving task T2\n"},
        {"Success [", "Proof generated for task T2\n"},
        {"StateChange [", "Step 3 of 4: Submitting proof for task T2...\n"},
        {"Error [", "The proof of task T2 is kept after attempt 1: HTTP 503"},
        {"StateChange [", "Step 3 of 4: Submitting proof for task T2...\n"},
        {"Success [", "Step 4 of 4: Proof submitted successfully for task T2 (2 attempts)\n\n"},
        {"StateChange [", "Completed task T2: 1 input in "},
        {"[INFO]", "Shutting down...\n"},
        {"[SUCCESS]", "Nexus CLI exited successfully\n"},
    };
    struct orchestrator o;
    struct tiny_server *server = tiny_server_new(serve_trouble, &o);
    struct scratch s;
    const char *at = r.out;

    (void)state;
    set_up(&o);
    scratch_init(&s);
    assert_int_equal(run(&r, s.path, args_of(server, " --max-tasks 1")), 0);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *found = strstr(at, lines[i].text), *begin = found;

        if (!found)
            fail_msg("'%s' is not said, or not then: %s", lines[i].text, r.out);
        while (begin > r.out && begin[-1] != '\n')
            begin--;
        assert_int_equal(strncmp(begin, lines[i].type, strlen(lines[i].type)), 0);
        if (*lines[i].type != '[') { /* "Type [YYYY-MM-DD HH:MM:SS] text" */
            assert_int_equal(found - begin, strlen(lines[i].type) + strlen("2026-11-24 08:41:17] "));
            assert_int_equal(memcmp(found - 2, "] ", 2), 0);
        }
        at = found + 1;
    }
    tiny_server_free(server);
    scratch_fini(&s);
    tear_down(&o);
}

static void a_proof_survives_kill_9_and_is_sent_with_the_same_bytes(void **state)
{
    struct orchestrator o;
    struct tiny_server *server = tiny_server_new(serve, &o);
    struct scratch s;

    (void)state;
    set_up(&o);
    scratch_init(&s);
    o.silent = true;
    run_begin(&r, s.path, args_of(server, " --no-telemetry"));
    run_until(&r, "Step 3 of 4");
    kill(r.pid, SIGKILL);
    run_finish(&r);
    assert_int_equal(r.code, 128 + SIGKILL);
    assert_int_equal(run(&r, s.path, "outbox list"), 0);
    assert_non_null(strstr(r.out, "sending"));

    tiny_server_sync();
    o.silent = false;
    o.dry = true;
    assert_int_equal(run(&r, s.path, args_of(server, " --max-tasks 1 --json-log")), 0);
    assert_non_null(strstr(r.out, "\"event\":\"restored\""));
    assert_non_null(strstr(r.out, "\"event\":\"submitted\",\"task_id\":\"T0\""));
    if (o.submissions == 2) /* the first may have died before it left */
        assert_true(bytes_equal(buffer_bytes(&o.submitted[0]), buffer_bytes(&o.submitted[1])));
    tiny_server_free(server);
    scratch_fini(&s);
    tear_down(&o);
}

/* The only child of a process; 0: none. */
static pid_t child_of(pid_t parent)
{
    DIR *folder = opendir("/proc");
    pid_t child = 0;

    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder));) {
        char path[300];
        int of;
        FILE *f;

        snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        f = fopen(path, "r");
        if (!f)
            continue;
        if (fscanf(f, "%*d (%*[^)]) %*c %d", &of) == 1 && of == parent)
            child = atoi(e->d_name);
        fclose(f);
    }
    closedir(folder);
    return child;
}

static void the_death_of_its_worker_costs_a_client_nothing(void **state)
{
    struct orchestrator o;
    struct tiny_server *server = tiny_server_new(serve, &o);
    struct scratch s;
    pid_t worker;

    (void)state;
    set_up(&o);
    scratch_init(&s);
    run_begin(&r, s.path, args_of(server, " --max-tasks 2"));
    run_until(&r, "] Step 4 of 4: Proof submitted successfully for task T0\n");
    worker = child_of(r.pid);
    assert_true(worker > 0);
    assert_int_equal(kill(worker, SIGKILL), 0);
    run_finish(&r);
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.out, "] Step 4 of 4: Proof submitted successfully for task T1\n"));
    tiny_server_sync();
    assert_int_equal(o.submissions, 2);
    tiny_server_free(server);
    scratch_fini(&s);
    tear_down(&o);
}

static void a_refused_proof_is_exported_and_sent_again_when_the_user_asks(void **state)
{
    struct orchestrator o;
    struct tiny_server *server = tiny_server_new(serve, &o);
    struct buffer golden, proof;
    struct scratch s;
    char args[600];

    (void)state;
    set_up(&o);
    scratch_init(&s);
    o.refuses = true;
    run_begin(&r, s.path, args_of(server, ""));
    run_until(&r, "is refused after 1 attempt");
    assert_int_equal(run(&look, s.path, "outbox retry 1"), 1); /* not while it runs */
    assert_non_null(strstr(look.err, "another nxp"));
    o.dry = true;
    kill(r.pid, SIGTERM);
    run_finish(&r);

    assert_int_equal(run(&r, s.path, "outbox show 1 --json"), 0);
    assert_non_null(strstr(r.out, "\"state\": \"refused\""));
    assert_non_null(strstr(r.out, "\"proofs\": 1"));
    snprintf(args, sizeof args, "outbox export 1 %s --json", scratch_path(&s, "proof"));
    assert_int_equal(run(&r, s.path, args), 0);
    assert_non_null(strstr(r.out, "\"files\": ["));
    snprintf(args, sizeof args, "outbox export 1 %s", scratch_path(&s, "proof"));
    assert_int_equal(run(&r, s.path, args), 0);
    assert_non_null(strstr(r.out, " bytes\n"));
    buffer_init(&golden, 0);
    buffer_init(&proof, 0);
    assert_int_equal(file_read(&golden, NXP_GOLDEN "/proofs/fib_9_1_1.proof", 1 << 20, NULL), ST_OK);
    assert_int_equal(file_read(&proof, scratch_path(&s, "proof"), 1 << 20, NULL), ST_OK);
    assert_true(bytes_equal(buffer_bytes(&proof), buffer_bytes(&golden)));
    buffer_fini(&golden);
    buffer_fini(&proof);
    snprintf(args, sizeof args, "outbox export 1 %s", scratch_path(&s, "no/proof"));
    assert_int_equal(run(&r, s.path, args), 5);

    assert_int_equal(run(&r, s.path, "outbox retry 99"), 2);
    assert_int_equal(run(&r, s.path, "outbox retry 1"), 0);
    assert_non_null(strstr(r.out, "sent again by the next nxp start"));
    assert_int_equal(run(&r, s.path, "outbox retry 1 --json"), 2); /* it waits to be sent already */
    o.refuses = false;
    assert_int_equal(run(&r, s.path, args_of(server, " --max-tasks 1")), 0);
    assert_non_null(strstr(r.out, "Proof submitted successfully for task T0"));
    tiny_server_free(server);
    scratch_fini(&s);
    tear_down(&o);
}

static void sigterm_sigint_and_sighup_end_it_cleanly(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct orchestrator o;
        struct tiny_server *server = tiny_server_new(serve, &o);
        struct scratch s;

        set_up(&o);
        scratch_init(&s);
        o.dry = true;
        run_begin(&r, s.path, args_of(server, ""));
        run_until(&r, "next try in");
        kill(r.pid, signals[i]);
        run_finish(&r);
        assert_int_equal(r.code, 0);
        assert_non_null(strstr(r.out, "[INFO] Shutting down...\n"));
        tiny_server_free(server);
        scratch_fini(&s);
        tear_down(&o);
    }
}

static const char *file_text(const char *path)
{
    static char text[65536];
    struct buffer b;

    buffer_init(&b, 0);
    assert_int_equal(file_read(&b, path, sizeof text - 1, NULL), ST_OK);
    memcpy(text, b.data ? (const char *)b.data : "", b.size);
    text[b.size] = '\0';
    buffer_fini(&b);
    return text;
}

static void the_log_file_is_taken_up_anew_after_a_hangup_and_a_quiet_run_says_nothing(void **state)
{
    struct orchestrator o;
    struct tiny_server *server = tiny_server_new(serve, &o);
    struct scratch s;
    char more[400];

    (void)state;
    set_up(&o);
    scratch_init(&s);
    o.dry = true;
    snprintf(more, sizeof more, " --log-file %s", scratch_path(&s, "log"));
    run_begin(&r, s.path, args_of(server, more));
    run_until(&r, "next try in");
    assert_int_equal(scratch_mode(scratch_path(&s, "log")), 0600);
    assert_int_equal(rename(scratch_path(&s, "log"), scratch_path(&s, "log.old")), 0);
    kill(r.pid, SIGHUP);
    while (scratch_mode(scratch_path(&s, "log")) == 0)
        assert_int_equal(run(&look, s.path, "status"), 0); /* it still runs */
    kill(r.pid, SIGTERM);
    run_finish(&r);
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(file_text(scratch_path(&s, "log.old")), "Starting headless mode"));
    assert_non_null(strstr(file_text(scratch_path(&s, "log")), "Shutting down..."));

    o.node_status = 404;
    snprintf(more, sizeof more, " --quiet --json-log --log-file %s", scratch_path(&s, "log"));
    assert_int_equal(run(&r, s.path, args_of(server, more)), 1);
    assert_string_equal(r.out, "");
    assert_non_null(strstr(r.err, "register-node"));
    assert_non_null(strstr(file_text(scratch_path(&s, "log")), "\"event\":\"node_refused\""));
    snprintf(more, sizeof more, " --log-file %s", scratch_path(&s, "no/log"));
    assert_int_equal(run(&r, s.path, args_of(server, more)), 5);
    assert_non_null(strstr(r.err, "no/log"));
    tiny_server_free(server);
    scratch_fini(&s);
    tear_down(&o);
}

static void a_service_manager_hears_that_it_is_ready_what_it_does_and_that_it_stops(void **state)
{
    static char heard[16384];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct orchestrator o;
    struct tiny_server *server = tiny_server_new(serve, &o);
    struct scratch s;
    size_t size = 0;
    ssize_t n;

    (void)state;
    set_up(&o);
    scratch_init(&s);
    o.dry = true;
    snprintf(at.sun_path, sizeof at.sun_path, "%s", scratch_path(&s, "notify"));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    setenv("NOTIFY_SOCKET", at.sun_path, 1);
    setenv("WATCHDOG_USEC", "100000", 1);
    run_begin(&r, s.path, args_of(server, ""));
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    while (!strstr(heard, "WATCHDOG=1\n") || !strstr(heard, "next try in")) {
        n = recv(fd, heard + size, sizeof heard - 2 - size, 0);
        assert_true(n > 0);
        size += (size_t)n;
        heard[size++] = '\n';
    }
    kill(r.pid, SIGTERM);
    run_finish(&r);
    assert_int_equal(r.code, 0);
    while ((n = recv(fd, heard + size, sizeof heard - 2 - size, MSG_DONTWAIT)) > 0) {
        size += (size_t)n;
        heard[size++] = '\n';
    }
    assert_int_equal(strncmp(heard, "READY=1\n", 8), 0);
    assert_non_null(strstr(heard, "STATUS=No task for now"));
    assert_non_null(strstr(heard, "STOPPING=1\n"));
    close(fd);
    tiny_server_free(server);
    scratch_fini(&s);
    tear_down(&o);
}

static void status_asks_the_running_client_and_else_the_disk(void **state)
{
    struct orchestrator o;
    struct tiny_server *server = tiny_server_new(serve, &o);
    struct scratch s;
    char url[200];

    (void)state;
    set_up(&o);
    scratch_init(&s);
    assert_int_equal(run(&r, s.path, "status"), 1);
    assert_non_null(strstr(r.out, "no nxp runs on "));
    assert_non_null(strstr(r.out, "outbox      empty"));

    o.dry = true;
    run_begin(&r, s.path, args_of(server, ""));
    run_until(&r, "next try in");
    assert_int_equal(run(&look, s.path, "status"), 0);
    assert_string_equal(look.err, "");
    assert_non_null(strstr(look.out, " runs since "));
    assert_non_null(strstr(look.out, "\nnodes       5880437  known, "));
    snprintf(url, sizeof url, "\nserver      %s, profile current\n", tiny_server_url(server));
    assert_non_null(strstr(look.out, url));
    assert_non_null(strstr(look.out, "fetch until "));
    assert_non_null(strstr(look.out, "\noutbox      0 fetched"));
    assert_int_equal(run(&look, s.path, "status --json"), 0);
    assert_non_null(strstr(look.out, "\"running\": true"));
    assert_non_null(strstr(look.out, "\"phase\": \"working\""));
    assert_int_equal(run(&look, s.path, "status --metrics"), 0);
    assert_non_null(strstr(look.out, "nxp_up 1\n"));
    assert_non_null(strstr(look.out, "nxp_requests_total{route=\"fetch\"} 1\n"));
    run_begin(&look, s.path, "status --json --watch=1");
    run_until(&look, "}\n{"); /* again and again */
    kill(look.pid, SIGINT);
    run_finish(&look);
    assert_int_equal(look.code, 0);

    kill(r.pid, SIGKILL); /* leaves a socket behind */
    run_finish(&r);
    assert_int_equal(run(&look, s.path, "status --json"), 1);
    assert_non_null(strstr(look.out, "\"running\": false"));
    assert_non_null(strstr(look.out, "\"route\": \"fetch\""));
    run_begin(&r, s.path, args_of(server, ""));
    run_until(&r, "ready for next task");
    assert_int_equal(run(&look, s.path, "status"), 0);
    kill(r.pid, SIGTERM);
    run_finish(&r);
    assert_int_equal(r.code, 0);
    tiny_server_free(server);
    scratch_fini(&s);
    tear_down(&o);
}

static void a_home_without_a_control_socket_is_no_reason_not_to_prove(void **state)
{
    struct scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(mkdir(scratch_path(&s, "control.sock"), 0700), 0);
    {
        struct orchestrator o;
        struct tiny_server *server = tiny_server_new(serve, &o);

        set_up(&o);
        assert_int_equal(run(&r, s.path, args_of(server, " --max-tasks 1")), 0);
        assert_non_null(strstr(r.err, "nxp status will not find this run"));
        tiny_server_free(server);
        tear_down(&o);
    }
    scratch_fini(&s);
}

static void a_restart_does_not_come_before_a_retry_after(void **state)
{
    struct orchestrator o;
    struct tiny_server *server = tiny_server_new(serve, &o);
    struct scratch s;

    (void)state;
    set_up(&o);
    scratch_init(&s);
    o.dry = true;
    run_begin(&r, s.path, args_of(server, ""));
    run_until(&r, "next try in");
    assert_non_null(strstr(r.out, " (until ")); /* by the clock on the wall */
    kill(r.pid, SIGKILL);
    run_finish(&r);
    run_begin(&r, s.path, args_of(server, ""));
    run_until(&r, "ready for next task (3");
    kill(r.pid, SIGTERM);
    run_finish(&r);
    assert_int_equal(r.code, 0);
    tiny_server_sync();
    assert_int_equal(o.fetches, 1);
    tiny_server_free(server);
    scratch_fini(&s);
    tear_down(&o);
}

static void damage_what_was_learnt(const struct scratch *s, const struct tiny_server *server)
{
    struct outbox_sqlite *outbox;

    assert_int_equal(outbox_sqlite_open(&outbox, scratch_path(s, "outbox.db"),
                                        scratch_path(s, "outbox"), NULL),
                     ST_OK);
    assert_int_equal(outbox_sqlite_learn(outbox, tiny_server_url(server),
                                         bytes_of_text("nonsense"), NULL),
                     ST_OK);
    outbox_free(&outbox->base);
}

static void the_next_run_knows_what_this_one_has_learnt(void **state)
{
    struct orchestrator o;
    struct tiny_server *server = tiny_server_new(serve, &o);
    struct scratch s;

    (void)state;
    set_up(&o);
    scratch_init(&s);
    o.large = true;
    assert_int_equal(run(&r, s.path, args_of(server, " --max-tasks 1")), 0);
    assert_int_equal(o.asked, DIFFICULTY_SMALL_MEDIUM);
    assert_int_equal(run(&r, s.path, args_of(server, " --max-tasks 1")), 0);
    assert_int_equal(o.asked, DIFFICULTY_EXTRA_LARGE); /* after a LARGE one in seconds */
    damage_what_was_learnt(&s, server);
    assert_int_equal(run(&r, s.path, args_of(server, " --max-tasks 1")), 0);
    assert_non_null(strstr(r.err, "it is learnt anew"));
    assert_int_equal(o.asked, DIFFICULTY_SMALL_MEDIUM);
    tiny_server_free(server);
    scratch_fini(&s);
    tear_down(&o);
}

static void two_clients_do_not_share_a_home(void **state)
{
    static struct run second;
    struct orchestrator o;
    struct tiny_server *server = tiny_server_new(serve, &o);
    struct scratch s;

    (void)state;
    set_up(&o);
    scratch_init(&s);
    o.dry = true;
    run_begin(&r, s.path, args_of(server, ""));
    run_until(&r, "next try in");
    assert_int_equal(run(&second, s.path, args_of(server, "")), 1);
    assert_non_null(strstr(second.err, "another nxp"));
    kill(r.pid, SIGTERM);
    run_finish(&r);
    tiny_server_free(server);
    scratch_fini(&s);
    tear_down(&o);
}

static void a_node_that_is_unknown_ends_it_with_1(void **state)
{
    struct orchestrator o;
    struct tiny_server *server = tiny_server_new(serve, &o);
    struct scratch s;

    (void)state;
    set_up(&o);
    scratch_init(&s);
    o.node_status = 404;
    assert_int_equal(run(&r, s.path, args_of(server, "")), 1);
    assert_non_null(strstr(r.out, "register-node"));
    tiny_server_free(server);
    scratch_fini(&s);
    tear_down(&o);
}

static void anonymous_proofs_need_no_network(void **state)
{
    struct scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(run(&r, s.path, "start --anonymous --max-tasks 2 --max-threads 1 --check-memory"), 0);
    assert_non_null(strstr(r.out, "[INFO] Memory: "));
    assert_non_null(strstr(r.out, "Anonymous proof 2 completed (fib, "));
    assert_int_equal(run(&r, s.path, "start --anonymous --kernel abacus"), 2);
    /* v0.9.0 does so when there is no node to work for at all. */
    assert_int_equal(run(&r, s.path, "start --profile seed --max-tasks 1 --max-threads 1"), 0);
    assert_non_null(strstr(r.out, "Anonymous proof 1 completed (fib, "));
    run_begin(&r, s.path, "start --anonymous");
    run_until(&r, "proof 1");
    kill(r.pid, SIGINT);
    run_finish(&r);
    assert_int_equal(r.code, 0);
    scratch_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_are_proved_and_submitted_until_enough),
        cmocka_unit_test(several_nodes_are_worked_for_in_turn),
        cmocka_unit_test(the_lines_of_a_run_are_those_of_the_reference),
        cmocka_unit_test(a_proof_survives_kill_9_and_is_sent_with_the_same_bytes),
        cmocka_unit_test(the_death_of_its_worker_costs_a_client_nothing),
        cmocka_unit_test(a_refused_proof_is_exported_and_sent_again_when_the_user_asks),
        cmocka_unit_test(sigterm_sigint_and_sighup_end_it_cleanly),
        cmocka_unit_test(
            the_log_file_is_taken_up_anew_after_a_hangup_and_a_quiet_run_says_nothing),
        cmocka_unit_test(
            a_service_manager_hears_that_it_is_ready_what_it_does_and_that_it_stops),
        cmocka_unit_test(status_asks_the_running_client_and_else_the_disk),
        cmocka_unit_test(a_home_without_a_control_socket_is_no_reason_not_to_prove),
        cmocka_unit_test(a_restart_does_not_come_before_a_retry_after),
        cmocka_unit_test(the_next_run_knows_what_this_one_has_learnt),
        cmocka_unit_test(two_clients_do_not_share_a_home),
        cmocka_unit_test(a_node_that_is_unknown_ends_it_with_1),
        cmocka_unit_test(anonymous_proofs_need_no_network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
