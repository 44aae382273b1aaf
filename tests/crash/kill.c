/* SPDX-License-Identifier: Apache-2.0 */
/* crash_kill: kills the real nxp again and again while it works for the real nxp-mockorch, lets it
 * come to its end, and compares the books. Prints a table; 0 when what must be zero is zero.
 *
 *   crash_kill --nxp FILE --mock FILE --scenario FILE [--steps N] [--stride N] [--random N] [--seed
 * N]
 *
 * --steps N: N lives, each killed before its k-th visible step (victim.h), k = 1, 1 + stride, ...;
 * in a life that has no more steps k begins anew. --random N: then N lives that are killed after a
 * random time, or whose worker is, and they soon after it. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/prng.h"
#include "tests/crash/books.h"
#include "tests/crash/victim.h"

#define STEP_IDLE_MS 3000 /* a life without a step for so long has nothing left to do */
#define DRAIN_TRIES  3000 /* of 20 ms */

struct run {
    const char *nxp, *mock, *scenario;
    unsigned steps, stride, random;
    uint64_t seed;

    char folder[200], home[260], client_log[260], client_err[260], mock_log[260], port_file[260];
    char url[80];
    pid_t mock_pid;
    struct books books;
    unsigned kills, worker_kills, ended_alone, most_steps;
};

static int complain(const struct run *r, const char *what)
{
    fprintf(stderr, "crash_kill: %s (seed %llu, files in %s)\n", what, (unsigned long long)r->seed,
            r->folder);
    return 1;
}

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

/* ---- the orchestrator ---- */

static bool start_mock(struct run *r)
{
    char seed[32];
    const char *const argv[] = {r->mock,      "--listen",   "127.0.0.1:0", "--port-file",
                                r->port_file, "--scenario", r->scenario,   "--seed",
                                seed,         "--json-log", NULL};
    FILE *f;
    int port = 0;

    snprintf(seed, sizeof seed, "%llu", (unsigned long long)r->seed);
    r->mock_pid =
        victim_begin(&(struct victim){.argv = argv, .out = "/dev/null", .err = r->mock_log});
    for (int tries = 0; tries < 400 && port == 0; tries++) {
        sleep_ms(25);
        f = fopen(r->port_file, "r");
        if (f && fscanf(f, "%d", &port) != 1)
            port = 0;
        if (f)
            fclose(f);
    }
    snprintf(r->url, sizeof r->url, "http://127.0.0.1:%d", port);
    return port != 0;
}

static json_t *mock_state(const struct run *r)
{
    char command[200];
    FILE *f;
    json_t *state;

    snprintf(command, sizeof command, "curl -sS %s/admin/state", r->url);
    f = popen(command, "r");
    state = f ? json_loadf(f, 0, NULL) : NULL;
    if (f)
        pclose(f);
    return state;
}

/* ---- the client ---- */

static bool audit(struct run *r)
{
    json_t *state = mock_state(r);
    struct why why = {""};
    bool ok = state && books_audit(&r->books, r->home, r->client_log, state, &why);

    if (!ok)
        fprintf(stderr, "crash_kill: audit %u: %s\n", r->books.audits,
                state ? why.text : "the mock does not answer");
    json_decref(state);
    return ok && books_well(&r->books);
}

/* No life ends by itself, also when its worker was killed. */
static bool note_end(struct run *r, const struct victim_end *end)
{
    if (end->killed) {
        r->kills++;
        return true;
    }
    r->ended_alone++;
    fprintf(stderr, "crash_kill: a life ends by itself with %#x\n", end->status);
    return false;
}

/* One more life, of a client that fetches rarely, until nothing is open. */
static bool drain_once(struct run *r, const struct victim *v)
{
    pid_t pid = victim_begin(v);
    struct victim_end end;
    int open = -1;

    for (int tries = 0; tries < DRAIN_TRIES && open != 0; tries++) {
        sleep_ms(20);
        open = books_open_now(r->home);
    }
    end = victim_stop(pid);
    if (!WIFEXITED(end.status) || WEXITSTATUS(end.status) != 0) {
        fprintf(stderr, "crash_kill: the last life ends with %#x\n", end.status);
        return false;
    }
    return audit(r);
}

/* It may have taken a new task in the moment when it was stopped. */
static bool drain(struct run *r, const struct victim *v)
{
    for (int tries = 0; tries < 10 && books_open(&r->books) > 0; tries++)
        if (!drain_once(r, v))
            return false;
    return books_open(&r->books) == 0;
}

/* Each life has a home of its own, so that its steps come in the same order; then a second life
 * brings it to an end. */
static bool kill_at_steps(struct run *r, const struct victim *v, const struct victim *idle)
{
    for (unsigned i = 0, step = 1; i < r->steps; i++, step += r->stride) {
        struct victim_end end;

        snprintf(r->home, sizeof r->home, "%s/home-%u", r->folder, i);
        setenv("NXP_HOME", r->home, 1);
        end = victim_kill_at_step(v, step, STEP_IDLE_MS);
        if (end.steps > r->most_steps)
            r->most_steps = end.steps;
        if (!note_end(r, &end) || !audit(r))
            return false;
        if (!drain(r, idle))
            return false;
        books_new_home(&r->books);
        if (end.late)
            step = 1 + i % r->stride;
    }
    snprintf(r->home, sizeof r->home, "%s/home", r->folder);
    setenv("NXP_HOME", r->home, 1);
    return true;
}

static bool kill_at_random(struct run *r, const struct victim *v)
{
    struct prng p = prng_of(r->seed);

    for (unsigned i = 0; i < r->random; i++) {
        int ms = (int)prng_between(&p, 0, prng_chance(&p, 0.5) ? 150 : 1600);
        int worker_ms = prng_chance(&p, 0.3) ? (int)prng_between(&p, 0, ms) : ms;
        bool worker_killed;
        struct victim_end end =
            victim_kill_after(v, ms, "prover-worker", worker_ms, &worker_killed);

        r->worker_kills += worker_killed;
        if (!note_end(r, &end) || !audit(r))
            return false;
    }
    return true;
}

/* ---- the whole ---- */

static void report(const struct run *r)
{
    const struct books *b = &r->books;
    unsigned credited = 0, proved = 0;

    for (size_t i = 0; i < b->count; i++) {
        credited += b->tasks[i].credited;
        proved += b->tasks[i].proved;
    }
    printf(
        "seed %llu: %u kills of the client, %u of its worker, %u lives ended by themselves; up to "
        "%u steps in a life\n",
        (unsigned long long)r->seed, r->kills, r->worker_kills, r->ended_alone, r->most_steps);
    printf("records found after a kill:");
    for (int i = 0; i < OUTBOX_STATES; i++)
        printf(" %s %u", outbox_state_name((enum outbox_state)i), b->seen[i]);
    printf("\n%u tasks proved, %u credited, %u submissions sent again\n", proved, credited,
           b->resent);
    printf("finished proofs lost %u, unjustified duplicate submissions %u, credited twice %u, "
           "records turned back %u, damaged %u, ends not saved %u\n",
           b->lost, b->unjustified, b->twice, b->turned_back, b->damaged, b->unsaved_ends);
}

/* A client that fetches every so many seconds. */
static struct victim client_of(const struct run *r, const char *argv[static 16],
                               const char *interval)
{
    const char *const words[] = {r->nxp,
                                 "start",
                                 "--headless",
                                 "--json-log",
                                 "--node-id",
                                 "7",
                                 "--max-threads",
                                 "1",
                                 "--orchestrator-url",
                                 r->url,
                                 "--fetch-interval",
                                 interval,
                                 NULL};

    memcpy(argv, words, sizeof words);
    return (struct victim){.argv = argv, .out = r->client_log, .err = r->client_err};
}

static int work(struct run *r)
{
    const char *busy_words[16], *idle_words[16];
    const struct victim busy = client_of(r, busy_words, "1");
    const struct victim idle = client_of(r, idle_words, "60");
    bool ok;

    if (!start_mock(r))
        return complain(r, "the mock did not start");
    ok = kill_at_steps(r, &busy, &idle) && kill_at_random(r, &busy) && drain(r, &idle);
    if (ok)
        books_close(&r->books);
    report(r);
    if (!ok || !books_well(&r->books))
        return complain(r, "the books are wrong, or the client did not end well");
    for (int i = OUTBOX_FETCHED; i <= OUTBOX_ACKED; i++)
        if (r->books.seen[i] == 0)
            return complain(r, "a state was never met");
    return 0;
}

enum { KEY_NXP = 1, KEY_MOCK, KEY_SCENARIO, KEY_STEPS, KEY_STRIDE, KEY_RANDOM, KEY_SEED };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct run *r = state->input;

    switch (key) {
    case KEY_NXP:
        r->nxp = arg;
        return 0;
    case KEY_MOCK:
        r->mock = arg;
        return 0;
    case KEY_SCENARIO:
        r->scenario = arg;
        return 0;
    case KEY_STEPS:
        r->steps = (unsigned)atoi(arg);
        return 0;
    case KEY_STRIDE:
        r->stride = (unsigned)atoi(arg);
        return 0;
    case KEY_RANDOM:
        r->random = (unsigned)atoi(arg);
        return 0;
    case KEY_SEED:
        r->seed = strtoull(arg, NULL, 10);
        return 0;
    case ARGP_KEY_END:
        if (!r->nxp || !r->mock || !r->scenario || r->stride == 0)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"nxp", KEY_NXP, "FILE", 0, "The client", 0},
        {"mock", KEY_MOCK, "FILE", 0, "The orchestrator", 0},
        {"scenario", KEY_SCENARIO, "FILE", 0, "What the orchestrator does", 0},
        {"steps", KEY_STEPS, "N", 0, "Lives that are killed at a step", 0},
        {"stride", KEY_STRIDE, "N", 0, "From one such step to the next (1)", 0},
        {"random", KEY_RANDOM, "N", 0, "Lives that are killed after a random time", 0},
        {"seed", KEY_SEED, "N", 0, "Of the random times and of the orchestrator (1)", 0},
        {0},
    };
    static const struct argp argp = {.options = options, .parser = parse};
    struct run r = {.stride = 1, .seed = 1};
    char command[300];
    int code;

    argp_parse(&argp, argc, argv, 0, NULL, &r);
    snprintf(r.folder, sizeof r.folder, "%s/nxp-kill-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(r.folder))
        return complain(&r, strerror(errno));
    snprintf(r.home, sizeof r.home, "%s/home", r.folder);
    snprintf(r.client_log, sizeof r.client_log, "%s/client.log", r.folder);
    snprintf(r.client_err, sizeof r.client_err, "%s/client.err", r.folder);
    snprintf(r.mock_log, sizeof r.mock_log, "%s/mock.log", r.folder);
    snprintf(r.port_file, sizeof r.port_file, "%s/port", r.folder);
    code = work(&r);
    if (r.mock_pid > 0)
        (void)victim_stop(r.mock_pid);
    books_fini(&r.books);
    snprintf(command, sizeof command, "rm -rf '%s'", r.folder);
    if (code == 0 && system(command) != 0)
        code = 1;
    return code;
}
