/* SPDX-License-Identifier: Apache-2.0 */
/* nxp-mockorch is killed (SIGKILL) under load, again and again, and started on the same store. What
 * was answered must have happened, and every credit exists once.
 *
 *   NXP_KILLS=100 mockorch_kill_test     so many times (10 when it is not said)
 */
#include "tests/support/test.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/mockorch/bench.h"
#include "tests/mockorch/dial.h"

#define PROGRAM     NXP_BUILD "/nxp-mockorch"
#define CONNECTIONS 8
#define KILLS       10

extern char **environ;

enum stage {
    IDLE,     /* wants a task */
    FETCHING, /* asked for one, no answer yet */
    HAVE,     /* got one: it must be there from now on */
    SENT,     /* submitted it, no answer yet */
    DOUBT,    /* the answer was lost: it is credited, or not */
    RETRIED,  /* submitted once more */
};

struct worker {
    int fd;
    enum stage stage;
    struct bench_task task;
};

struct hunt {
    struct bench bench; /* key and words; it has no orchestrator */
    struct worker workers[CONNECTIONS];
    struct prng prng;
    char folder[32], database[64], store[80];
    pid_t pid;
    unsigned port;
    uint64_t credited;          /* answered so */
    uint64_t lost, lost_credit; /* answers of submissions; of these: credited all the same */
};

/* ---- the program ---- */

static void start(struct hunt *h)
{
    const char *argv[] = {PROGRAM,  "-l",    "127.0.0.1:0", "-q",
                          "--node", "7",     "--judge",     "hash",
                          "--fetches-per-window", "0",      "--store", h->store,
                          NULL};
    posix_spawn_file_actions_t actions;
    char line[256];
    int out[2];
    FILE *said;

    assert_int_equal(pipe(out), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    posix_spawn_file_actions_addclose(&actions, out[1]);
    assert_int_equal(posix_spawn(&h->pid, PROGRAM, &actions, NULL, (char **)argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    said = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof line, said));
    assert_int_equal(sscanf(line, "listening on http://127.0.0.1:%u", &h->port), 1);
    fclose(said);
    for (size_t i = 0; i < CONNECTIONS; i++)
        h->workers[i].fd = dial(h->port);
}

static void stop(struct hunt *h, int signal)
{
    int status;

    kill(h->pid, signal);
    assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
    assert_true(signal == SIGKILL ? WIFSIGNALED(status) : WIFEXITED(status));
}

/* ---- one request ---- */

static void ask(struct hunt *h, struct worker *w)
{
    struct wire_fetch fetch = {.node_id = "7",
                               .node_type = NODE_CLI_PROVER,
                               .public_key = bytes_of(h->bench.public_key, SIGNING_PUBLIC_SIZE),
                               .max_difficulty = DIFFICULTY_SMALL};
    struct bench_submission s;

    buffer_reset(&h->bench.body);
    if (w->stage == IDLE) {
        wire_encode_fetch(&h->bench.body, &fetch);
        dial_request(w->fd, "POST", "/v3/tasks", "", buffer_bytes(&h->bench.body));
        w->stage = FETCHING;
        return;
    }
    bench_prove(&h->bench, &s, &w->task);
    wire_encode_submission(&h->bench.body, &s.message);
    dial_request(w->fd, "POST", "/v3/tasks/submit", "", buffer_bytes(&h->bench.body));
    bench_submission_fini(&s);
    w->stage = w->stage == DOUBT ? RETRIED : SENT;
}

/* The whole answer, or false: the program died before it had left. */
static bool hear(struct hunt *h, struct worker *w)
{
    static struct dial_answer a;

    dial_read(w->fd, &a);
    if (a.status == 0 || a.size < a.length)
        return false;
    switch (w->stage) {
    case FETCHING:
        assert_int_equal(a.status, 200);
        h->bench.response = (struct http_response){.status = 200, .body = bytes_of(a.body, a.size)};
        w->task = bench_task(&h->bench);
        w->stage = HAVE;
        break;
    case SENT:
        assert_int_equal(a.status, 200); /* also behind a restart: the task that was given is there */
        h->credited++;
        w->stage = IDLE;
        break;
    default:
        assert_int_equal(w->stage, RETRIED);
        assert_true(a.status == 200 || a.status == 404);
        h->credited++; /* now, or when the answer was lost */
        h->lost_credit += a.status == 404;
        w->stage = IDLE;
        break;
    }
    return true;
}

static void lose(struct hunt *h, struct worker *w)
{
    if (w->stage == FETCHING)
        w->stage = IDLE;
    if (w->stage == SENT || w->stage == RETRIED) {
        h->lost += w->stage == SENT;
        w->stage = DOUBT;
    }
}

/* ---- the store, seen by another reader ---- */

static uint64_t number(struct hunt *h, const char *question)
{
    struct sqlite3_stmt *s;
    struct sqlite3 *db;
    uint64_t n;

    assert_int_equal(sqlite3_open_v2(h->database, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    if (sqlite3_prepare_v2(db, question, -1, &s, NULL))
        fail_msg("%s: %s", question, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    n = (uint64_t)sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return n;
}

#define FIELD(name) "json_extract(CAST(value AS TEXT), '$." name "')"

static void check_books(struct hunt *h)
{
    uint64_t credits = number(h, "SELECT " FIELD("credits") " FROM record WHERE kind = 0");
    uint64_t accepted =
        number(h, "SELECT count(*) FROM record WHERE kind = 2 AND " FIELD("state") " = 1");
    uint64_t entries =
        number(h, "SELECT count(*) FROM record WHERE kind = 4 AND " FIELD("amount") " = 1");
    uint64_t tasks =
        number(h, "SELECT count(DISTINCT " FIELD("task") ") FROM record WHERE kind = 4");
    uint64_t doubts = 0;

    for (size_t i = 0; i < CONNECTIONS; i++)
        doubts += h->workers[i].stage == DOUBT;
    assert_true(accepted == credits && entries == credits && tasks == credits);
    if (credits < h->credited || credits > h->credited + doubts)
        fail_msg("%llu credits, %llu were answered, %llu are in doubt",
                 (unsigned long long)credits, (unsigned long long)h->credited,
                 (unsigned long long)doubts);
}

/* ---- the hunt ---- */

/* Everybody asks, then everybody listens: eight requests are under way at once. */
static void work(struct hunt *h, uint64_t rounds)
{
    for (uint64_t r = 0; r < rounds; r++) {
        for (size_t i = 0; i < CONNECTIONS; i++)
            ask(h, &h->workers[i]);
        for (size_t i = 0; i < CONNECTIONS; i++)
            assert_true(hear(h, &h->workers[i]));
    }
}

/* Ends in the middle of a round: some answers were heard, some have left, some were never made. */
static void work_and_kill(struct hunt *h)
{
    uint64_t heard = prng_below(&h->prng, CONNECTIONS + 1);

    work(h, prng_below(&h->prng, 12));
    for (size_t i = 0; i < CONNECTIONS; i++)
        ask(h, &h->workers[i]);
    for (size_t i = 0; i < heard; i++)
        assert_true(hear(h, &h->workers[i]));
    stop(h, SIGKILL);
    for (size_t i = heard; i < CONNECTIONS; i++)
        if (!hear(h, &h->workers[i])) /* it may have left before */
            lose(h, &h->workers[i]);
    for (size_t i = 0; i < CONNECTIONS; i++)
        close(h->workers[i].fd);
}

static void no_credit_is_lost_or_doubled(void **state)
{
    static struct hunt h;
    const char *wanted = getenv("NXP_KILLS");
    long kills = wanted ? strtol(wanted, NULL, 10) : KILLS;
    char command[64];

    (void)state;
    assert_true(kills > 0);
    h = (struct hunt){.prng = prng_of(4711), .folder = "/tmp/nxp_kill_XXXXXX"};
    assert_non_null(mkdtemp(h.folder));
    snprintf(h.database, sizeof h.database, "%s/mock.db", h.folder);
    snprintf(h.store, sizeof h.store, "sqlite:%s", h.database);
    bench_init(&h.bench);
    for (long k = 0; k < kills; k++) {
        start(&h);
        check_books(&h);
        work_and_kill(&h);
    }
    start(&h);
    check_books(&h);
    work(&h, 2); /* whatever was in doubt is asked for again */
    check_books(&h);
    stop(&h, SIGTERM);
    for (size_t i = 0; i < CONNECTIONS; i++)
        close(h.workers[i].fd);
    check_books(&h);
    print_message("%ld kills: %llu credits, each once; %llu answers of submissions lost, of which "
                  "%llu had been credited\n",
                  kills, (unsigned long long)h.credited, (unsigned long long)h.lost,
                  (unsigned long long)h.lost_credit);
    bench_fini(&h.bench);
    snprintf(command, sizeof command, "rm -rf %s", h.folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_credit_is_lost_or_doubled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
