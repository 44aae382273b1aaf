/* SPDX-License-Identifier: Apache-2.0 */
/* The clients of a live run: real processes, and what happens to them. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "client/core/profile.h"
#include "sim/memory.h"
#include "sim/tier_c/tier_c_inside.h"

#define AT_ONCE_NS  (2 * NS_PER_S)  /* a client that ends so soon has not begun */
#define PATIENCE_NS (40 * NS_PER_S) /* client/shell/transport_curl.h */
#define STOP_NS     (15 * NS_PER_S) /* ours has a grace of five, and a proof to let go */
#define SECOND_NS   (10 * NS_PER_S) /* until a second instance must have seen that it is one */
#define SLOW_NS     (100 * NS_PER_MS) /* standing still and running take turns so often */
#define WORDS_MOST  (64 << 20)      /* of somebody else's client, in bytes */
#define NOT_STARTED 127             /* the shell's word for "no such command" */

/* ---- who they are ---- */

static void name_client(struct tier_c_run *r, struct tier_c_client *c, size_t *node)
{
    const struct scenario *s = r->s;

    if (c->plan->count > 1)
        snprintf(c->name, sizeof c->name, "%s/%u", c->plan->name, c->k);
    else
        snprintf(c->name, sizeof c->name, "%s", c->plan->name);
    snprintf(c->wallet, sizeof c->wallet, "0x%040x", c->number + 1);
    for (uint32_t n = 0; n < c->plan->nodes; n++, (*node)++) {
        if (*node < s->node_count) {
            snprintf(c->node_ids[n], sizeof c->node_ids[n], "%s", s->nodes[*node].id);
            snprintf(c->wallet, sizeof c->wallet, "%s", s->nodes[*node].wallet);
        } else {
            snprintf(c->node_ids[n], sizeof c->node_ids[n], "%zu", 1000000 + *node);
        }
    }
    tier_c_path(c->home, r, "client-%u", c->number);
    tier_c_path(c->log, r, "client-%u.log", c->number);
    tier_c_path(c->errors, r, "client-%u.err", c->number);
}

static enum status make_home(const struct tier_c_client *c, struct why *why)
{
    return mkdir(c->home, 0700) ? fail(why, ST_IO, "%s: %s", c->home, strerror(errno)) : ST_OK;
}

void tier_c_clients_name(struct tier_c_run *r)
{
    size_t node = 0;

    for (size_t i = 0; i < r->s->client_count; i++)
        r->client_count += r->s->clients[i].count;
    r->clients = memory_new(r->client_count * sizeof *r->clients);
    for (size_t i = 0, number = 0; i < r->s->client_count; i++) {
        const struct scenario_client *plan = &r->s->clients[i];

        for (uint32_t k = 0; k < plan->count; k++, number++) {
            struct tier_c_client *c = &r->clients[number];

            *c = (struct tier_c_client){.plan = plan, .number = (unsigned)number, .k = k};
            name_client(r, c, &node);
            c->start_ns = plan->start_ns + prng_between(&r->prng, 0, plan->start_spread_ns);
        }
    }
}

static enum status find_user(struct tier_c_run *r, struct tier_c_client *c, struct why *why)
{
    char path[64];
    struct buffer answer;
    json_t *node;
    enum status st;

    snprintf(path, sizeof path, "/admin/nodes/%s", c->node_ids[0]);
    buffer_init(&answer, 0);
    st = tier_c_mock_ask(r, &answer, "GET", path, NULL, why);
    if (!st) {
        node = json_loadb((const char *)answer.data, answer.size, 0, NULL);
        snprintf(c->user_id, sizeof c->user_id, "%s",
                 node ? json_string_value(json_object_get(node, "user_id")) : "");
        json_decref(node);
    }
    buffer_fini(&answer);
    return st;
}

/* Our own patience with a message that is lost is known, but not to be shortened from outside:
 * where times are divided, a connection breaks when it would have had enough. */
static int64_t hang_ns(const struct tier_c_run *r)
{
    bool as_it_is = r->o->time_scale == 1 || r->o->command;

    return as_it_is ? 0 : PATIENCE_NS / r->o->time_scale;
}

enum status tier_c_clients_new(struct tier_c_run *r, struct why *why)
{
    enum status st = ST_OK;

    for (unsigned i = 0; i < r->client_count && !st; i++) {
        struct tier_c_client *c = &r->clients[i];
        struct relay_options o = {
            .loop = r->loop,
            .upstream = r->mock.address,
            .plan = r->s->network,
            .seed = r->o->seed * TIER_C_CLIENTS + i,
            .zero_ns = r->zero_ns,
            .heal_ns = r->s->heal_ns,
            .hang_ns = hang_ns(r),
            .port = r->o->port,
        };

        st = make_home(c, why);
        if (!st)
            st = find_user(r, c, why);
        if (!st)
            st = relay_new(&c->relay, &o, why);
        if (!st)
            snprintf(c->url, sizeof c->url, "%s://127.0.0.1:%u", r->o->tls ? "https" : "http",
                     relay_port(c->relay));
    }
    return st;
}

void tier_c_clients_free(struct tier_c_run *r)
{
    for (unsigned i = 0; i < r->client_count; i++) {
        subprocess_kill(&r->clients[i].second);
        subprocess_kill(&r->clients[i].process);
        relay_free(r->clients[i].relay);
    }
    free(r->clients);
    r->clients = NULL;
    r->client_count = 0;
}

/* ---- starting ---- */

#define WORDS (24 + 2 * CORE_NODES)

int64_t tier_c_fetch_interval_ns(const struct tier_c_run *r, const struct profile *p)
{
    int64_t s = p->fetch_gap_ns / NS_PER_S / r->o->time_scale;

    return (s ? s : 1) * NS_PER_S;
}

static enum status start_ours(struct tier_c_run *r, struct tier_c_client *c, struct subprocess *p,
                              const char *out, const char *errors, struct why *why)
{
    const struct scenario_client *plan = c->plan;
    const struct profile *profile =
        plan->profile[0] ? profile_of_name(plan->profile) : &profile_current;
    char home[TIER_C_PATH + 16], interval[24], threads[24], tasks[24];
    const char *environment[] = {home, "NO_PROXY=127.0.0.1", NULL};
    const char *words[WORDS] = {r->nxp,         "start",         "--headless",    "--json-log",
                                "--profile",    profile->name,   "--max-threads", threads,
                                "--orchestrator-url", c->url};
    size_t count = 10;

    snprintf(home, sizeof home, "NXP_HOME=%s", c->home);
    snprintf(threads, sizeof threads, "%u", plan->proofs_at_once);
    if (r->o->time_scale > 1) {
        snprintf(interval, sizeof interval, "%" PRId64,
                 tier_c_fetch_interval_ns(r, profile) / NS_PER_S);
        words[count++] = "--fetch-interval";
        words[count++] = interval;
    }
    if (r->o->tls) {
        words[count++] = "--cacert";
        words[count++] = r->mock.certificate;
    }
    if (plan->max_tasks) {
        snprintf(tasks, sizeof tasks, "%" PRIu64, plan->max_tasks);
        words[count++] = "--max-tasks";
        words[count++] = tasks;
    }
    if (plan->max_difficulty >= 0) {
        words[count++] = "--max-difficulty";
        words[count++] = difficulty_name((enum difficulty)plan->max_difficulty);
    }
    for (uint32_t n = 0; n < plan->nodes; n++) {
        words[count++] = "--node-id";
        words[count++] = c->node_ids[n];
    }
    words[count] = NULL;
    return subprocess_start(p,
                            &(struct subprocess_order){.words = words,
                                                       .environment = environment,
                                                       .out = out,
                                                       .err = errors},
                            why);
}

static enum status start_foreign(struct tier_c_run *r, struct tier_c_client *c, struct why *why)
{
    const char *ca = r->o->tls ? r->mock.certificate : "";
    char text[12][TIER_C_PATH + 32];
    const char *environment[14];
    const char *words[] = {"/bin/sh", "-c", r->o->command, NULL};
    const struct {
        const char *name, *value;
    } told[] = {
        {"NXP_SIM_URL", c->url},
        {"ORCHESTRATOR_URL", c->url},
        {"NXP_SIM_CA_FILE", ca},
        {"NXP_SIM_NODE_ID", c->node_ids[0]},
        {"NODE_ID", c->node_ids[0]},
        {"NXP_SIM_USER_ID", c->user_id},
        {"NXP_SIM_WALLET", c->wallet},
        {"NXP_SIM_HOME", c->home},
        {"NO_PROXY", "127.0.0.1"},
        {"SSL_CERT_FILE", ca}, /* of OpenSSL, and what is built on it; only with TLS */
    };
    size_t count = sizeof told / sizeof *told - (r->o->tls ? 0 : 1);

    for (size_t i = 0; i < count; i++) {
        snprintf(text[i], sizeof text[i], "%s=%s", told[i].name, told[i].value);
        environment[i] = text[i];
    }
    environment[count] = NULL;
    return subprocess_start(&c->process,
                            &(struct subprocess_order){.words = words,
                                                       .environment = environment,
                                                       .out = c->log,
                                                       .err = c->errors},
                            why);
}

static off_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_size : 0;
}

static void start(struct tier_c_run *r, struct tier_c_client *c)
{
    c->log_bytes = size_of(c->log);
    c->started_ns = tier_c_now_ns(r);
    c->start_ns = TIER_C_NEVER;
    c->starts++;
    r->st = r->o->command ? start_foreign(r, c, r->why)
                          : start_ours(r, c, &c->process, c->log, c->errors, r->why);
}

/* ---- ending ---- */

/* A command may have a shell in front of it. */
static void tell_to_end(const struct tier_c_run *r, const struct tier_c_client *c)
{
    if (c->process.pid)
        kill(r->o->command ? -c->process.pid : c->process.pid, SIGTERM);
}

/* The end of a file, in one line. */
static void last_line(char out[160], const char *path)
{
    char chunk[1024] = "", *line;
    FILE *f = fopen(path, "re");
    size_t size = 0;

    out[0] = 0;
    if (!f)
        return;
    if (fseek(f, -(long)(sizeof chunk - 1), SEEK_END))
        rewind(f);
    size = fread(chunk, 1, sizeof chunk - 1, f);
    fclose(f);
    while (size && chunk[size - 1] == '\n')
        size--;
    chunk[size] = 0;
    line = strrchr(chunk, '\n');
    snprintf(out, 160, "%s", line ? line + 1 : chunk);
}

/* SIGTERM came before it could take care of that: no client yet, and nothing done. */
static bool died_young(const struct tier_c_client *c, int64_t now_ns)
{
    return WIFSIGNALED(c->process.outcome) && WTERMSIG(c->process.outcome) == SIGTERM &&
           now_ns - c->started_ns < AT_ONCE_NS;
}

/* What it has heard just now may not be on its disk. */
static void forget(struct tier_c_run *r, const struct tier_c_client *c)
{
    r->kill_list = memory_grown(r->kill_list, r->kill_count + 1, sizeof *r->kill_list);
    r->kill_list[r->kill_count++] =
        (struct journal_kill){.client = c->number, .at_ns = tier_c_now_ns(r)};
}

/* It has ended by itself. Well: it had nothing more to do. */
static void ended(struct tier_c_run *r, struct tier_c_client *c)
{
    bool well = WIFEXITED(c->process.outcome) && WEXITSTATUS(c->process.outcome) == 0;
    bool missing = WIFEXITED(c->process.outcome) && WEXITSTATUS(c->process.outcome) == NOT_STARTED;
    int64_t now_ns = tier_c_now_ns(r);
    char outcome[64], words[160];

    if (c->back_ns && (well || r->o->command || died_young(c, now_ns))) {
        forget(r, c); /* an answer on its way when it was told is nobody's */
        c->start_ns = now_ns + c->back_ns;
        c->back_ns = 0;
        return;
    }
    c->over = true;
    subprocess_outcome(outcome, &c->process);
    if (r->o->command)
        tier_c_tell(r, "client %s %s by itself", c->name, outcome);
    if (well)
        return;
    last_line(words, c->errors);
    if (r->o->command && (missing || (c->starts == 1 && now_ns - c->started_ns < AT_ONCE_NS)))
        r->st = fail(r->why, ST_INPUT, "the client %s after %.1f s, before there was anything to judge%s%s",
                     outcome, (double)(now_ns - c->started_ns) / (double)NS_PER_S,
                     words[0] ? ": " : "", words);
    else
        tier_c_find(r, RUN_EXPECT, now_ns, "client %s %s by itself%s%s", c->name, outcome,
                    words[0] ? ": " : "", words);
}

void tier_c_client_stop(struct tier_c_run *r, struct tier_c_client *c, int64_t for_ns)
{
    if (!c->process.pid || c->over)
        return;
    tier_c_thaw(c);
    c->stopped_ns = tier_c_now_ns(r);
    c->back_ns = for_ns;
    forget(r, c);
    r->metrics[RUN_STOPS]++;
    tell_to_end(r, c);
}

static void look_at_stopping(struct tier_c_run *r, struct tier_c_client *c)
{
    if (!c->back_ns || !c->process.pid || tier_c_now_ns(r) - c->stopped_ns < STOP_NS)
        return;
    tier_c_find(r, RUN_EXPECT, tier_c_now_ns(r), "client %s does not stop when it is told to",
                c->name);
    subprocess_kill(&c->process);
    c->start_ns = tier_c_now_ns(r) + c->back_ns;
    c->back_ns = 0;
}

/* ---- a second instance ---- */

static bool has_begun(const struct tier_c_client *c)
{
    return c->process.pid && size_of(c->log) > c->log_bytes; /* it has said a word */
}

void tier_c_client_second(struct tier_c_client *c)
{
    c->second_wanted = c->process.pid && !c->second.pid;
}

static void start_second(struct tier_c_run *r, struct tier_c_client *c)
{
    char out[TIER_C_PATH];

    c->second_wanted = false;
    tier_c_path(out, r, "client-%u.second", c->number);
    c->second_ns = tier_c_now_ns(r);
    r->st = start_ours(r, c, &c->second, out, out, r->why);
}

static void look_at_second(struct tier_c_run *r, struct tier_c_client *c)
{
    int64_t now_ns = tier_c_now_ns(r);

    if (c->second_wanted && has_begun(c)) /* or the lock would be free for it */
        start_second(r, c);
    if (!c->second.pid)
        return;
    if (!subprocess_runs(&c->second)) {
        if (WIFEXITED(c->second.outcome) && WEXITSTATUS(c->second.outcome) == 1)
            c->refused_instances++;
        return;
    }
    if (now_ns - c->second_ns < SECOND_NS)
        return;
    tier_c_find(r, RUN_EXPECT, now_ns, "a second instance of client %s works on its store", c->name);
    subprocess_kill(&c->second);
}

/* It has found out that it is the second one. */
static void await_second(struct tier_c_run *r, struct tier_c_client *c)
{
    while ((c->second.pid || (c->second_wanted && subprocess_runs(&c->process))) && !r->cancelled &&
           !r->st) {
        tier_c_turn(r);
        look_at_second(r, c);
    }
}

void tier_c_client_kill(struct tier_c_run *r, struct tier_c_client *c, int64_t for_ns)
{
    if (!c->process.pid || c->over)
        return;
    await_second(r, c); /* or the lock would be free for it */
    tier_c_thaw(c);
    subprocess_kill(&c->process);
    c->second_wanted = false;
    c->back_ns = 0;
    forget(r, c);
    r->metrics[RUN_KILLS]++;
    c->start_ns = tier_c_now_ns(r) + for_ns;
}

/* ---- the worker ---- */

void tier_c_client_hurt_worker(const struct tier_c_client *c, int signal)
{
    pid_t worker = has_begun(c) ? subprocess_child_of(c->process.pid) : 0;

    if (worker)
        kill(worker, signal);
}

void tier_c_thaw(struct tier_c_client *c)
{
    if (c->frozen)
        kill(c->frozen, SIGCONT);
    c->frozen = 0;
}

void tier_c_client_slow(struct tier_c_run *r, struct tier_c_client *c, double times,
                        int64_t for_ns)
{
    (void)r;
    c->slow_until_ns = for_ns == TIER_C_NEVER ? TIER_C_NEVER : tier_c_now_ns(r) + for_ns;
    c->slow_times = times;
}

/* Of each SLOW_NS it runs the part that makes its work so many times as long. */
static void keep_slow(struct tier_c_run *r, struct tier_c_client *c)
{
    int64_t now_ns = tier_c_now_ns(r);
    bool runs = now_ns >= c->slow_until_ns ||
                (double)(now_ns % SLOW_NS) < (double)SLOW_NS / c->slow_times;

    if (!c->slow_until_ns)
        return;
    if (runs) {
        tier_c_thaw(c);
    } else if (!c->frozen && c->process.pid) {
        c->frozen = subprocess_child_of(c->process.pid);
        if (c->frozen)
            kill(c->frozen, SIGSTOP);
    }
    if (now_ns >= c->slow_until_ns)
        c->slow_until_ns = 0;
}

/* ---- somebody else's ---- */

static void look_at_words(struct tier_c_run *r, const struct tier_c_client *c)
{
    if (r->o->command && (size_of(c->log) > WORDS_MOST || size_of(c->errors) > WORDS_MOST))
        r->st = fail(r->why, ST_INPUT,
                     "the client has written more than %d MiB to its standard output or error, "
                     "which are kept until the end; let the command send them elsewhere, such as "
                     "> /dev/null",
                     WORDS_MOST >> 20);
}

enum status tier_c_clients_silent(const struct tier_c_run *r, struct why *why)
{
    const struct tier_c_client *c = &r->clients[0];
    char outcome[64] = "runs", words[160];

    if (!c->starts)
        return fail(why, ST_INPUT,
                    "the client was not even started: the scenario lets it wait for %.1f s, --for "
                    "is less",
                    (double)c->start_ns / (double)NS_PER_S);
    if (!c->process.pid)
        subprocess_outcome(outcome, &c->process);
    last_line(words, c->errors);
    return fail(why, ST_INPUT,
                "the client %s, and in %.1f s has made no request; it was told its address by "
                "NXP_SIM_URL, %s%s%s",
                outcome, (double)tier_c_now_ns(r) / (double)NS_PER_S, c->url,
                words[0] ? "; its last words: " : "", words);
}

/* ---- all of them ---- */

void tier_c_clients_look(struct tier_c_run *r)
{
    for (unsigned i = 0; i < r->client_count && !r->st; i++) {
        struct tier_c_client *c = &r->clients[i];

        if (c->process.pid && !subprocess_runs(&c->process))
            ended(r, c);
        if (c->start_ns <= tier_c_now_ns(r) && !r->st)
            start(r, c);
        look_at_stopping(r, c);
        look_at_second(r, c);
        look_at_words(r, c);
        keep_slow(r, c);
    }
}

void tier_c_clients_end(struct tier_c_run *r)
{
    int64_t told_ns = tier_c_now_ns(r);

    for (unsigned i = 0; i < r->client_count; i++) {
        struct tier_c_client *c = &r->clients[i];

        tier_c_thaw(c);
        await_second(r, c);
        tell_to_end(r, c);
    }
    for (unsigned i = 0; i < r->client_count; i++) {
        struct tier_c_client *c = &r->clients[i];
        bool ran = c->process.pid != 0;

        while (subprocess_runs(&c->process) && tier_c_now_ns(r) - told_ns < STOP_NS)
            tier_c_turn(r); /* what it has to say on its way out goes through the relay */
        if (c->process.pid && r->o->command)
            tier_c_tell(r, "client %s still runs %lld s after SIGTERM, and is killed", c->name,
                        (long long)(STOP_NS / NS_PER_S));
        if (ran && !r->o->command && !died_young(c, tier_c_now_ns(r)) && (c->process.pid || !WIFEXITED(c->process.outcome) ||
                                      WEXITSTATUS(c->process.outcome) != 0))
            tier_c_find(r, RUN_EXPECT, tier_c_now_ns(r), "client %s does not stop well when it is told to",
                        c->name);
        subprocess_kill(&c->process);
    }
}
