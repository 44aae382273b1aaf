/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrator of a live run: its scenario, its process, its phases. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mockorch/server/tls.h"
#include "sim/outline.h"
#include "sim/tier_c/errand.h"
#include "sim/tier_c/tier_c_inside.h"

#define START_NS (20 * NS_PER_S) /* until it must be up */

#define WORDS (32 + 2 * CORE_NODES)

/* What concerns the server, without an end of the faults: we say when they are over, to it and to
 * the relays at once. Its journal must hold all that happens between two looks of ours. */
static enum status write_scenario(const struct tier_c_run *r, struct why *why)
{
    static const char *const server[] = {"name", "seed", "orchestrator", "faults"};
    json_t *tree = json_object(), *orchestrator = json_object();
    struct buffer text;
    enum status st;

    for (size_t i = 0; i < sizeof server / sizeof *server; i++)
        if (json_object_get(r->tree, server[i]))
            json_object_set(tree, server[i], json_object_get(r->tree, server[i]));
    json_object_update(orchestrator, json_object_get(tree, "orchestrator"));
    json_object_set_new(orchestrator, "requests_kept", json_string("20000"));
    json_object_set_new(tree, "orchestrator", orchestrator);
    buffer_init(&text, 0);
    outline_write(&text, tree);
    st = buffer_ok(&text) ? file_write(r->mock.scenario, buffer_bytes(&text), 0600, why)
                          : fail(why, ST_NO_MEMORY, "scenario: out of memory");
    buffer_fini(&text);
    json_decref(tree);
    return st;
}

/* The scenario's own nodes are in its file. */
static size_t add_nodes(const struct tier_c_run *r, const char **words, size_t count,
                        char (*texts)[80])
{
    size_t number = 0;

    for (unsigned i = 0; i < r->client_count; i++) {
        const struct tier_c_client *c = &r->clients[i];

        for (uint32_t n = 0; n < c->plan->nodes; n++, number++) {
            if (number < r->s->node_count)
                continue;
            snprintf(texts[number], sizeof *texts, "%s=%s", c->node_ids[n], c->wallet);
            words[count++] = "--node";
            words[count++] = texts[number];
        }
    }
    return count;
}

static enum status start(struct tier_c_run *r, struct why *why)
{
    struct tier_c_mock *m = &r->mock;
    char admin[TIER_C_PATH + 8], store[TIER_C_PATH + 8], seed[24];
    char nodes[CORE_NODES][80], pair[2 * TIER_C_PATH];
    const char *words[WORDS] = {
        r->mockorch, "--listen",   m->address[0] ? m->address : "127.0.0.1:0",
        "--admin",   admin,        "--store",
        store,       "--scenario", m->scenario,
        "--seed",    seed,         "--port-file",
        m->port_file, "--json-log",
    };
    size_t count = 14;

    snprintf(admin, sizeof admin, "unix:%s", m->admin);
    snprintf(store, sizeof store, "sqlite:%s", m->store);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)r->o->seed);
    if (r->o->tls) {
        snprintf(pair, sizeof pair, "%s,%s", m->certificate, m->key);
        words[count++] = "--tls";
        words[count++] = pair;
    }
    count = add_nodes(r, words, count, nodes);
    words[count] = NULL;
    unlink(m->port_file);
    m->lives++;
    m->start_ns = TIER_C_NEVER;
    return subprocess_start(&m->process,
                            &(struct subprocess_order){
                                .words = words, .out = m->says, .err = m->log},
                            why);
}

/* One certificate for all its lives: whoever trusted the first one trusts them all. */
static enum status make_certificate(const struct tier_c_mock *m, struct why *why)
{
    struct tls *tls;
    enum status st =
        tls_new(&tls,
                &(struct tls_options){.certificate = "self",
                                      .certificate_out = m->certificate,
                                      .key_out = m->key,
                                      .wall_s = clock_wall_ns(clock_system()) / NS_PER_S},
                why);

    if (!st)
        tls_free(tls);
    return st;
}

/* The end of what it has said, in one line. */
static void last_words(char out[200], const char *path)
{
    struct buffer text;
    struct why why;
    size_t from, n = 0;

    out[0] = 0;
    buffer_init(&text, 0);
    if (file_read(&text, path, (size_t)64 << 20, &why) == ST_OK && text.size) {
        size_t end = text.data[text.size - 1] == '\n' ? text.size - 1 : text.size;

        for (from = end; from > 0 && text.data[from - 1] != '\n'; from--)
            ;
        for (; from < end && n < 199; from++)
            out[n++] = (char)text.data[from];
        out[n] = 0;
    }
    buffer_fini(&text);
}

static bool is_up(const struct tier_c_mock *m)
{
    return access(m->port_file, R_OK) == 0;
}

static enum status read_port(struct tier_c_mock *m, struct why *why)
{
    struct buffer text;
    enum status st;

    buffer_init(&text, 0);
    st = file_read(&text, m->port_file, 64, why);
    if (!st)
        snprintf(m->address, sizeof m->address, "127.0.0.1:%d",
                 atoi((const char *)text.data)); /* its whole line is there, or no file */
    buffer_fini(&text);
    return st;
}

enum status tier_c_mock_start(struct tier_c_run *r, struct why *why)
{
    struct tier_c_mock *m = &r->mock;
    int64_t until_ns = clock_now_ns(clock_system()) + START_NS;
    char words[200], outcome[64];
    enum status st;

    tier_c_path(m->admin, r, "admin");
    tier_c_path(m->store, r, "mock.db");
    tier_c_path(m->scenario, r, "scenario.yaml");
    tier_c_path(m->port_file, r, "port");
    tier_c_path(m->log, r, "mock.log");
    tier_c_path(m->says, r, "mock.out");
    tier_c_path(m->certificate, r, "ca.pem");
    tier_c_path(m->key, r, "key.pem");
    st = write_scenario(r, why);
    if (!st && r->o->tls)
        st = make_certificate(m, why);
    if (!st)
        st = start(r, why);
    if (st)
        return st;
    while (!is_up(m) && subprocess_runs(&m->process)) {
        if (clock_now_ns(clock_system()) > until_ns || r->cancelled)
            return fail(why, ST_IO, "%s does not start", r->mockorch);
        tier_c_turn(r);
    }
    if (!m->process.pid && !is_up(m)) {
        last_words(words, m->log);
        subprocess_outcome(outcome, &m->process);
        return fail(why, ST_IO, "%s %s: %s", r->mockorch, outcome, words);
    }
    return read_port(m, why);
}

void tier_c_mock_down(struct tier_c_run *r, int64_t for_ns)
{
    tier_c_journal_look(r); /* what it has seen goes with it */
    subprocess_kill(&r->mock.process);
    r->mock.start_ns = tier_c_now_ns(r) + for_ns;
    journal_read_restarted(&r->journal);
}

void tier_c_mock_look(struct tier_c_run *r)
{
    struct tier_c_mock *m = &r->mock;
    int64_t now_ns = tier_c_now_ns(r);
    struct why why = {""};
    char words[200], outcome[64];

    if (m->start_ns <= now_ns) {
        if (start(r, &why))
            tier_c_find(r, 18, now_ns, "the orchestrator cannot start again: %s", why.text);
        m->awaited = true;
        return;
    }
    if (m->start_ns != TIER_C_NEVER)
        return;
    if (!subprocess_runs(&m->process)) {
        last_words(words, m->log);
        subprocess_outcome(outcome, &m->process);
        tier_c_find(r, 18, now_ns, "the orchestrator %s: %s", outcome, words);
        r->over = true;
        return;
    }
    if (m->awaited && is_up(m))
        m->awaited = false;
}

static bool answers(const struct tier_c_mock *m)
{
    return m->process.pid && !m->awaited;
}

bool tier_c_mock_await(struct tier_c_run *r)
{
    int64_t until_ns = tier_c_now_ns(r) + START_NS;

    while (!answers(&r->mock) && tier_c_now_ns(r) < until_ns &&
           (r->mock.process.pid || r->mock.start_ns != TIER_C_NEVER)) {
        if (r->mock.start_ns != TIER_C_NEVER)
            r->mock.start_ns = 0; /* without more ado */
        tier_c_mock_look(r);
        tier_c_turn(r);
    }
    return answers(&r->mock);
}

enum status tier_c_mock_ask(struct tier_c_run *r, struct buffer *out, const char *method,
                            const char *path, const char *body, struct why *why)
{
    if (!answers(&r->mock))
        return fail(why, ST_NOT_FOUND, "the orchestrator is down");
    return errand_run(out, r->mock.admin, method, path, body, why);
}

enum status tier_c_mock_heal(struct tier_c_run *r, struct why *why)
{
    struct buffer answer;
    enum status st;

    buffer_init(&answer, 0);
    st = tier_c_mock_ask(r, &answer, "DELETE", "/admin/rules", NULL, why);
    buffer_fini(&answer);
    return st;
}

enum status tier_c_mock_drain(struct tier_c_run *r, struct why *why)
{
    static const char rule[] = "{\"name\": \"" TIER_C_DRAIN "\", \"call\": \"fetch\", "
                               "\"status\": 429, \"retry_after\": \"600\"}";
    struct buffer answer;
    enum status st;

    buffer_init(&answer, 0);
    st = tier_c_mock_ask(r, &answer, "POST", "/admin/rules", rule, why);
    buffer_fini(&answer);
    return st;
}

void tier_c_mock_end(struct tier_c_run *r)
{
    subprocess_tell(&r->mock.process, SIGTERM);
    if (!subprocess_await(&r->mock.process, 5 * NS_PER_S))
        subprocess_kill(&r->mock.process);
}
